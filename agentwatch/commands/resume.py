"""`agentwatch resume`: let a frozen session go on."""

from __future__ import annotations

import click

from agentwatch.commands.freeze import tell
from agentwatch.commands.output import json_option


@click.command(epilog="\b\nExample:\n  agentwatch resume\n  agentwatch resume claude-3f2a91")
@click.argument("session", required=False)
@json_option
def command(session: str | None, as_json: bool) -> None:
    """Let a frozen session go on."""
    tell(session, "resume", as_json=as_json)
