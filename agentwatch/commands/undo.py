"""`agentwatch undo ID`: put back what an action changed in draft mode.

Owns the finding of the session, live or over, and what is printed.  What is put back is put back
by this process, a person's: the supervisor records it first and holds the agent's tree still; for
a session that is over, it is recorded here.
"""

from __future__ import annotations

import time
from pathlib import Path

import click

from agentwatch.client import Client, NoSupervisor
from agentwatch.commands import sessions
from agentwatch.commands.output import document, json_option, visible
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.journal import Journal, JournalError
from agentwatch.journal.reading import read as records
from agentwatch.keeping import Group, Undo, groups, read
from agentwatch.keeping.values import MIB
from agentwatch.model import Json
from agentwatch.paths import Places, live_places

SHOWN = 8
"""Paths named for each action in the list."""

LEAVING = 5.0
"""Seconds a supervisor whose session is over may take to leave."""


@click.command(
    epilog="\b\nExample:\n  agentwatch undo --list\n  agentwatch undo 3f2a91-4\n"
    "  agentwatch undo 3f2a91-4 --force"
)
@click.argument("target", required=False, metavar="ID")
@click.option(
    "--list",
    "listing",
    is_flag=True,
    help="List what can be undone, of the session ID; undo nothing.",
)
@click.option("--force", is_flag=True, help="Overwrite what was changed since.")
@json_option
def command(target: str | None, listing: bool, force: bool, as_json: bool) -> int:
    """Put back what an action changed in draft mode."""
    if listing:
        _list(sessions.any_session(target), as_json=as_json)
        return 0
    if target is None:
        raise AgentwatchError(
            "which action?", "list them with: agentwatch undo --list", ExitCode.USAGE
        )
    told = _undo(_holding(target), target, force=force)
    if as_json:
        document(told)
    else:
        _say(told)
    return ExitCode.NO if told["conflicts"] or told["left"] else 0


def _undo(places: Places, action: str, *, force: bool) -> Json:
    """Undo one action of a session, live or over."""
    _plan(places, action)  # what cannot be undone at all is not even begun
    client = _supervisor(places)
    if client is not None:
        with client:
            begun = client.call("undoing", action=action, force=force)
            told: Json = {"outcome": "it went wrong"}
            try:
                told = _carry_out(places, action, force=force)
            finally:
                client.call("undone", action=action, told=told, resume=begun["resume"])
            return told
    with _record(places) as journal:
        journal.append("undo", {"action": action, "by": "person:cli", "force": force})
        told = _carry_out(places, action, force=force)
        journal.append("undone", {"by": "person:cli", **told})
        return told


def _supervisor(places: Places) -> Client | None:
    """Whoever has the session; None where it is over.  Raises where nobody answers for it."""
    if not any(one.id == places.id for one in live_places()):
        return None
    try:
        return Client(places)
    except NoSupervisor:
        if sessions.last_known(places).state.over:
            return None
        raise


def _record(places: Places) -> Journal:
    """The record of a session that is over; its supervisor may just be leaving."""
    until = time.monotonic() + LEAVING
    while True:
        try:
            return Journal.open(places.journal, places.id)
        except JournalError:
            raise
        except AgentwatchError:
            if time.monotonic() > until:
                raise
        time.sleep(0.1)


def _carry_out(places: Places, action: str, *, force: bool) -> Json:
    undo = _plan(places, action)
    conflicts = undo.conflicts()
    told: Json = {
        "action": action,
        "outcome": "refused",
        "restored": [],
        "left": [],
        "conflicts": conflicts,
        "unkept": [f"{path}: {why}" for path, why in undo.unkept.items()],
    }
    if conflicts and not force:
        return told
    done = undo.carry_out()
    what = {"restored": list(done.restored), "left": list(done.left)}
    return {**told, **what, "outcome": "put back", "conflicts": []}


def _plan(places: Places, action: str) -> Undo:
    workspace = sessions.last_known(places).workspace
    return Undo(places.kept, read(places.kept), action, workspace)


def _holding(action: str) -> Places:
    """The session that an action's id belongs to, live or over."""
    prefix = action.rsplit("-", 1)[0]
    known = {places.id: places for places in (*sessions.kept(), *live_places())}
    hits = [one for one in known.values() if one.id.rsplit("-", 1)[-1] == prefix]
    if len(hits) != 1:
        raise AgentwatchError(
            f"no such action: {action}",
            "list them with: agentwatch undo --list [SESSION]",
            ExitCode.NOT_FOUND,
        )
    return hits[0]


def _say(told: Json) -> None:
    for line in told["conflicts"]:
        print(f"not undone: {visible(line)}")
    if told["conflicts"]:
        print("nothing was put back; --force overwrites what stands there now")
        return
    for path in told["restored"]:
        print(f"put back: {visible(path)}")
    for line in (*told["left"], *told["unkept"]):
        print(f"NOT put back: {visible(line)}")
    if not told["restored"] and not told["left"]:
        print("everything is as it was already")


def _list(places: Places, *, as_json: bool) -> None:
    found = groups(read(places.kept))
    what = _summaries(places.journal, {group.id for group in found})
    if as_json:
        document([_json(group, what.get(group.id, "")) for group in found])
        return
    for group in found:
        state = "  undone" if group.undone else ""
        lost = f", {group.unkept} not kept" if group.unkept else ""
        at = time.strftime("%H:%M:%S", time.localtime(group.at))
        size = f"{group.bytes / MIB:.1f} MiB" if group.bytes > MIB else f"{group.bytes} bytes"
        count = f"{len(group.paths)} {'path' if len(group.paths) == 1 else 'paths'}"
        print(f"{group.id}  {at}  {visible(what.get(group.id, ''))}")
        print(f"    {count}, {size}{lost}{state}: {_names(group)}")
    if not found:
        print("nothing was kept: only what flows in draft mode is")


def _json(group: Group, summary: str) -> Json:
    return {
        "id": group.id,
        "at": group.at,
        "summary": summary,
        "paths": list(group.paths),
        "bytes": group.bytes,
        "unkept": group.unkept,
        "undone": group.undone,
    }


def _names(group: Group) -> str:
    names = [visible(Path(path).name) for path in group.paths[:SHOWN]]
    more = len(group.paths) - SHOWN
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _summaries(journal: Path, wanted: set[str]) -> dict[str, str]:
    """What each action was, as the record says."""
    found: dict[str, str] = {}
    for entry in records(journal) if wanted else ():
        if entry.type == "decided" and entry.data.get("id") in wanted:
            found[entry.data["id"]] = str(entry.data.get("summary"))
    return found
