"""`agentwatch pending`: what waits for a person, for scripts and screen readers."""

from __future__ import annotations

import click

from agentwatch.client import Client, NoSupervisor
from agentwatch.commands import sessions
from agentwatch.commands.output import document, json_option, line, say, table
from agentwatch.model import Json
from agentwatch.paths import Places, live_places

HEADS = ["ACTION", "KIND", "UNDO", "SAID", "WHAT"]


@click.command(epilog="\b\nExample:\n  agentwatch pending\n  agentwatch pending --follow --json")
@click.argument("session", required=False)
@click.option("--follow", is_flag=True, help="Stay, and print each new question.")
@json_option
def command(session: str | None, follow: bool, as_json: bool) -> None:
    """List the actions that wait for a person."""
    if follow:
        _follow(sessions.live(session), as_json=as_json)
        return
    waiting = _of(sessions.live(session)) if session else _of_all()
    if as_json:
        document(waiting)
    elif waiting:
        table([_row(item) for item in waiting], HEADS)
    else:
        print("Nothing is waiting.")


def _of(places: Places) -> list[Json]:
    with Client(places) as client:
        return list(client.call("pending"))


def _of_all() -> list[Json]:
    """What waits anywhere; a lost supervisor is said, and hides nobody else's."""
    waiting: list[Json] = []
    lost: list[NoSupervisor] = []
    everybody = live_places()
    for places in everybody:
        try:
            waiting += _of(places)
        except NoSupervisor as error:
            lost.append(error)
    if lost and len(lost) == len(everybody):
        raise lost[0]
    for one in lost:
        say(f"{one.what}: {one.hint}")
    return waiting


def _follow(places: Places, *, as_json: bool) -> None:
    with Client(places) as client:
        for action in client.call("watch", screen=False)["pending"]:
            _tell(action, as_json=as_json)
        for event in client.events():
            if event["event"] == "action" and event["action"]["state"] == "pending":
                _tell(event["action"], as_json=as_json)


def _tell(action: Json, *, as_json: bool) -> None:
    if as_json:
        line(action)
    else:
        table([_row(action)], HEADS)


def _row(action: Json) -> list[str]:
    return [action["id"], action["kind"], action["reversibility"], _said(action), action["summary"]]


def _said(action: Json) -> str:
    return str(action.get("evidence") or action["origin"])
