"""The user's terminal: raw while we own it, and given back as it was.

Owns the terminal's line settings and an open file description of its own, so that writing can be
non-blocking without changing that for anyone else: a blocking write to a stalled terminal would
keep us from the kill key.  Never reads keys for meaning and never waits without a deadline.
"""

from __future__ import annotations

import os
import select
import signal
import termios
import time
import tty
from types import TracebackType

from agentwatch.errors import AgentwatchError

USUAL = (24, 80)
"""Rows and columns where a terminal reports none."""


class Terminal:
    """A terminal in raw mode inside `with`; whatever ends the block, it is restored."""

    def __init__(self, stdin: int = 0) -> None:
        if not os.isatty(stdin):
            raise AgentwatchError(
                "standard input is not a terminal",
                "run it from a terminal, or use `agentwatch run --no-tui`",
            )
        self.fd = _open_anew(stdin)
        self._settings = termios.tcgetattr(self.fd)

    def __enter__(self) -> Terminal:
        self.raw()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # From the background a change of settings would stop us half way out.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            # TCSANOW: the waiting forms hang on a stalled terminal.  Unread input is dropped:
            # after a mouse or a panic it would be typed into the shell.
            termios.tcsetattr(self.fd, termios.TCSANOW, self._settings)
            termios.tcflush(self.fd, termios.TCIFLUSH)
        except termios.error:
            if self.alive():
                raise
        finally:
            os.close(self.fd)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def raw(self) -> None:
        """Every key reaches us as bytes; none becomes a signal."""
        tty.setraw(self.fd, termios.TCSANOW)

    def alive(self) -> bool:
        """Whether the terminal is still there."""
        try:
            termios.tcgetattr(self.fd)
        except termios.error:
            return False
        return True

    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        try:
            rows, columns = termios.tcgetwinsize(self.fd)
        except termios.error:  # gone; reading will tell
            return USUAL
        return (rows, columns) if rows and columns else USUAL

    def read(self) -> bytes | None:
        """What was typed; empty when nothing was, None when the terminal is gone."""
        try:
            return os.read(self.fd, 65536) or None
        except BlockingIOError:
            return b""
        except OSError:
            return None

    def write(self, data: bytes | bytearray) -> int | None:
        """How many bytes it took without waiting; None when the terminal is gone."""
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            return 0
        except OSError:
            return None

    def flush(self, data: bytes | bytearray, seconds: float = 1.0) -> None:
        """Write all of it, or what a stalled terminal takes until the deadline."""
        rest = bytes(data)
        deadline = time.monotonic() + seconds
        while rest and (left := deadline - time.monotonic()) > 0:
            select.select([], [self.fd], [], left)
            count = self.write(rest)
            if count is None:
                return
            rest = rest[count:]


def _open_anew(stdin: int) -> int:
    """The same terminal with an open file description of our own, non-blocking."""
    flags = os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
    # /proc works where the name lies in another mount namespace; /dev/tty where the device
    # belongs to another user, after `su`.
    for name in (f"/proc/self/fd/{stdin}", _name(stdin), "/dev/tty"):
        try:
            fd = os.open(name, flags)
        except OSError:
            continue
        if os.isatty(fd):
            return fd
        os.close(fd)
    raise AgentwatchError(
        "the terminal cannot be opened again",
        "run it from a terminal of your own, or use `agentwatch run --no-tui`",
    )


def _name(stdin: int) -> str:
    """The terminal's device, empty where it has no name here."""
    try:
        return os.ttyname(stdin)
    except OSError:
        return ""
