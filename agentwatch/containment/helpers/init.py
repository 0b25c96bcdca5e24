"""Pid 1 of the agent's namespace, and the process outside that stands for it.

The outer process makes the namespaces, forks init, relays freeze and thaw (its signals can't be
sent from inside: the agent can't see it) and kills init when the supervisor goes.  Init starts
the agent, reaps, keeps the lease and stops or continues everything with one kill(-1).  When the
agent's first process ends, everything it left behind is killed.

What does not work: the agent's first process goes on at a thaw even if it had been stopped before
the freeze.  An outsider of the same user may stop the outer process; then a freeze is refused
until it runs again, while the lease and the kill go on working.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time

from . import linux, world
from .agent import (
    Lease,
    Order,
    Reading,
    Walls,
    exit_status,
    let_go_of_terminal,
    read_order,
    settle,
    start,
)
from .wake import Wake

LOOKING = 1000
"""Milliseconds between two looks whether init still reads its lease."""

INSIDE = 40
"""The outer process keeps the namespace's /proc open here: the list of what lives inside."""


def main() -> None:
    """`LEASE STATUS ORDER SESSION` as arguments: run one agent and end with it."""
    lease, status, order_file = (settle(int(word)) for word in sys.argv[1:4])
    order = read_order(order_file)
    try:
        world.enter()
    except world.Refused as refused:
        os.write(status, f"fail {refused.code} {refused.step}\n".encode())
        os._exit(1)
    up, to_outer = os.pipe()
    from_outer, down = os.pipe()
    init = os.fork()
    if init == 0:
        os.close(up)
        os.close(down)
        _Init(order, lease, status, from_outer, to_outer).run()
    os.close(from_outer)
    os.close(to_outer)
    _Outer(init, lease, up, down).run()


class _Outer:
    """Outside the pid namespace: holds init to the supervisor's life, relays freeze and thaw."""

    def __init__(self, init: int, lease: int, up: int, down: int) -> None:
        self._init = init
        self._lease = lease
        self._up = up
        self._down = down

    def run(self) -> None:
        wake = Wake(signal.SIGCHLD, signal.SIGUSR1, signal.SIGUSR2)
        let_go_of_terminal()
        if os.read(self._up, 1):  # init will die with us: it may go on
            os.write(self._down, b"g")
        if os.read(self._up, 1):
            inside = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
            os.dup2(inside, INSIDE, inheritable=False)
            os.close(inside)
            os.write(self._down, b"g")
        poll = select.poll()
        poll.register(self._lease, 0)  # only its end: the beats are for init
        poll.register(wake.handle, select.POLLIN)
        reading = Reading(self._lease)
        while self._alive():
            for handle, _ in [*poll.poll(LOOKING), *self._hang(reading)]:
                if handle == self._lease:
                    os.kill(self._init, signal.SIGKILL)  # noqa: TID251  # our child
                    os.waitpid(self._init, 0)
                    os._exit(0)
                self._relay(wake.take())
        os._exit(0)

    def _hang(self, reading: Reading) -> list[tuple[int, int]]:
        """An init that no longer reads its lease has lost it."""
        return [(self._lease, 0)] if reading.stuck(time.monotonic()) else []

    def _alive(self) -> bool:
        return os.waitpid(self._init, os.WNOHANG)[0] == 0

    def _relay(self, signals: set[int]) -> None:
        """Pass freeze or thaw on; when both came, standing still wins."""
        if signal.SIGUSR1 in signals:
            os.write(self._down, b"f")
        elif signal.SIGUSR2 in signals:
            os.write(self._down, b"t")


class _Init:
    """Pid 1: whatever ends this process, the kernel kills the rest."""

    def __init__(
        self, order: Order, lease: int, status: int, from_outer: int, to_outer: int
    ) -> None:
        self._order = order
        self._lease = Lease(lease, order, time.monotonic())
        self._status = status
        self._from_outer = from_outer
        self._to_outer = to_outer
        self._agent = 0
        self._asked = False
        self._frozen = False
        self._awake = True

    def run(self) -> None:
        """Start the agent and live as long as it; never returns."""
        try:
            self._prepare()
            wake = Wake(signal.SIGCHLD)
            self._start()
            self._serve(wake)
        except world.Refused as refused:
            os.write(self._status, f"fail {refused.code} {refused.step}\n".encode())
        except Exception:  # noqa: BLE001  # pid 1 must not fall back into the outer's code
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(1)

    def _prepare(self) -> None:
        linux.die_with_parent(signal.SIGKILL)
        linux.set_dumpable(False)
        os.write(self._to_outer, b"a")
        self._expect(self._from_outer, b"g")  # end of file: the outer process died before this
        nothing = Walls([], [], [])
        for name in world.furnish(self._order.walls if self._order.argv else nothing):
            os.write(self._status, f"unwalled {name}\n".encode(errors="replace"))
        linux.die_with_parent(signal.SIGKILL)  # new credentials may have taken these two back
        linux.set_dumpable(False)
        os.write(self._to_outer, b"p")
        self._expect(self._from_outer, b"g")

    @staticmethod
    def _expect(handle: int, word: bytes) -> None:
        if os.read(handle, 1) != word:
            os._exit(1)

    def _start(self) -> None:
        if not self._order.argv:  # a trial: everything the kernel has to give was given
            os.write(self._status, b"able\n")
            os._exit(0)
        self._agent = start(self._order, self._status, lambda: linux.set_dumpable(True))

    def _serve(self, wake: Wake) -> None:
        poll = select.poll()
        for handle in (self._lease.handle, self._from_outer, wake.handle):
            poll.register(handle, select.POLLIN)
        while True:
            for handle, _ in poll.poll(self._lease.wait(time.monotonic())):
                if handle == wake.handle:
                    wake.take()
                elif handle == self._from_outer:
                    self._obey(os.read(handle, 64))
                elif not self._lease.take(time.monotonic()):
                    os._exit(1)
            self._reap()
            self._hold()

    def _obey(self, words: bytes) -> None:
        if not words:
            os._exit(1)
        self._asked = words.endswith(b"f")

    def _hold(self) -> None:
        """Stop or continue everything when the lease or an order says so."""
        now = time.monotonic()
        if self._lease.over(now):
            os._exit(1)
        frozen = self._asked or self._lease.silent(now)
        if frozen != self._frozen:
            self._stop() if frozen else self._wake()
            self._frozen = frozen

    def _reap(self) -> None:
        while True:
            try:
                pid, raw = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._agent:
                self._end(exit_status(raw))

    def _end(self, code: int) -> None:
        """The agent is over: kill what it left behind, then say so."""
        left = sum(map(_alive, os.listdir("/proc"))) - 1  # noqa: PTH208  # not ourselves
        self._everything(signal.SIGKILL)
        try:
            while True:
                os.wait()
        except ChildProcessError:
            os.write(self._status, f"exit {code} {left}\n".encode())
            os._exit(0)

    def _stop(self) -> None:
        """Stop the agent before the others: it may be a shell, and its job keeps the terminal."""
        from .tree import pids, stands, stopped  # noqa: PLC0415  # needed only here

        self._awake = any(not stopped(pid) for pid in pids() if pid != 1)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._agent, signal.SIGSTOP)  # noqa: TID251  # our child, not reaped yet
            stands(self._agent)
        self._everything(signal.SIGSTOP)

    def _wake(self) -> None:
        """Continue the youngest first: a shell must not see that its job was stopped.

        Who stood before the freeze stays; that can't be told when others had stopped everybody.
        """
        from .tree import pids, stood  # noqa: PLC0415  # needed only here

        inside = sorted((pid for pid in pids() if pid != 1), reverse=True)
        left = {pid for pid in inside if pid != self._agent and self._awake and stood(pid)}
        for pid in inside:
            if pid not in left and os.getpid() == 1:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)  # noqa: TID251  # in our namespace, as pid 1
        if not left:
            self._everything(signal.SIGCONT)

    @staticmethod
    def _everything(number: int) -> None:
        """Signal all that lives in this namespace, in one call no fork can slip through."""
        if os.getpid() != 1:  # anywhere else this call would reach the user's own processes
            os._exit(1)
        try:
            os.kill(-1, number)  # noqa: TID251  # as pid 1
        except ProcessLookupError:
            return


def _alive(name: str) -> bool:
    """Whether this entry of our /proc is a process that still has a running thread."""
    if not name.isdigit():
        return False
    from .tree import alive  # noqa: PLC0415  # needed once, at the end

    return alive(int(name))
