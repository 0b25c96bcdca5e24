"""Grade A or B: the agent below a pair of processes that adopt every orphan.

Owns starting it, and what any process outside may do to it later: list, freeze, thaw, kill.
Nothing leaves the tree below the pair, so a sweep that finds nobody twice has found everybody.
Grade A where Landlock can keep the agent from signalling the pair, B elsewhere.  Where a cgroup
may be had, it is killed and frozen first, in one call; the sweep follows for who left it.

What does not work: on grade B an agent that kills both of the pair at one moment escapes, and it
may thaw itself.  On grade A the agent gets no_new_privs: sudo refuses.  Processes that a daemon
outside starts on the agent's behalf are not below the pair.  A process that the agent left
stopped is running again after a thaw.
"""

from __future__ import annotations

import signal
import sys
import time
from dataclasses import replace

from agentwatch.containment import cgroup, proc
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
from agentwatch.containment.helpers import tree
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
    frozen = bool(record.cgroup) and cgroup.freeze(record.cgroup)
    quiet = int(frozen)
    if not frozen:
        proc.halt(record.agent)
    while quiet < 2:
        others = frozenset(cgroup.pids(record.cgroup)) if frozen else frozenset()
        hit = _sweep(record, signal.SIGSTOP, others)
        quiet = 0 if hit else quiet + 1
        if time.monotonic() > until:
            raise AgentwatchError("the agent's tree does not stand still", "kill it")


def thaw(record: Record) -> None:
    """Continue every member; without a heartbeat the reaper stops them again at once."""
    if record.cgroup:
        for one in members(record):  # a stop that waits in a frozen one must not come after
            proc.send(one, signal.SIGCONT)
        cgroup.thaw(record.cgroup)
    _sweep(record, signal.SIGCONT)


def kill(record: Record, until: float) -> Blow:
    """Sweep from here until two looks find nobody; needs neither of the pair to answer."""
    keep = _keep(record)
    inside = _kill_cgroup(record)
    signalled = time.monotonic()
    if inside:
        cgroup.finish(record.cgroup, until)
    before = len({*inside, *_sweep(record, signal.SIGKILL)})
    signalled = signalled if inside else time.monotonic()
    while True:
        for root in _roots(record):
            tree.clear(root.pid, keep, until, lambda: None)
        left = members(record)
        if not left or time.monotonic() > until:  # else the watcher died: on from the reaper
            break
    if record.cgroup:
        cgroup.remove(record.cgroup)
    return Blow(before, signalled, None if left else time.monotonic(), left)


def _kill_cgroup(record: Record) -> list[int]:
    """Kill all in the agent's cgroup, where it has one; who was there, in it or beside it."""
    if not record.cgroup:
        return []
    inside = cgroup.pids(record.cgroup)
    if len(inside) < tree.GRIP:  # with more of them, who left it is counted when it is killed
        keep = _keep(record)
        below = (pid for root in _roots(record) for pid in tree.descendants(root.pid))
        known = {*inside}
        inside += [pid for pid in below if pid not in known | keep and tree.alive(pid)]
    cgroup.kill(record.cgroup)
    return inside


def _sweep(record: Record, number: int, others: frozenset[int] = frozenset()) -> list[int]:
    keep = _keep(record) | others
    return [pid for root in _roots(record) for pid in tree.sweep(root.pid, keep, number)]


def _pair(record: Record) -> tuple[Proc, ...]:
    return (*([record.root] if record.root else []), *record.helpers)


def _roots(record: Record) -> tuple[Proc, ...]:
    """Whose descendants to look at: the watcher's, or the reaper's when only that one lives."""
    return tuple(one for one in _pair(record) if proc.alive(one))[:1]


def _keep(record: Record) -> frozenset[int]:
    return frozenset(one.pid for one in _pair(record))
