"""`agentwatch revoke ID`: end a grant."""

from __future__ import annotations

import click

from agentwatch.client import Client
from agentwatch.commands import sessions
from agentwatch.commands.output import document, json_option, visible


@click.command(epilog="\b\nExample:\n  agentwatch revoke 3f2a91-g1")
@click.argument("grant")
@json_option
def command(grant: str, as_json: bool) -> None:
    """End a grant now."""
    with Client(sessions.with_action(grant, "grant", "grants")) as client:
        ended = client.call("revoke", grant=grant)
    if as_json:
        document(ended)
    else:
        print(f"revoked {ended['id']}: {visible(ended['covers'])}, used {ended['used']} times")
