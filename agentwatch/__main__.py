"""`python -m agentwatch` is the command line."""

from __future__ import annotations

from agentwatch.cli import main

if __name__ == "__main__":
    main()
