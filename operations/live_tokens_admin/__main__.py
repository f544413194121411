"""`python -m live_tokens_admin`."""

import sys

from live_tokens_admin.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdout, sys.stderr))
