"""`agentwatch approve ID`: let one action pass, as shown."""

from __future__ import annotations

import click

from agentwatch.client import Client
from agentwatch.commands import sessions
from agentwatch.commands.output import document, json_option, visible
from agentwatch.model import Json


@click.command(
    epilog="\b\nExample:\n  agentwatch approve 3f2a91-4\n"
    "  agentwatch approve 3f2a91-4 --digest 9c1e…"
)
@click.argument("action")
@click.option("--digest", help="What you were shown; refused if it has become something else.")
@json_option
def command(action: str, digest: str | None, as_json: bool) -> None:
    """Let one action pass, as shown."""
    decided = decide(action, "allow", digest=digest)
    if as_json:
        document(decided)
    else:
        print(f"allowed {decided['id']}: {visible(decided['summary'])}")


def decide(action: str, verdict: str, *, digest: str | None = None, because: str = "") -> Json:
    """Answer one action; without a digest, bound to what the supervisor shows right now."""
    with Client(sessions.with_action(action)) as client:
        shown = client.call("action", action=action)
        answer: Json = client.call(
            "decide",
            action=shown["id"],
            digest=digest or shown["digest"],
            verdict=verdict,
            because=because,
        )
        return answer
