"""From a helper to the agent: the launch order, and the last steps before exec.

Owns the format of the order (it travels through an inherited file, never through argv, where
tokens would show in `ps`) and the state the agent starts with: own session, terminal, default
signals, no file descriptors but 0 to 2.

What does not work: a script without `#!` is not handed to a shell as some libcs do; it fails
with ENOEXEC.
"""

from __future__ import annotations

import fcntl
import os
import signal
import termios
from collections.abc import Callable

STATUS = 3
"""Where the agent-to-be keeps its line to the supervisor until exec closes it."""
STARTED = 4
"""Closed by exec: the helper reads end of file for "it runs"."""
GO = 5
"""One byte comes here when the supervisor has recorded the containment."""

HANGING = 4.0
"""Seconds without reading a beat that make a helper a hung one; it is looked at every second."""

ABOVE = 64
"""Inherited lines move up here, so that the fixed numbers below are free."""


class Walls:
    """What the tree must not change or reach."""

    __slots__ = ("emptied", "kept", "shut", "strict", "terminals")

    def __init__(
        self,
        kept: list[bytes],
        emptied: list[bytes],
        shut: list[bytes],
        *,
        terminals: bool = False,
        strict: bool = False,
    ) -> None:
        self.kept, self.emptied, self.shut = (
            [os.fsdecode(item) for item in items] for items in (kept, emptied, shut)
        )
        self.terminals = terminals
        self.strict = strict


class Order:
    """What to start, and how long it may run without a heartbeat."""

    __slots__ = (
        "argv",
        "cwd",
        "env",
        "filter",
        "freeze_after",
        "kill_after",
        "scope",
        "tty",
        "walls",
    )

    def __init__(self, raw: bytes) -> None:
        head, rest = raw.split(b"\0", 1)
        tty, scope, freeze_after, kill_after, filtering, *numbers = head.split(b" ")
        terminals, strict, *counts = map(int, numbers)
        self.tty = tty == b"1"
        self.scope = scope == b"1"
        self.freeze_after = float(freeze_after)
        self.kill_after = float(kill_after)
        self.filter = bytes.fromhex(filtering.decode().strip("-"))
        items = rest.split(b"\0")[:-1]
        self.cwd = items.pop(0)
        kept, emptied, shut, self.argv = (_take(items, count) for count in counts)
        self.walls = Walls(kept, emptied, shut, terminals=bool(terminals), strict=bool(strict))
        pairs = (item.split(b"=", 1) for item in items)
        self.env = {pair[0]: pair[1] for pair in pairs}


def _take(items: list[bytes], count: int) -> list[bytes]:
    """The first so many, which are gone from the list."""
    taken = items[:count]
    del items[:count]
    return taken


def read_order(handle: int) -> Order:
    """The order in an inherited file, which is closed."""
    size = os.fstat(handle).st_size
    raw = os.pread(handle, size, 0)
    while len(raw) < size:
        raw += os.pread(handle, size - len(raw), len(raw))
    os.close(handle)
    return Order(raw)


def settle(handle: int) -> int:
    """Move an inherited line out of the way of fixed numbers, and out of exec's."""
    moved = fcntl.fcntl(handle, fcntl.F_DUPFD_CLOEXEC, ABOVE)
    os.close(handle)
    return moved


def let_go_of_terminal() -> None:
    """Point our own 0 to 2 at nothing, so that only the agent holds its terminal."""
    null = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1, 2):
        os.dup2(null, handle)
    os.close(null)


def arrange(status: int, started: int, go: int) -> None:
    """Move the three lines to their numbers and close everything else above."""
    moved = [fcntl.fcntl(item, fcntl.F_DUPFD_CLOEXEC, ABOVE) for item in (status, started, go)]
    for handle, target in zip(moved, (STATUS, STARTED, GO), strict=True):
        os.dup2(handle, target, inheritable=False)
    os.closerange(GO + 1, 1 << 20)


def start(order: Order, status: int, in_child: Callable[[], None]) -> int:
    """Fork the agent, let it go once the supervisor has recorded us, see it exec; its pid."""
    started, starting = os.pipe()
    go_on, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        in_child()
        arrange(status, starting, go_on)
        become(order)
    os.close(starting)
    os.close(go_on)
    let_go_of_terminal()
    os.write(status, b"root\n")
    if os.read(status, 1) != b"g":
        os._exit(1)
    os.write(go, b"g")
    os.close(go)  # from here to "running" the child reads the status line, where it is gated
    if os.read(started, 1):  # the child has said why
        os._exit(1)
    os.close(started)
    os.set_blocking(status, False)
    os.write(status, b"running\n")
    return pid


def become(order: Order) -> None:
    """Be the agent; on failure say why on the status line and end with 127."""
    step = "session"
    try:
        os.write(STATUS, b"agent\n")
        if os.read(GO, 1) != b"g":
            os._exit(127)
        if os.getsid(0) != os.getpid():
            os.setsid()
        step = "scope"  # before the terminal, which a failing session leader would hang up
        if order.scope:
            from . import linux  # noqa: PLC0415  # only where the kernel has it

            linux.enter_scope()
            linux.refuse_typing()
            linux.refuse_limits()
        step = "rules"
        if order.walls.strict:
            from . import rules  # noqa: PLC0415  # only where they were asked for

            rules.forbid(order.walls.kept, os.fsdecode(order.env.get(b"HOME", b"/")))
        if order.tty:
            step = "tty"
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        step = "cwd"
        os.chdir(order.cwd)
        _default_signals()
        step = "gate"
        if order.filter:
            _gate(order.filter)
        step = "exec"
        os.execvpe(order.argv[0], order.argv, order.env)  # noqa: S606  # the user's own command
    except OSError as error:
        os.write(STATUS, f"fail {error.errno} {step}\n".encode())
    finally:
        os.write(STARTED, b"x")
        os._exit(127)


def _gate(program: bytes) -> None:
    """Have our system calls held from here on; go on once somebody answers them."""
    from . import linux  # noqa: PLC0415  # only where the kernel has it

    listener = linux.install_filter(program)
    os.write(STATUS, f"gate {listener}\n".encode())  # a write is never held
    if os.read(STATUS, 1) != b"l":
        os._exit(127)
    os.close(listener)


def _default_signals() -> None:
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def exit_status(raw: int) -> int:
    """The shell's number for a wait status: 128 + N for signal N."""
    code = os.waitstatus_to_exitcode(raw)
    return code if code >= 0 else 128 - code


class Lease:
    """The line whose only writer is the supervisor: its end, and its silence, are ours to act on.

    The supervisor writes a byte a second.  Reading is one helper's part; others watch only for
    the end.
    """

    __slots__ = ("_beat", "_order", "handle")

    def __init__(self, handle: int, order: Order, now: float) -> None:
        self.handle = handle
        self._order = order
        self._beat = now

    def take(self, now: float) -> bool:
        """Read the beats that came; False when the supervisor is gone."""
        if not os.read(self.handle, 65536):
            return False
        self._beat = now
        return True

    def silent(self, now: float) -> bool:
        """Whether the tree must stand still for want of a heartbeat."""
        return now - self._beat >= self._order.freeze_after

    def over(self, now: float) -> bool:
        """Whether the tree must die for want of a heartbeat."""
        return now - self._beat >= self._order.kill_after

    def wait(self, now: float) -> int:
        """Milliseconds until one of the two may become true."""
        limit = self._order.kill_after if self.silent(now) else self._order.freeze_after
        return max(1, int((self._beat + limit - now) * 1000) + 1)


class Reading:
    """Whether the one whose part it is still reads the beats: in a hang they pile up unread."""

    __slots__ = ("_handle", "_since")

    def __init__(self, lease: int) -> None:
        self._handle = lease
        self._since: float | None = None

    def stuck(self, now: float) -> bool:
        """Whether beats have been waiting at every look for so long that nobody reads them."""
        waiting = bytearray(4)
        fcntl.ioctl(self._handle, termios.FIONREAD, waiting)
        if not any(waiting):
            self._since = None
        elif self._since is None:
            self._since = now
        return self._since is not None and now - self._since >= HANGING
