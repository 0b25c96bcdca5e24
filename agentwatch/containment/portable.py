"""Grade C: the agent's family, followed by looking again and again.

Owns starting the agent in a session of its own, the tracker that follows its family while the
supervisor lives, and what any process may do to that family: list, freeze, thaw, kill.  Works
wherever psutil does.

What does not work: a process that cleared its environment, left for a session of its own and
lost its parent between two looks (50 ms) is not found: `env -i` daemons, and chains that fork
and exit without pause.  Nothing keeps the agent from killing the watchdog.  Whoever the desktop
starts anew may be taken for the agent's and is then refused as a client.  The agent's first
process goes on at a thaw even if it had been stopped before the freeze.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from agentwatch.containment import proc, standing
from agentwatch.containment.base import (
    DAEMONS,
    NO_FLOOR,
    Blow,
    Launch,
    Means,
    Proc,
    Record,
    Running,
    Unavailable,
)
from agentwatch.containment.helpers import family, tree
from agentwatch.errors import AgentwatchError
from agentwatch.model import Grade

MEANS = Means(
    "portable",
    Grade.C,
    (
        "a daemon that clears its environment and detaches within 50 ms escapes the kill",
        "a chain of processes that fork and exit without pause may escape the kill",
        "an agent that kills our watchdog outlives a crash of the supervisor",
        NO_FLOOR,
        DAEMONS,
    ),
)
LADDER = (MEANS,)
REMEDY = ""

MAC = sys.platform == "darwin"

NOTHING = "all of it"
"""What is not walled off where there is no way to."""

STILL = 10.0
"""Seconds a freeze may take before it counts as failed: a busy machine sweeps slowly."""

FIRST_STILL = 2.0
"""Seconds a kill spends on stopping everybody before it kills, moving or not."""

ADOPTERS = ("systemd", "launchd", "init")
"""Who adopts orphans: having one of these as an ancestor says nothing about where one is from."""


def probe() -> Means:
    """It needs only a process table."""
    table()
    if not MAC:
        return MEANS
    from agentwatch.containment import darwin, seatbelt  # noqa: PLC0415  # only where no /proc is

    untried = (darwin.UNTRIED, seatbelt.UNTRIED)
    return replace(MEANS, cannot=(*MEANS.cannot, *untried))


def start(means: Means, launch: Launch) -> Running:
    """Start the agent in a session of its own; raises AgentwatchError."""
    from agentwatch.containment import tracker  # noqa: PLC0415  # a kill does not need it

    if launch.gate is not None:
        raise AgentwatchError("system calls cannot be held in the portable containment")
    launch, unwalled = walled(launch)
    running = tracker.start(means, launch)
    running.unwalled = unwalled
    return running


def walled(launch: Launch) -> tuple[Launch, tuple[str, ...]]:
    """The launch with its walls around it, where this system has a way; and what has none."""
    if not launch.walls.wanted:
        return launch, ()
    if not MAC:
        if launch.walls.strict:
            raise Unavailable("it has no floor")
        return launch, (NOTHING,)
    from agentwatch.containment import seatbelt  # noqa: PLC0415  # only there

    own = (str(launch.places.runtime), str(launch.places.state))
    walls = replace(launch.walls, kept=(*own, *launch.walls.kept))
    home = launch.env.get("HOME") or "/"
    text = seatbelt.profile(walls, home=home, desktop=walls.desktop)
    if why := seatbelt.refusal(text):
        if launch.walls.strict:
            raise Unavailable(f"it has no floor (sandbox-exec: {why})")
        return launch, (f"{NOTHING} (sandbox-exec: {why})",)
    return replace(launch, argv=seatbelt.wrapped(launch.argv, text)), ()


def table() -> family.Table:
    """The process table by the cheapest way this system has."""
    if proc.LINUX:
        return family.table()
    import psutil  # noqa: PLC0415  # only where there is no /proc

    rows = {}
    states = {psutil.STATUS_STOPPED: "T", psutil.STATUS_ZOMBIE: "Z"}
    for one in psutil.process_iter(["pid", "ppid", "status", "create_time"]):
        info = one.info
        rows[info["pid"]] = family.Row(
            parent=info["ppid"] or 0,
            session=family.session_of(info["pid"]),
            started=int(info["create_time"] or 0),
            state=states.get(info["status"], "S"),
        )
    return rows


def carriers(rows: family.Table, cookie: str, ours: frozenset[int]) -> family.Members:
    """Everybody with the session's cookie in the environment."""
    found = (pid for pid in rows if pid not in ours and proc.carries(pid, cookie))
    return {pid: rows[pid].started for pid in found}


def hunt(record: Record) -> family.Hunt:
    """A look at the family from here, starting at what the tracker wrote down."""
    known = family.read_members(members_file(record))
    if record.agent is not None:
        known[record.agent.pid] = record.agent.started
    return family.Hunt(known, ours(record), record.cookie, table, carriers, lineage())


def lineage() -> Callable[[family.Table, family.Members], family.Members] | None:
    """The kernel's own word for who forked whom, on the system that keeps it."""
    if not MAC:
        return None
    from agentwatch.containment import darwin  # noqa: PLC0415  # only there

    return darwin.Lineage()


def members_file(record: Record) -> str:
    """Where the tracker writes down whom it knows."""
    return str(Path(record.runtime, "members"))


def ours(record: Record) -> frozenset[int]:
    """The pids of our own processes."""
    return frozenset(one.pid for one in (record.supervisor, *record.helpers))


def members(record: Record) -> tuple[Proc, ...]:
    """Everybody alive in the family, as far as it can be seen."""
    return tuple(Proc(pid, born) for pid, born in hunt(record).again().items())


def contains(record: Record, pid: int) -> bool:
    """Whether a pid is inside, or can't be shown to be outside.

    Outside is only who is no member, has no cookie, and descends from someone who was there
    before the agent and is none of ours, or who is another user's.
    """
    rows = hunt(record)
    inside = rows.again()
    if pid in inside or proc.carries(pid, record.cookie) is not False:
        return True
    while pid > 1:
        row = rows.rows.get(pid)
        if row is None or pid in inside or pid in ours(record):
            return True
        if _foreign(record, pid, row):
            return False
        pid = row.parent
    return True


def _foreign(record: Record, pid: int, row: family.Row) -> bool:
    """Whether this ancestor can't be of the agent's making."""
    owner = proc.uid(pid)
    if owner is not None and owner != os.getuid():
        return True
    older = record.agent is not None and row.started < record.agent.started
    return older and proc.name(pid) not in ADOPTERS


def freeze(record: Record) -> None:
    """Stop member by member until nobody runs; raises AgentwatchError if that has no end."""
    fresh = standing.begin(record)
    prey = hunt(record)
    before = prey.again()
    if fresh:
        stood = {pid: born for pid, born in before.items() if prey.rows[pid].state == tree.STILL}
        standing.note(record, stood)
    proc.halt(record.agent)
    if prey.hold(time.monotonic() + STILL) is None:
        raise AgentwatchError("the agent's processes do not stand still", "kill it")


def thaw(record: Record) -> None:
    """Continue every member; without a heartbeat the watchdog stops them again at once."""
    stood = standing.take(record)
    for pid, born in family.youngest_first(hunt(record).again()):
        if pid not in stood:
            family.send(pid, born, signal.SIGCONT)


def kill(record: Record, until: float) -> Blow:
    """Stop everybody first, so that nobody forks away, then kill until nobody is found."""
    prey = hunt(record)
    first = prey.again()
    signalled = time.monotonic()
    # One look may miss who cannot be read for a moment; those who were stopped were there too.
    held = prey.hold(min(until, signalled + FIRST_STILL)) or {}
    before = len({**first, **held})
    left = prey.slay(until)
    empty = None if left else time.monotonic()
    return Blow(before, signalled, empty, tuple(Proc(pid, born) for pid, born in left.items()))
