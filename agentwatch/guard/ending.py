"""What is left when the guard ends: the exit status and the words for it.

Owns the reading of the session's last known state.  Never guesses: what cannot be read is said to
be unknown.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any

from agentwatch.errors import ExitCode
from agentwatch.model import Receipt, SessionState
from agentwatch.paths import Places
from agentwatch.regular import content, document

PATIENCE = 0.2
"""Seconds a supervisor has to take a connection."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How the guard ends."""

    status: int
    said: str
    """The receipt's sentence, for the terminal; empty where nothing was killed."""
    left: str
    """What goes on without us, for standard error; empty where nothing does."""


def over(places: Places) -> bool:
    """Whether the session is known to have ended."""
    return _state(_read(places))[0]


def ending(places: Places, receipt: Receipt | None) -> Ending:
    """How it ends: by our own kill, with the session, or with the session going on."""
    if receipt:
        return Ending(ExitCode.KILLED if receipt.clean else ExitCode.NO, receipt.sentence(), "")
    session = _read(places)
    ended, status = _state(session)
    if ended:
        return Ending(status, _measured(places) if status == ExitCode.KILLED else "", "")
    name = places.id
    if session is None:
        words = f"the state of {name} cannot be read; `agentwatch ls` lists what runs"
        return Ending(ExitCode.NO_SUPERVISOR, "", words)
    if not _answers(places):
        words = f"{name}'s supervisor is gone; `agentwatch kill {name}` makes sure its agent is too"
        return Ending(ExitCode.NO_SUPERVISOR, "", words)
    goes_on = {"freeze": "will be frozen", "kill": "will be killed"}
    words = goes_on.get(str(session.get("on_detach")), "keeps running, pending stays held")
    return Ending(ExitCode.OK, "", f"{name} {words}; `agentwatch watch {name}` comes back")


def head(places: Places) -> str:
    """The head of the record as `log --verify --anchor` takes it; empty where it cannot be read."""
    try:
        _, number, digest = content(places.state / "journal.head").decode("ascii").split()
        return f"{places.id}:{int(number)}:{digest}"
    except (OSError, ValueError):
        return ""


def _read(places: Places) -> dict[str, Any] | None:
    """The session's JSON as last written, None where there is none to rely on."""
    try:
        session = document(places.session)
    except (OSError, ValueError):
        return None
    return session if isinstance(session, dict) else None


def _state(session: dict[str, Any] | None) -> tuple[bool, int]:
    """Whether it is over, and the agent's exit status."""
    state = session.get("state") if session else None
    if session is None or state not in (SessionState.KILLED, SessionState.EXITED):
        return False, 0
    if state == SessionState.KILLED:
        return True, ExitCode.KILLED
    status = session.get("exit")
    return True, status if isinstance(status, int) else ExitCode.FAILED


def _measured(places: Places) -> str:
    """The sentence of a receipt that somebody else's kill left behind."""
    try:
        return Receipt.from_json(document(places.receipt)).sentence()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "killed; its receipt cannot be read"


def _answers(places: Places) -> bool:
    """Whether anybody takes connections at the session's control socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(PATIENCE)
        try:
            probe.connect(str(places.control_socket))
        except TimeoutError:
            return True  # there, but busy
        except OSError:
            return False
    return True
