"""`python -m agentwatch.tui SESSION`."""

import sys

from agentwatch.tui import main

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
