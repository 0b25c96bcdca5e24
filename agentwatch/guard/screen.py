"""The screen: the TUI as a child of ours, on a terminal we made for it.

Owns the child, its inner pty and its heartbeat pipe.  Never waits: not for its output, not for it
to read its keys, not for it to die.
"""

from __future__ import annotations

import os
import signal
import termios
import tty
from collections.abc import Sequence

BEAT = "AGENTWATCH_BEAT"
"""Names the pipe into which the screen's event loop writes a byte every half second."""
LATE = 5.0
"""Seconds of silence after which a screen that has beaten before counts as stuck."""
BEATING = 1.5
"""Seconds of silence up to which a screen surely still shows what it is told."""
STEP = 1.0
"""Silence counted for one turn of our loop at most: if we were stopped, so was the screen."""


class Pulse:
    """Tells from heartbeats whether the screen's event loop still turns.  No I/O."""

    def __init__(self, now: float) -> None:
        self._quiet: float | None = None
        self._seen = now

    @property
    def healthy(self) -> bool:
        """Whether the screen can be relied on to show something."""
        return self._quiet is not None and self._quiet <= BEATING

    @property
    def stuck(self) -> bool:
        """Whether it has stopped answering."""
        return self._quiet is not None and self._quiet > LATE

    def beat(self) -> None:
        """A heartbeat came."""
        self._quiet = 0.0

    def pass_time(self, now: float, *, excused: bool) -> None:
        """Count the time since the last call, unless silence has another reason."""
        if self._quiet is not None and not excused:
            self._quiet += min(STEP, now - self._seen)
        self._seen = now


class Screen:
    """One run of the TUI; raises OSError where it cannot be started."""

    def __init__(self, argv: Sequence[str], size: tuple[int, int]) -> None:
        self.master, slave = os.openpty()
        self.beats, beat = os.pipe()
        try:
            termios.tcsetwinsize(slave, size)
            _uncooked(slave)
            self.pid = os.fork()
        except OSError:
            self.close()
            raise
        else:
            if not self.pid:
                _become(argv, slave, beat)
        finally:
            os.close(slave)
            os.close(beat)
        os.set_blocking(self.master, False)
        os.set_blocking(self.beats, False)

    def read(self) -> bytes | None:
        """Its output; empty when there is none now, None when there will be none."""
        return _read(self.master)

    def write(self, data: bytes | bytearray) -> int:
        """How many of these keys it took; a screen that is ending takes and loses all."""
        try:
            return os.write(self.master, data)
        except BlockingIOError:
            return 0
        except OSError:
            return len(data)

    def take_beats(self) -> bytes | None:
        """Heartbeats since the last look; None when no process can send any more."""
        return _read(self.beats)

    def resize(self, size: tuple[int, int]) -> None:
        """Give it the size of the real terminal; the kernel tells it."""
        termios.tcsetwinsize(self.master, size)

    def kill(self) -> None:
        """End it at once; it holds nothing that is not also in the supervisor."""
        # The guard's own child, not reaped yet: its pid can be nobody else's.
        os.kill(self.pid, signal.SIGKILL)  # noqa: TID251

    def close(self) -> None:
        """Give back our ends of its terminal and its heartbeat."""
        os.close(self.master)
        os.close(self.beats)


def reap() -> dict[int, int]:
    """The children of ours that ended since the last look, with their exit statuses.

    All of them: the supervisor is one too, started before this process became the guard, and a
    zombie of it would look alive to others.
    """
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if not pid:
            return ended
        code = os.waitstatus_to_exitcode(status)
        ended[pid] = code if code >= 0 else 128 - code


def _read(fd: int) -> bytes | None:
    """What can be read now; None at the end."""
    try:
        return os.read(fd, 65536) or None
    except BlockingIOError:
        return b""
    except OSError:
        return None


def _uncooked(slave: int) -> None:
    """No echo and no signals from keys, but line ends as they were: a traceback stays readable."""
    settings = termios.tcgetattr(slave)
    output = settings[tty.OFLAG]
    tty.setraw(slave, termios.TCSANOW)
    settings = termios.tcgetattr(slave)
    settings[tty.OFLAG] = output
    termios.tcsetattr(slave, termios.TCSANOW, settings)


def _become(argv: Sequence[str], slave: int, beat: int) -> None:
    """In the child: turn into the screen, or end."""
    try:
        os.login_tty(os.dup(slave))
        os.set_blocking(beat, False)
        os.set_inheritable(beat, True)
        # Without it `python -m` would import what the agent put into its folder, outside of
        # the containment.
        environ = {**os.environ, BEAT: str(beat), "PYTHONSAFEPATH": "1"}
        for stale in ("LINES", "COLUMNS"):  # they would hide every later size
            environ.pop(stale, None)
        os.execvpe(argv[0], list(argv), environ)  # noqa: S606
    except OSError as error:
        os.write(2, f"agentwatch: cannot start {argv[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)
