"""`agentwatch show ID`: one action, complete."""

from __future__ import annotations

import json

import click

from agentwatch import journal
from agentwatch.client import Client
from agentwatch.commands import sessions
from agentwatch.commands.output import action_lines, document, json_option, wrapped
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json


@click.command(epilog="\b\nExample:\n  agentwatch show 3f2a91-4\n  agentwatch show 3f2a91-4 --json")
@click.argument("action")
@click.option(
    "--input", "given", is_flag=True, help="Only what a person may change, for approve --edit."
)
@json_option
def command(action: str, given: bool, as_json: bool) -> None:
    """Show one action, complete."""
    if given:
        _input(action)
        return
    found = find(action)
    if as_json:
        document(found)
        return
    try:
        told = list(action_lines(found))
    except (KeyError, TypeError, AttributeError) as error:  # somebody else wrote it
        raise AgentwatchError(f"the record of {action} makes no sense: {error!r}") from error
    for text in told:
        print(wrapped(text))


def _input(action: str) -> None:
    """Print what `agentwatch approve --edit` takes, as it is now."""
    with Client(sessions.with_action(action)) as client:
        shown = client.call("action", action=action)
        said = client.call("editable", action=shown["id"], digest=shown["digest"])
    print(json.dumps(said["input"], indent=2))


def find(action: str) -> Json:
    """An action of a live session, or of one that is over, by its record."""
    try:
        with Client(sessions.with_action(action)) as client:
            data: Json = client.call("action", action=action)
            return data
    except AgentwatchError as error:
        return _recorded(action, error)


def _recorded(action: str, error: AgentwatchError) -> Json:
    prefix = action.rsplit("-", 1)[0]
    hits: dict[str, Json] = {}
    for places in sessions.kept():
        if not places.id.rsplit("-", 1)[-1].startswith(prefix):
            continue
        for entry in journal.read(places.journal):
            name = str(entry.data.get("id"))
            if entry.type in ("proposed", "decided") and name.startswith(action):
                hits[name] = entry.data
            elif entry.type == "evidence" and (of := str(entry.data.get("action"))) in hits:
                hits[of]["evidence"] = entry.data.get("evidence")
    if action in hits:
        return hits[action]
    if len(hits) == 1:
        return hits.popitem()[1]
    if hits:
        raise AgentwatchError(f"{action} is ambiguous", code=ExitCode.NOT_FOUND)
    raise error
