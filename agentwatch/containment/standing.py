"""Who stood still before a freeze: remembered, so that a thaw leaves them as they were.

Owns one file in the session's runtime folder, there while the session is frozen by a person.
Decides nothing about kills, and no freeze fails for want of it: then a thaw continues everybody.

What does not work: an agent that can write that folder (all means but the namespace) may have
processes of its own stay stopped.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from agentwatch.containment import proc
from agentwatch.containment.base import Record
from agentwatch.containment.helpers import family

_NAME = "stood"


def begin(record: Record) -> bool:
    """Note that a freeze begins; False when one is in force already, or that can't be written.

    Whoever stands during another freeze tells nothing.
    """
    try:
        _file(record).touch(mode=0o600, exist_ok=False)
    except OSError:
        return False
    return True


def note(record: Record, stood: family.Members) -> None:
    """Remember them; the agent's own first process apart, which a person wants to go on."""
    rest = {
        pid: born for pid, born in stood.items() if not (record.agent and record.agent.pid == pid)
    }
    if rest:
        with contextlib.suppress(OSError):
            family.write_members(str(_file(record)), rest)


def take(record: Record) -> frozenset[int]:
    """Who stood before the freeze and is still there; from here on none is in force."""
    stood = family.read_members(str(_file(record)))
    with contextlib.suppress(OSError):
        _file(record).unlink()
    return frozenset(
        pid for pid, born in stood.items() if (one := proc.identify(pid)) and one.started == born
    )


def _file(record: Record) -> Path:
    return Path(record.runtime, _NAME)
