"""`agentwatch release`: sessions may start again after a halt.

Owns the printing.  Starts nothing: what was killed stays killed.
"""

from __future__ import annotations

import click

from agentwatch import halt
from agentwatch.commands.output import document, json_option, visible


@click.command(epilog="\b\nExample:\n  agentwatch release")
@json_option
def command(as_json: bool) -> None:
    """Allow sessions again after a halt."""
    mark = halt.halted()
    gone = halt.release()
    if as_json:
        document(
            {
                "released": mark.to_json() if mark else None,
                "removed": [str(path) for path in gone],
            }
        )
    elif mark:
        print(f"Released; it was {visible(mark.sentence())}.")
    else:
        print("Nothing was halted.")
