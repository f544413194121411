"""`live-tokens`, or `python -m live_tokens_operations`, of a checkout."""

import os
import sys

from live_tokens_operations.cli import main
from live_tokens_operations.defaults import CHECKOUT
from live_tokens_operations.process import Process


def run() -> int:
    """Run the program."""
    # Settings, profiles, quotas and stop switches are read with the function's own code.
    sys.path.append(str(CHECKOUT / "functions"))
    return main(sys.argv[1:], Process(os.environ, sys.stdin, sys.stdout, sys.stderr))


if __name__ == "__main__":
    sys.exit(run())
