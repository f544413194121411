"""`python -m live_tokens_smoke URL`."""

import sys

from live_tokens_smoke.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdout, sys.stderr))
