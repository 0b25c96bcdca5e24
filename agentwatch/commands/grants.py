"""`agentwatch grants`: what is granted in a session, and until when."""

from __future__ import annotations

import time

import click

from agentwatch.client import Client
from agentwatch.commands import sessions
from agentwatch.commands.output import document, json_option, visible
from agentwatch.grants.values import spoken
from agentwatch.model import Json


@click.command(epilog="\b\nExample:\n  agentwatch grants")
@click.argument("session", required=False)
@json_option
def command(session: str | None, as_json: bool) -> None:
    """List what is granted."""
    with Client(sessions.live(session)) as client:
        standing = client.call("grants")
    if as_json:
        document(standing)
        return
    if not standing:
        print("Nothing is granted.")
    for grant in standing:
        used = f"used {grant['used']} times"
        print(f"{grant['id']}  {visible(grant['covers'])}  ({lasting(grant)}, {used})")


def lasting(grant: Json) -> str:
    """How long a grant still lasts."""
    said = []
    if grant["until"] is not None:
        said.append(f"{spoken(grant['until'] - time.time())} left")
    if grant["left"] is not None:
        said.append(f"{grant['left']} more {'use' if grant['left'] == 1 else 'uses'}")
    return ", ".join(said) or "until the session ends"
