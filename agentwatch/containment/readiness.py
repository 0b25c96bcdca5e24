"""Whether a kill would reach its target now, found out without killing.

Owns the look at the live path of one session: the record, the processes it names, and the right
to signal them.  Sends signal 0 only, which the kernel checks and does not deliver.

What does not work: it proves that the blow can be struck, not that a runaway cannot hide; that is
the grade's promise, and `agentwatch drill` tries it.
"""

from __future__ import annotations

import os

from agentwatch.containment import proc
from agentwatch.containment.base import COOKIE, Proc, Record
from agentwatch.containment.helpers import tree

_GUARD = b"agentwatch.guard.entry"


def why_not(record: Record) -> str | None:
    """Why a kill by this record would not work, None where it would."""
    if os.environ.get(COOKIE) == record.cookie:
        return "this process is inside the session: from here nothing can be said"
    named = [("its supervisor", record.supervisor)]
    if record.root is not None:
        named.append(("its namespace's or tree's first process", record.root))
    named += [("its helper", helper) for helper in record.helpers]
    for what, one in named:
        if why := _unreachable(what, one):
            return why
    return _deaf_guard(record.session)


def guards(session: str) -> tuple[Proc, ...]:
    """The processes that hold a terminal and wait for the session's kill key."""
    found = []
    for pid in proc.pids() if proc.LINUX else []:
        try:
            words = tree.read(f"/proc/{pid}/cmdline").split(b"\0")
        except OSError:
            continue
        # the interpreter, its three switches, the program text, the roots, the session
        ours = len(words) > 6 and _GUARD in words[4] and words[6] == os.fsencode(session)
        if ours and (one := proc.identify(pid)):
            found.append(one)
    return tuple(found)


def _unreachable(what: str, one: Proc) -> str | None:
    """Why this process could not be struck."""
    now = proc.identify(one.pid)
    if now is not None and now != one:
        return f"{what} ({one.pid}) is gone, and another process has its number"
    if now is None or not proc.alive(one):
        return f"{what} ({one.pid}) is gone"
    if not proc.send(one, 0):
        return f"{what} ({one.pid}) cannot be signalled from here"
    return None


def _deaf_guard(session: str) -> str | None:
    """A stopped guard hears no key."""
    for one in guards(session):
        found = tree.stat(one.pid)
        if found is not None and found.state in "Tt":
            return f"the guard of its terminal ({one.pid}) is stopped: it would not see the key"
    return None
