"""Two reapers, one above the other, that keep every orphan of the agent below them.

The watcher starts the reaper, the reaper starts the agent; both adopt orphans and both hold the
lease.  If one dies the other kills the tree; if one is stopped the other continues it, and kills
the tree when that happens again.  A reaper that hangs leaves the supervisor's beats unread: the
watcher sees them pile up and kills the tree (the watcher itself has no other part).

When the agent's first process ends, everything it left behind is killed.

What does not work: an agent that may signal us (no Landlock scope) can kill or stop both at one
moment and so escape.  A sweep takes longer the more processes there are.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

from . import linux, sweep, tree
from .agent import (
    Lease,
    Order,
    Reading,
    exit_status,
    let_go_of_terminal,
    read_order,
    settle,
    start,
)
from .wake import Wake

CLEARING = 10.0
"""Seconds a sweep may go on; what is left then can't be killed by us."""

RESTING = 50
"""Milliseconds between two sweeps that hold the tree still."""

YIELDING = 0.003
"""Seconds an ended agent's orphans live on: its killer gets the processor, not we."""

PROGRESS = 0.25
"""Seconds at most that we leave the killing to others while the dead come in."""

PRECEDENCE = 50
"""Milliseconds that the watcher leaves the killing to a reaper that is not stopped."""

LOOKING = 1000
"""Milliseconds between two looks at the other reaper."""


def main() -> None:
    """`LEASE STATUS ORDER SESSION` as arguments: run one agent and end with it."""
    lease, status, order_file = (settle(int(word)) for word in sys.argv[1:4])
    order = read_order(order_file)
    linux.become_subreaper()
    linux.set_dumpable(False)
    wake = Wake(signal.SIGCHLD)
    watcher = os.getpid()
    reaper = os.fork()
    if reaper == 0:
        _Reaper(order, lease, status, watcher).run()
    os.close(status)
    _Watcher(reaper, lease, wake).run()


class _Other:
    """The reaper at the other end: found stopped once it is continued, twice it is given up."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._warned = False

    def stopped(self) -> bool:
        found = tree.stat(self.pid)
        return found is not None and found.state in "Tt"

    def useless(self) -> bool:
        if not self.stopped():
            self._warned = False
            return False
        if not self._warned:
            os.kill(self.pid, signal.SIGCONT)  # noqa: TID251  # our own parent or child
            self._warned = True
            return False
        return True


class _Watcher:
    """The upper one: sees only the lease's end and the lower one's fate."""

    def __init__(self, reaper: int, lease: int, wake: Wake) -> None:
        self._reaper = _Other(reaper)
        self._lease = lease
        self._wake = wake
        self._reaped = False
        self._reading = Reading(lease)

    def run(self) -> None:
        let_go_of_terminal()
        poll = select.poll()
        poll.register(self._lease, 0)  # only its end: the beats are for the reaper
        poll.register(self._wake.handle, select.POLLIN)
        while not self._reaped:
            for handle, _ in poll.poll(LOOKING):
                if handle == self._lease:
                    self._finish()
                self._wake.take()
            self._reap()
            if not self._reaped and (self._reaper.useless() or self._hung()):
                self._finish()
        self._finish()

    def _finish(self) -> None:
        """Kill the tree, then the lower reaper, then what fell to us meanwhile."""
        self._yield()
        keep = frozenset() if self._reaped else frozenset({self._reaper.pid})
        until = time.monotonic() + CLEARING
        sweep.clear(os.getpid(), keep, until, self._reap)
        sweep.clear(os.getpid(), frozenset(), until, self._reap)
        os._exit(0)

    def _hung(self) -> bool:
        return self._reading.stuck(time.monotonic())

    def _yield(self) -> None:
        """Leave it to the lower one while that runs: two at it take longer than one."""
        poll = select.poll()
        poll.register(self._wake.handle, select.POLLIN)
        until = time.monotonic() + PRECEDENCE / 1000
        while not self._reaped and not self._reaper.stopped() and time.monotonic() < until:
            poll.poll(PRECEDENCE / 10)
            self._wake.take()
            self._reap()

    def _reap(self) -> None:
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self._reaped = True
                return
            if pid == self._reaper.pid:
                self._reaped = True
            if pid == 0:
                return


class _Reaper:
    """The lower one: starts the agent, keeps the lease, reports the end."""

    def __init__(self, order: Order, lease: int, status: int, watcher: int) -> None:
        self._order = order
        self._lease = Lease(lease, order, time.monotonic())
        self._status = status
        self._watcher = _Other(watcher)
        self._agent = 0
        self._code: int | None = None
        self._held: set[int] = set()
        self._childless = False

    def run(self) -> None:
        """Start the agent and live as long as it; never returns."""
        try:
            linux.become_subreaper()
            linux.die_with_parent(signal.SIGUSR1)
            wake = Wake(signal.SIGCHLD, signal.SIGUSR1)
            self._look()
            self._agent = start(self._order, self._status, lambda: linux.set_dumpable(True))
            self._serve(wake)
        except Exception:  # noqa: BLE001  # must not fall back into the watcher's code
            sys.excepthook(*sys.exc_info())
        finally:
            self._clear()
            os._exit(1)

    def _look(self) -> None:
        """Whether the kernel lists children; for a trial, also whether it can scope the agent."""
        said = b"able\n"
        if not tree.children(self._watcher.pid):
            said = b"fail 38 children\n"  # 38: ENOSYS
        elif self._order.argv:
            return
        try:
            if self._order.scope and not self._order.argv:
                linux.enter_scope()
        except OSError as error:
            said = f"fail {error.errno} scope\n".encode()
        os.write(self._status, said)
        os._exit(0)

    def _serve(self, wake: Wake) -> None:
        poll = select.poll()
        poll.register(self._lease.handle, select.POLLIN)
        poll.register(wake.handle, select.POLLIN)
        while self._code is None and os.getppid() == self._watcher.pid:
            wait = min(RESTING if self._held else LOOKING, self._lease.wait(time.monotonic()))
            for handle, _ in poll.poll(wait):
                if handle == wake.handle:
                    wake.take()
                elif not self._lease.take(time.monotonic()):
                    return
            self._reap()
            if self._lease.over(time.monotonic()) or self._watcher.useless():
                return
            self._hold()
        if self._code is not None:
            left = self._leave()
            os.write(self._status, f"exit {self._code} {left}\n".encode())
            os._exit(0)

    def _hold(self) -> None:
        """Keep everything still without a heartbeat; afterwards continue what we stopped."""
        if self._lease.silent(time.monotonic()):
            self._held.update(sweep.Stop(os.getpid(), frozenset()).struck)
        elif self._held:
            others = frozenset(tree.descendants(os.getpid())) - self._held
            sweep.go_on(os.getpid(), others)
            self._held.clear()

    def _leave(self) -> int:
        """Clear up behind the agent, unless a kill from outside is just doing that."""
        until = time.monotonic() + PROGRESS
        while not self._childless and time.monotonic() < until:
            time.sleep(YIELDING)
            if not self._reap():
                break
        return self._clear()

    def _clear(self) -> int:
        left = tree.count(tree.descendants(os.getpid()))
        sweep.clear(os.getpid(), frozenset(), time.monotonic() + CLEARING, self._reap)
        return left

    def _reap(self) -> int:
        """Take the dead in; how many there were."""
        count = 0
        while True:
            try:
                pid, raw = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self._childless = True
                return count
            if pid == 0:
                return count
            count += 1
            if pid == self._agent:
                self._code = exit_status(raw)
