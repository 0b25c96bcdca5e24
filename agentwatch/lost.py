"""A session whose supervisor is gone: seen as such, and brought to an end after its kill.

Owns what the supervisor would have done at the end: the receipt in the record, the state as last
known, the run-time folder's removal.  Kills nobody, and touches no session whose supervisor lives:
who that is, and since when, stands in the containment record.

What does not work: questions that waited when the supervisor was lost have no answer in the record.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace

from agentwatch import containment
from agentwatch.containment import Record, proc
from agentwatch.containment.base import write_private
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.journal import Journal, JournalError
from agentwatch.model import Receipt, Session, SessionState
from agentwatch.paths import Places
from agentwatch.regular import document


def lost(places: Places) -> bool:
    """Whether a session's supervisor is surely dead."""
    try:
        return not proc.alive(Record.read(places.containment).supervisor)
    except AgentwatchError:
        return False


def alive(places: Places) -> int | None:
    """How many of a session's processes run, without its supervisor; None where nobody can say."""
    try:
        return len(containment.members(Record.read(places.containment)))
    except (AgentwatchError, OSError):
        return None


def settle(places: Places, receipt: Receipt) -> str:
    """Bring a killed session to its end where nobody else will; why its record lacks the kill."""
    if not receipt.clean or not lost(places):
        return ""
    why = ""
    try:
        with Journal.open(places.journal, places.id) as journal:
            journal.append("kill", receipt.to_json())
            journal.append("ended", {"state": "killed", "exit": int(ExitCode.KILLED)})
    except JournalError as error:
        why = error.what
    except AgentwatchError:
        return ""  # its writer is there after all, where we cannot see it
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        known = Session.from_json(document(places.session))
        over = replace(
            known, state=SessionState.KILLED, pids=0, pending=0, exit=int(ExitCode.KILLED)
        )
        write_private(places.session, json.dumps(over.to_json()).encode())
    places.clear()
    return why
