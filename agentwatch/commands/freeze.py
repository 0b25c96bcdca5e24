"""`agentwatch freeze`: stop every process of a session, and keep it."""

from __future__ import annotations

import click

from agentwatch.client import Client
from agentwatch.commands import sessions
from agentwatch.commands.output import document, json_option
from agentwatch.model import Json


@click.command(epilog="\b\nExample:\n  agentwatch freeze\n  agentwatch freeze claude-3f2a91")
@click.argument("session", required=False)
@json_option
def command(session: str | None, as_json: bool) -> None:
    """Stop every process of a session."""
    tell(session, "freeze", as_json=as_json)


def tell(session: str | None, verb: str, *, as_json: bool) -> None:
    """Have a supervisor freeze or resume its session, and say what came of it."""
    with Client(sessions.live(session)) as client:
        answer: Json = client.call(verb)
    if as_json:
        document(answer)
    else:
        print(f"{answer['id']} is {answer['state'].upper()}")
