"""`python -m live_tokens_deploy`."""

import os
import signal
import sys

from live_tokens_deploy.command import main
from live_tokens_deploy.programs import LocalPrograms
from live_tokens_deploy.terminal import Terminal

if __name__ == "__main__":
    # What cancels a build sends SIGTERM; Terraform must then be given its time just as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:], os.environ, LocalPrograms(os.environ), Terminal(sys.stdin, sys.stdout)))
