"""`agentwatch deny ID`: refuse one action, with a reason the agent gets to read."""

from __future__ import annotations

import click

from agentwatch.commands.approve import decide
from agentwatch.commands.output import document, json_option, visible


@click.command(
    epilog="\b\nExample:\n  agentwatch deny 3f2a91-4\n"
    '  agentwatch deny 3f2a91-4 --because "ask me on Monday"'
)
@click.argument("action")
@click.option("--because", default="", metavar="TEXT", help="The reason, sent to the agent.")
@json_option
def command(action: str, because: str, as_json: bool) -> None:
    """Refuse one action."""
    decided = decide(action, "deny", because=because)
    if as_json:
        document(decided)
    else:
        print(f"denied {decided['id']}: {visible(decided['summary'])}")
