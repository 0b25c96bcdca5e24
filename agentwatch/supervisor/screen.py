"""The agent's terminal as the supervisor holds it: a pty, its newest output, its size.

Owns the pty's master side.  Never interprets what the agent prints; screens do.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import termios
from collections.abc import Callable

TAIL = 256 * 1024
"""Bytes of output kept for a screen that comes later."""

CHUNK = 64 * 1024


class AgentTerminal:
    """A pty for the agent, with the tail of what it printed."""

    def __init__(self, rows: int, cols: int) -> None:
        self.master, self.slave = pty.openpty()
        self.name = os.ttyname(self.slave)
        os.set_blocking(self.master, False)
        self._tail = bytearray()
        self._unwritten = bytearray()
        self._size = (0, 0)
        self.printed: Callable[[bytes], None] = lambda _: None
        """Called with all that the agent prints."""
        self.resized: Callable[[int, int], None] = lambda _rows, _cols: None
        """Called when its screen has another size."""
        self.resize(rows, cols)

    @property
    def tail(self) -> bytes:
        """The newest output."""
        return bytes(self._tail)

    def close_slave(self) -> None:
        """Let go of the agent's end once the agent has it."""
        os.close(self.slave)
        self.slave = -1

    def read(self) -> bytes | None:
        """What the agent printed; None once nobody has the terminal open any more."""
        try:
            data = os.read(self.master, CHUNK)
        except BlockingIOError:
            return b""
        except OSError:  # EIO: the last holder of the other end is gone
            return None
        if not data:
            return None
        self._tail += data
        del self._tail[:-TAIL]
        self.printed(data)
        return data

    def write(self, data: bytes) -> None:
        """Type into the agent's terminal; what does not fit waits for `flush`."""
        self._unwritten += data
        del self._unwritten[CHUNK:]  # an agent that never reads loses typing, not our memory
        self.flush()

    def flush(self) -> bool:
        """Write what still waits; whether any is left."""
        with contextlib.suppress(BlockingIOError, OSError):
            while self._unwritten:
                del self._unwritten[: os.write(self.master, self._unwritten)]
        return bool(self._unwritten)

    def resize(self, rows: int, cols: int) -> None:
        """Tell the agent the size of its screen, in cells."""
        rows, cols = max(2, min(rows, 999)), max(2, min(cols, 999))
        if (rows, cols) != self._size:
            self._size = (rows, cols)
            packed = struct.pack("HHHH", rows, cols, 0, 0)
            with contextlib.suppress(OSError):
                fcntl.ioctl(self.master, termios.TIOCSWINSZ, packed)
            self.resized(rows, cols)

    def close(self) -> None:
        """Hang up."""
        os.close(self.master)
