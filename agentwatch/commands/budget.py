"""`agentwatch budget`: how much of its budgets a session has used up, and raising one."""

from __future__ import annotations

import click

from agentwatch.breaker import read_budget
from agentwatch.client import Client
from agentwatch.commands import sessions
from agentwatch.commands.output import document, json_option


@click.command(
    epilog="\b\nExample:\n  agentwatch budget\n  agentwatch budget --add actions=50 --add time=30m"
)
@click.argument("session", required=False)
@click.option("--add", "more", multiple=True, metavar="NAME=AMOUNT", help="So much more of it.")
@click.option("--reset", is_flag=True, help="Then let what the breaker froze go on.")
@json_option
def command(session: str | None, more: tuple[str, ...], reset: bool, as_json: bool) -> None:
    """Show a session's budgets, or raise one."""
    read_budget(more)
    with Client(sessions.live(session)) as client:
        status = client.call("add-budget", more=list(more)) if more else client.call("breaker")
        status = client.call("reset") if reset else status
    if as_json:
        document(status["budgets"])
        return
    for budget in status["budgets"]:
        used_up = "  USED UP" if budget["over"] else ""
        print(f"{budget['resource']}: {budget['words']}{used_up}")
    if not status["budgets"]:
        print("There is no budget. One is given at the start: agentwatch run --budget actions=200")
