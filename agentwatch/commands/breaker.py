"""`agentwatch breaker`: what is counted, what has tripped, and one answer to all of it."""

from __future__ import annotations

import sys

import click

from agentwatch.client import Client
from agentwatch.commands import sessions
from agentwatch.commands.output import document, json_option, say, table, visible
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json

SHOWN = 20
"""Waiting actions that are listed; `--json` has all of them."""


@click.command(
    epilog="\b\nExample:\n  agentwatch breaker\n  agentwatch breaker --deny-all\n"
    "  agentwatch breaker --approve-all --digest 5e1f…"
)
@click.argument("session", required=False)
@click.option("--deny-all", is_flag=True, help="Refuse all that wait because it tripped.")
@click.option("--approve-all", is_flag=True, help="Let all of them pass; needs their --digest.")
@click.option("--digest", help="What you were shown; refused if it has become something else.")
@click.option("--reset", is_flag=True, help="Count anew, and let what it froze go on.")
@json_option
def command(
    session: str | None,
    deny_all: bool,
    approve_all: bool,
    digest: str | None,
    reset: bool,
    as_json: bool,
) -> None:
    """Say what the breaker counts; answer what it stopped, or reset it."""
    if deny_all and approve_all:
        raise AgentwatchError("all of them cannot be both", code=ExitCode.USAGE)
    if approve_all and not digest and (as_json or not sys.stdin.isatty()):
        raise AgentwatchError(
            "to approve all you must say what you saw",
            "agentwatch breaker prints the digest of exactly those that wait",
            ExitCode.USAGE,
        )
    with Client(sessions.live(session)) as client:
        if approve_all and not digest:
            digest = looked_at(client.call("breaker"))
        if deny_all or approve_all:
            verdict = "allow" if approve_all else "deny"
            told = client.call("answer-all", verdict=verdict, digest=digest)
            done = "allowed" if approve_all else "denied"
            say(f"{done} {told['count']}: {', '.join(told['actions'][:SHOWN])}")
        status = client.call("reset") if reset else client.call("breaker")
    if as_json:
        document(status)
    else:
        _print(status)


def looked_at(status: Json) -> str:
    """The digest of those that wait, once somebody has seen them all and typed how many."""
    burst = status["burst"]
    for item in burst:
        print(f"  {item['id']}  {visible(item['summary'])}")
    asked = f"Type {len(burst)} to approve exactly these {len(burst)}"
    typed = click.prompt(asked, default="", show_default=False)
    if typed.strip() != str(len(burst)):
        raise AgentwatchError("nothing was approved", code=ExitCode.NO)
    return str(status["digest"])


def _print(status: Json) -> None:
    why = f" ({status['why']})" if status["why"] else ""
    print(f"The breaker is {status['state'].upper()}{why}.")
    if trip := status["trip"]:
        print(f"FROZEN: {visible(trip['words'])}")
        _print_burst(status)
    heads = ["COUNTED", "NOW", "TRIPS AT", "ALL IN ALL", "MOST OF IT"]
    rows = [
        [m["meter"], str(m["count"]), m["limit"], str(m["total"]), m["subject"] or "-"]
        for m in status["meters"]
    ]
    table(rows, heads)
    for budget in status["budgets"]:
        print(f"budget of {budget['resource']}: {budget['words']}")


def _print_burst(status: Json) -> None:
    burst = status["burst"]
    if not burst:
        for text in status["trip"]["sample"]:
            print(f"  {visible(text)}")
        print("Nothing waits because of it: --reset lets the agent go on, or kill it.")
        return
    print(f"{len(burst)} wait because of it; digest {status['digest']}")
    for item in burst[:SHOWN]:
        print(f"  {item['id']}  {visible(item['summary'])}")
    if len(burst) > SHOWN:
        print(f"  … and {len(burst) - SHOWN} more: --json lists them")
    print("One answer for all: --deny-all, or --approve-all --digest; then --reset, or kill.")
