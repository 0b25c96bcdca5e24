"""`agentwatch approve ID`: let one action pass, as shown."""

from __future__ import annotations

import json
from typing import Any, TextIO

import click

from agentwatch.client import Client
from agentwatch.commands import sessions
from agentwatch.commands.grants import lasting
from agentwatch.commands.output import document, json_option, visible
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json


@click.command(
    epilog="\b\nExample:\n  agentwatch approve 3f2a91-4\n"
    "  agentwatch approve 3f2a91-4 --scope shape --for 10m --uses 5\n"
    "  agentwatch approve 3f2a91-4 --edit input.json"
)
@click.argument("action")
@click.option("--digest", help="What you were shown; refused if it has become something else.")
@click.option("--for", "time", metavar="TIME", help="And what is alike, for 90s, 10m, 2h or 1d.")
@click.option("--uses", type=click.IntRange(min=1), help="And what is alike, so many times.")
@click.option("--scope", help="What is alike: exact (default), or what `--scopes` lists.")
@click.option(
    "--edit",
    "file",
    type=click.File(),
    metavar="FILE",
    help="Change its input to FILE's JSON (- reads stdin) and show what it becomes; approves "
    "nothing.",
)
@click.option("--scopes", "listing", is_flag=True, help="List the scopes; approve nothing.")
@json_option
def command(
    action: str,
    digest: str | None,
    time: str | None,
    uses: int | None,
    scope: str | None,
    listing: bool,
    file: TextIO | None,
    as_json: bool,
) -> None:
    """Let one action pass, as shown; with --for, --uses or --scope, also what is alike."""
    if listing:
        _list(action, as_json=as_json)
        return
    if file is not None:
        _edit(action, digest, file, as_json=as_json)
        return
    grant: Json = {}
    if time or uses or scope:
        grant = {"scope": scope or "exact", "for": time, "uses": uses}
    decided = decide(action, "allow", digest=digest, **grant)
    if as_json:
        document(decided)
        return
    print(f"allowed {decided['id']}: {visible(decided['summary'])}")
    if made := decided.get("grant"):
        print(f"granted {made['id']}: {visible(made['covers'])}; {lasting(made)}")


def _list(action: str, *, as_json: bool) -> None:
    with Client(sessions.with_action(action)) as client:
        offered = client.call("scopes", action=action)
    if as_json:
        document(offered)
        return
    for item in offered:
        met = f"would have matched {item['would_have_matched']} of the last {item['of']}"
        print(f"{item['scope']:<7} {visible(item['covers'])}  ({met})")


def _edit(action: str, digest: str | None, file: TextIO, *, as_json: bool) -> None:
    """Change what an action is given; what it becomes waits, and is shown."""
    try:
        given = json.load(file)
    except (ValueError, RecursionError) as error:
        raise AgentwatchError(
            f"{file.name} is no JSON: {error}",
            f"begin with `agentwatch show {action} --input`",
            ExitCode.USAGE,
        ) from error
    with Client(sessions.with_action(action)) as client:
        shown = client.call("action", action=action)
        named = {"action": shown["id"], "digest": digest or shown["digest"]}
        became = client.call("edit", input=given, **named)
    if as_json:
        document(became)
        return
    print(f"{shown['id']} became {became['id']}: {visible(became['summary'])}")
    print(f"not approved yet: agentwatch approve {became['id']} --digest {became['digest']}")


def decide(
    action: str, verdict: str, *, digest: str | None = None, because: str = "", **grant: Any
) -> Json:
    """Answer one action; without a digest, bound to what the supervisor shows right now."""
    with Client(sessions.with_action(action)) as client:
        shown = client.call("action", action=action)
        answer: Json = client.call(
            "decide",
            action=shown["id"],
            digest=digest or shown["digest"],
            verdict=verdict,
            because=because,
            **grant,
        )
        return answer
