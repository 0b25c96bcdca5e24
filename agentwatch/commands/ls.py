"""`agentwatch ls`: the sessions of this user."""

from __future__ import annotations

import click

from agentwatch import halt, lost
from agentwatch.commands import sessions
from agentwatch.commands.output import document, json_option, say, table, visible
from agentwatch.errors import AgentwatchError
from agentwatch.model import Session
from agentwatch.paths import live_places

MOST = 60
"""Characters of a command line; `ls --json` has all of it."""
HEADS = ["SESSION", "STATE", "PIDS", "WAITING", "GRADE", "TOOLS", "BUDGET", "COMMAND"]


@click.command(name="ls", epilog="\b\nExample:\n  agentwatch ls\n  agentwatch ls --all --json")
@click.option("--all", "everything", is_flag=True, help="Those that are over as well.")
@json_option
def command(everything: bool, as_json: bool) -> None:
    """List sessions."""
    places = live_places()
    if everything:
        alive = {item.id for item in places}
        places = [*(item for item in sessions.kept() if item.id not in alive), *places]
    live = {item.id for item in live_places()}
    found: list[tuple[Session, bool]] = []
    for item in places:
        try:
            session = sessions.snapshot(item)
        except AgentwatchError:
            continue  # it ended between the listing and the look
        if everything or not session.state.over:
            gone = item.id not in live or lost.lost(item)
            found.append((session, not session.state.over and gone))
    mark = halt.halted()
    if mark:
        say(f"{visible(mark.sentence())}; `agentwatch release` allows new sessions")
    if as_json:
        document([{**session.to_json(), "lost": gone} for session, gone in found])
        return
    if not found:
        start = "" if mark else " Start one with: agentwatch run -- COMMAND"
        print(f"No session is running.{start}")
        return
    table([_row(session, gone=gone) for session, gone in found], HEADS)
    for name in (session.id for session, gone in found if gone and session.id in live):
        say(f"the supervisor of {name} is gone: `agentwatch kill {name}` clears it away")


def _row(item: Session, *, gone: bool) -> list[str]:
    grade = f"{item.grade} {item.containment}"
    tools = item.coverage.tools
    counts = [str(item.pids), str(item.pending)]
    state = "TRIPPED" if item.breaker == "tripped" else item.state.upper()
    state = "LOST" if gone else state
    budgets = ", ".join(item.budgets) or "-"
    return [item.id, state, *counts, grade, tools, budgets, _cut(" ".join(item.argv))]


def _cut(text: str) -> str:
    return text if len(text) <= MOST else f"{text[: MOST - 1]}…"
