"""Grade A: the agent in a pid namespace of its own, made without privileges.

Owns starting it, and what any process outside may do to it later: list, freeze, thaw, kill.
One SIGKILL to the namespace's init kills all in it, and init's pidfd becomes readable only when
everything inside is dead and reaped: the kernel's proof of "nobody left".

What does not work: needs unprivileged user namespaces (some distributions and most containers
refuse them).  Inside, as an ordinary user, setuid programs and file capabilities have no effect.
Processes that a daemon outside starts on the agent's behalf are not in the namespace.  With
dozens inside, `before` may count unreaped dead ones: counting never holds the SIGKILL up.  The
agent's first process goes on at a thaw even if it had been stopped before the freeze.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Callable

from agentwatch.containment import proc
from agentwatch.containment.base import (
    DAEMONS,
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
    "pidns",
    Grade.A,
    (
        "sudo, su and other setuid programs do nothing inside, and ping may not work",
        (
            "of the floor, a file that was not there at the start can be made, and one that was "
            "can be replaced by an agent with namespaces of its own: you are told within a second"
        ),
        DAEMONS,
    ),
)
LADDER = (MEANS,)
REMEDY = (
    "allow unprivileged user namespaces: `sysctl user.max_user_namespaces` above 0 and, on "
    "Ubuntu, `sysctl kernel.apparmor_restrict_unprivileged_userns=0`; in a container, start it "
    "with `--security-opt seccomp=unconfined --security-opt systempaths=unconfined`"
)

_INSIDE = 40
"""Where the outer helper keeps the namespace's /proc open."""


def probe() -> Means:
    """Try it for real, with nothing to start; raises Unavailable."""
    if sys.platform != "linux":
        raise Unavailable("pid namespaces exist on Linux only")
    from agentwatch.containment import helped  # noqa: PLC0415  # a kill does not need it

    helped.attempt("init", scope=False)
    return MEANS


def start(means: Means, launch: Launch) -> Running:
    """Start the agent in its namespace; raises AgentwatchError."""
    from agentwatch.containment import helped  # noqa: PLC0415  # a kill does not need it

    helper = helped.Helper("init", launch, scope=_scopes())
    outer = helper.process.pid
    return helped.run(launch, helper, means.name, means.grade, lambda by: (by["root"], (outer,)))


def _scopes() -> bool:
    """Whether Landlock can keep the tree from abstract sockets outside, which no mount hides."""
    if sys.platform != "linux":
        return False
    from agentwatch.containment.helpers import linux  # noqa: PLC0415  # a kill does not need it

    return linux.can_scope()


def members(record: Record) -> tuple[Proc, ...]:
    """Everything alive below init."""
    root = _root(record)
    if root is None or proc.identify(root.pid) != root:
        return ()
    alive = filter(tree.alive, tree.descendants(root.pid))
    return tuple(found for pid in alive if (found := proc.identify(pid)) is not None)


def contains(record: Record, pid: int) -> bool:
    """Whether a pid is inside, or can't be shown to be outside."""
    root = _root(record)
    inside = tree.below(pid, root.pid) if root else None
    return inside is not False or proc.carries(pid, record.cookie) is not False


def freeze(record: Record) -> None:
    """Have init stop everything in one call; by single signals when its helper hangs."""
    asked = proc.send(record.helpers[0], signal.SIGUSR1)
    if asked and _until(lambda: not _running(record), 0.5):
        return
    until = time.monotonic() + 2
    while _running(record):
        for one in members(record):
            if _mode(one.pid) == tree.RUNNING:
                proc.send(one, signal.SIGSTOP)
        if time.monotonic() > until:
            raise AgentwatchError("the agent's tree does not stand still", "kill it")


def thaw(record: Record) -> None:
    """Ask for everything to go on; raises AgentwatchError when the lease forbids it."""
    if record.agent is None or proc.identify(record.agent.pid) != record.agent:
        return
    agent = record.agent.pid
    for _ in range(5):  # one that comes with a freeze's is passed over
        proc.send(record.helpers[0], signal.SIGUSR2)
        if _until(lambda: _mode(agent) != tree.STILL, 0.1):
            break
    else:
        raise AgentwatchError(
            "the agent's tree stays frozen: its supervisor is not heard",
            "it goes on by itself once the supervisor is back; otherwise kill it",
        )


def kill(record: Record, until: float) -> Blow:
    """SIGKILL to init, then wait for the kernel's proof that nobody is left."""
    root = _root(record)
    if root is None:
        return Blow(0, time.monotonic(), None, ())
    with proc.handle(root) as init:
        if init is None:
            now = time.monotonic()
            return Blow(0, now, now, ())
        before = _count(record)
        signalled = time.monotonic()
        if sys.platform == "linux":
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(init, signal.SIGKILL)
        empty = time.monotonic() if proc.ended(init, until) else None
        left = () if empty else members(record)
    return Blow(before, signalled, empty, left)


def _root(record: Record) -> Proc | None:
    return record.root


def _count(record: Record) -> int:
    """Processes inside, by the namespace's own list: one directory read whatever the number."""
    inside = f"/proc/{record.helpers[0].pid}/fd/{_INSIDE}"
    pids = [pid for pid in tree.pids(inside) if pid != 1]
    if not pids:
        return len(members(record))
    return tree.count(pids, inside)


def _running(record: Record) -> bool:
    """Whether any member is neither stopped nor dead, by the namespace's own list."""
    inside = f"/proc/{record.helpers[0].pid}/fd/{_INSIDE}"
    pids = [pid for pid in tree.pids(inside) if pid != 1]
    if not pids:
        return any(_mode(one.pid) == tree.RUNNING for one in members(record))
    return any(tree.mode(pid, tree.stat(pid, inside), inside) == tree.RUNNING for pid in pids)


def _mode(pid: int) -> str:
    return tree.mode(pid, tree.stat(pid))


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.0005)
    return True
