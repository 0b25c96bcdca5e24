"""`agentwatch mode [SESSION] [MODE]`: what happens to what no rule names, shown or changed."""

from __future__ import annotations

import click

from agentwatch.client import Client
from agentwatch.commands import sessions
from agentwatch.commands.output import document, json_option
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json, Mode


@click.command(
    epilog="\b\nExample:\n  agentwatch mode\n  agentwatch mode locked\n"
    "  agentwatch mode claude-3f2a91 ask"
)
@click.argument("session", required=False)
@click.argument("mode", required=False)
@json_option
def command(session: str | None, mode: str | None, as_json: bool) -> None:
    """Show or change what happens to what no rule names."""
    if mode is None and session in set(Mode):
        session, mode = None, session
    if mode is not None and mode not in set(Mode):
        known = ", ".join(Mode)
        raise AgentwatchError(f"no such mode: {mode}", f"there are {known}", ExitCode.USAGE)
    with Client(sessions.live(session)) as client:
        told: Json = client.call("mode", mode=mode) if mode else client.call("session")
    if as_json:
        document(told)
    else:
        print(f"{told['id']} is in the mode {told['mode']}")
