"""`python -m live_tokens_doctor`."""

import sys

from live_tokens_doctor.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdout, sys.stderr))
