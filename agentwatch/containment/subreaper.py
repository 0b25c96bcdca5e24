"""Grade A or B: the agent below a pair of processes that adopt every orphan.

Owns starting it, and what any process outside may do to it later: list, freeze, thaw, kill.
Nothing leaves the tree below the pair, so a sweep that finds nobody twice has found everybody.
Grade A where Landlock can keep the agent from signalling the pair, B elsewhere.  Where a cgroup
may be had, it is killed and frozen first, in one call; the sweep follows for who left it.

What does not work: on grade B an agent that kills both of the pair at one moment escapes, and it
may thaw itself.  On grade A the agent gets no_new_privs: sudo refuses.  Processes that a daemon
outside starts on the agent's behalf are not below the pair.  The limits of other processes cannot
be set from inside, but who runs first can: the agent may slow the pair down.  The agent's first
process goes on at a thaw even if it had been stopped before the freeze.
"""

from __future__ import annotations

import signal
import sys
import time
from dataclasses import replace

from agentwatch.containment import cgroup, proc, standing
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
from agentwatch.containment.helpers import grip, sweep, tree
from agentwatch.errors import AgentwatchError
from agentwatch.model import Grade

MEANS = Means(
    "subreaper",
    Grade.B,
    ("an agent that kills both of our helpers at one moment escapes the kill", NO_FLOOR, DAEMONS),
)
SCOPED = Means(
    "subreaper",
    Grade.A,
    (
        "sudo, su and other setuid programs refuse to work inside (no_new_privs)",
        "the agent can signal only what it started itself",
        NO_FLOOR,
        DAEMONS,
    ),
)
LADDER = (SCOPED, MEANS)
REMEDY = "a Linux with /proc mounted and CONFIG_PROC_CHILDREN"

STILL = 2.0
"""Seconds a freeze may take before it counts as failed."""


def probe() -> Means:
    """Try the pair for real, with the scope first; raises Unavailable."""
    if sys.platform != "linux":
        raise Unavailable("child subreapers exist on Linux only")
    from agentwatch.containment import helped  # noqa: PLC0415  # a kill does not need it

    for means in LADDER:
        try:
            helped.attempt("reaper", scope=means is SCOPED)
        except helped.Failed as failed:
            if failed.step == "scope":
                continue
            raise
        break
    missing = cgroup.why_not()
    less = (cgroup.WITHOUT.format(missing),) if missing else ()
    return replace(means, cannot=(*means.cannot, *less))


def start(means: Means, launch: Launch) -> Running:
    """Start the agent below the pair; raises AgentwatchError."""
    from agentwatch.containment import helped  # noqa: PLC0415  # a kill does not need it

    scoped = means.grade is Grade.A
    if launch.walls.strict and not scoped:
        raise Unavailable("it has no floor")
    helper = helped.Helper("reaper", launch, scope=scoped, rules=launch.walls.strict)
    outer = helper.process.pid
    own = _own_cgroup(launch.session)
    used = ""
    try:
        running = helped.run(
            launch, helper, means.name, means.grade, lambda by: (outer, (by["root"],)), own
        )
        used = running.record.cgroup
        missing = ("sockets", "terminals") if launch.walls.strict else ("all of it",)
        running.unwalled = missing if launch.walls.wanted else ()
    finally:
        if not used:
            cgroup.remove(own)
    return running


def _own_cgroup(session: str) -> str:
    """A cgroup for the agent, empty where none may be had: the pair does without."""
    try:
        return cgroup.make(session)
    except Unavailable:
        return ""


def members(record: Record) -> tuple[Proc, ...]:
    """Everything alive below the pair."""
    ours = {one.pid for one in _pair(record)}
    pids = {pid for root in _roots(record) for pid in tree.descendants(root.pid)} - ours
    found = (proc.identify(pid) for pid in sorted(pids) if tree.alive(pid))
    return tuple(one for one in found if one is not None)


def contains(record: Record, pid: int) -> bool:
    """Whether a pid is inside, or can't be shown to be outside."""
    roots = _roots(record)
    if not roots:  # it is over, or both of the pair were killed
        return not _older(record, pid)
    if any(tree.below(pid, root.pid) is not False for root in roots):
        return True
    return proc.carries(pid, record.cookie) is not False


def _older(record: Record, pid: int) -> bool:
    """Whether it was there before the agent, and so cannot be of its making."""
    found = proc.identify(pid)
    return found is not None and record.agent is not None and found.started < record.agent.started


def freeze(record: Record) -> None:
    """Stop member by member until nobody runs; raises AgentwatchError if that has no end."""
    until = time.monotonic() + STILL
    fresh = standing.begin(record)
    frozen = bool(record.cgroup) and cgroup.freeze(record.cgroup)
    keep = _keep(record)
    if frozen:
        keep |= frozenset(cgroup.pids(record.cgroup))
    else:
        proc.halt(record.agent)
    for root in _roots(record):
        if frozen and not sweep.Stop(root.pid, keep).struck:
            continue  # the kernel's word, and nobody has left it
        stood = sweep.hold(root.pid, keep, until)
        if stood is None:
            raise AgentwatchError("the agent's tree does not stand still", "kill it")
        if fresh:
            standing.note(record, stood)


def thaw(record: Record) -> None:
    """Continue every member; without a heartbeat the reaper stops them again at once."""
    stood = standing.take(record)
    if record.cgroup:
        stood |= _stood_in_cgroup(record)
        for one in members(record):  # a stop that waits in a frozen one must not come after
            if one.pid not in stood:
                proc.send(one, signal.SIGCONT)
        cgroup.thaw(record.cgroup)
    for root in _roots(record):
        sweep.go_on(root.pid, _keep(record) | stood)


def _stood_in_cgroup(record: Record) -> frozenset[int]:
    """Who was stopped before the cgroup froze; nobody if single signals had to stop them all."""
    pids = cgroup.pids(record.cgroup)
    still = {pid for pid in pids if tree.mode(pid, tree.stat(pid)) == tree.STILL}
    agent = {record.agent.pid} if record.agent else set()
    return frozenset(still - agent) if len(still) < len(pids) else frozenset()


def kill(record: Record, until: float) -> Blow:
    """Sweep from here until two looks find nobody; needs neither of the pair to answer."""
    keep = _keep(record)
    inside = cgroup.pids(record.cgroup) if record.cgroup else []
    if inside:
        cgroup.kill(record.cgroup)
    signalled = time.monotonic()
    struck = {*inside}
    if len(inside) < grip.GRIP:  # who left it is struck at once, before the reaper clears up
        blow = _strike(record, keep.union(inside))
        struck.update(blow.struck)
        signalled = signalled if inside else blow.at or signalled
    if inside:
        cgroup.finish(record.cgroup, until)
        struck.update(_strike(record, keep).struck)
    while True:
        for root in _roots(record):
            sweep.clear(root.pid, keep, until, lambda: None)
        left = members(record)
        if not left or time.monotonic() > until:  # else the watcher died: on from the reaper
            break
    if record.cgroup:
        cgroup.remove(record.cgroup)
    return Blow(len(struck), signalled, None if left else time.monotonic(), left)


def _strike(record: Record, keep: frozenset[int]) -> sweep.Kill:
    roots = _roots(record)
    return sweep.kill(roots[0].pid if roots else 0, keep)  # nobody is below 0


def _pair(record: Record) -> tuple[Proc, ...]:
    return (*([record.root] if record.root else []), *record.helpers)


def _roots(record: Record) -> tuple[Proc, ...]:
    """Whose descendants to look at: the watcher's, or the reaper's when only that one lives."""
    return tuple(one for one in _pair(record) if proc.alive(one))[:1]


def _keep(record: Record) -> frozenset[int]:
    return frozenset(one.pid for one in _pair(record))
