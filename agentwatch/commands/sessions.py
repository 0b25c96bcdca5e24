"""Finding the session a command means.

Owns the rule that a session may be left out when one is live, and shortened while unique.
"""

from __future__ import annotations

from dataclasses import replace

from agentwatch import lost
from agentwatch.client import Client
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json, Receipt, Session, SessionState
from agentwatch.paths import Places, live_places, runtime_bases, state_base
from agentwatch.regular import document


def live(name: str | None) -> Places:
    """The live session of that id or name; the only one when none is named."""
    return _choose(name, _alive(name), "live session")


def _alive(name: str | None) -> list[Places]:
    """The live ones; for who names none, one that is over and only looked at stands in no way."""
    among = live_places()
    if name is None and len(among) > 1:
        return [places for places in among if not _over(places)] or among
    return among


def _over(places: Places) -> bool:
    try:
        return last_known(places).state.over
    except AgentwatchError:
        return False


def any_session(name: str | None) -> Places:
    """Likewise, among the sessions that are over as well; live ones come first."""
    alive = _alive(name)
    if name is None and alive:
        return _choose(None, alive, "live session")
    known = {places.id for places in alive}
    return _choose(name, [*alive, *(p for p in kept() if p.id not in known)], "session")


def any_or_newest(name: str | None) -> Places:
    """Likewise; without a name the one live session, or the last one that was."""
    try:
        return any_session(name)
    except AgentwatchError:
        if name is None and not live_places() and (left := kept()):
            return left[-1]
        raise


def kept() -> list[Places]:
    """Every session that left a record, oldest first."""
    folder = state_base() / "sessions"
    if not folder.is_dir():
        return []
    records = [item for item in folder.iterdir() if (item / "journal.jsonl").exists()]
    records.sort(key=lambda item: (item / "journal.jsonl").stat().st_mtime)
    base = runtime_bases()[0]
    return [Places(item.name, base / item.name, item) for item in records]


def with_action(action: str, what: str = "action", listed_by: str = "pending") -> Places:
    """The live session an action's id belongs to: ids begin with the session's own ending."""
    prefix = action.rsplit("-", 1)[0]
    hits = [p for p in live_places() if p.id.rsplit("-", 1)[-1].startswith(prefix)]
    if len(hits) == 1:
        return hits[0]
    said = f"{action} is ambiguous" if hits else f"no such {what} in a live session: {action}"
    raise AgentwatchError(said, f"list them with: agentwatch {listed_by}", ExitCode.NOT_FOUND)


def snapshot(places: Places) -> Session:
    """The session as its supervisor says, or as last known when none answers."""
    try:
        with Client(places, timeout=1.0) as client:
            return Session.from_json(client.call("session"))
    except AgentwatchError:
        known = last_known(places)
        pids = lost.alive(places)
        if pids is None:
            return known
        done = receipt(places)
        killed = pids == 0 and done is not None and done.clean and places.closed.exists()
        return replace(known, pids=pids, state=SessionState.KILLED if killed else known.state)


def last_known(places: Places) -> Session:
    """The session as it was last saved; raises AgentwatchError where nothing readable is left."""
    try:
        data: Json = document(places.session)
        return Session.from_json(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AgentwatchError(
            f"nothing is known of {places.id} any more", code=ExitCode.NOT_FOUND
        ) from error


def receipt(places: Places) -> Receipt | None:
    """What the kill of a session measured, if it was killed."""
    try:
        return Receipt.from_json(document(places.receipt))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _choose(name: str | None, among: list[Places], what: str) -> Places:
    if name is None:
        if len(among) == 1:
            return among[0]
        said = f"there is no {what}" if not among else f"there is more than one {what}"
        hint = "start one with: agentwatch run -- COMMAND" if not among else _names(among)
        raise AgentwatchError(said, hint, ExitCode.NOT_FOUND)
    exact = [places for places in among if places.id == name]
    hits = exact or [places for places in among if places.id.startswith(name)]
    if len(hits) == 1:
        return hits[0]
    said = f"{name} is ambiguous" if hits else f"no such {what}: {name}"
    raise AgentwatchError(said, _names(hits or among), ExitCode.NOT_FOUND)


def _names(among: list[Places]) -> str:
    names = ", ".join(places.id for places in among[-8:])
    return f"name one of: {names}" if names else "list them with: agentwatch ls"
