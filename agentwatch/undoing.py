"""Putting back what an action changed, in a session that is live or over.

Owns the order of it: what can be undone is looked at, the supervisor records the undo and holds
the agent's tree still, this process puts back, the supervisor records what came of it.  A session
that is over is recorded here.  Runs in a person's process, never in the agent's tree.
"""

from __future__ import annotations

import time
from pathlib import Path

from agentwatch.client import Client, NoSupervisor
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.journal import Journal, JournalError
from agentwatch.journal.reading import read as records
from agentwatch.keeping import Group, Undo, groups, read
from agentwatch.model import Json, Session
from agentwatch.paths import Places, live_places
from agentwatch.regular import document

LEAVING = 5.0
"""Seconds a supervisor whose session is over may take to leave."""


def listing(places: Places) -> list[Json]:
    """What can be undone, oldest first; raises OSError, AgentwatchError."""
    found = groups(read(places.kept))
    what = _summaries(places.journal, {group.id for group in found})
    return [_json(group, what.get(group.id, "")) for group in found]


def undo(places: Places, action: str, *, force: bool, face: str) -> Json:
    """Undo one action of a session, live or over; raises AgentwatchError where it was not begun."""
    _plan(places, action)  # what cannot be undone at all is not even begun
    client = _supervisor(places)
    if client is not None:
        with client:
            begun = client.call("undoing", action=action, force=force, face=face)
            told: Json = {"outcome": "it went wrong"}
            try:
                told = _carry_out(places, action, force=force)
            finally:
                client.call("undone", action=action, told=told, face=face, resume=begun["resume"])
            return told
    by = f"person:{face}"
    with _record(places) as journal:
        journal.append("undo", {"action": action, "by": by, "force": force})
        told = _carry_out(places, action, force=force)
        journal.append("undone", {"by": by, **told})
        return told


def _supervisor(places: Places) -> Client | None:
    """Whoever has the session; None where it is over.  Raises where nobody answers for it."""
    if not any(one.id == places.id for one in live_places()):
        return None
    try:
        return Client(places)
    except NoSupervisor:
        if _last_known(places).state.over:
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
    workspace = _last_known(places).workspace
    return Undo(places.kept, read(places.kept), action, workspace)


def _last_known(places: Places) -> Session:
    try:
        return Session.from_json(document(places.session))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AgentwatchError(
            f"nothing is known of {places.id} any more", code=ExitCode.NOT_FOUND
        ) from error


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


def _summaries(journal: Path, wanted: set[str]) -> dict[str, str]:
    """What each action was, as the record says."""
    found: dict[str, str] = {}
    for entry in records(journal) if wanted else ():
        if entry.type == "decided" and entry.data.get("id") in wanted:
            found[entry.data["id"]] = str(entry.data.get("summary"))
    return found
