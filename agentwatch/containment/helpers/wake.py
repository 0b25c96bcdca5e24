"""Signals as a line to poll, so that a helper sleeps through a storm of them.

Owns the descriptor that our signals are read from.  Decides nothing.  A thousand children that
die or stop would otherwise wake us a thousand times, on a processor which those dying need.
"""

from __future__ import annotations

import os
import signal
import struct
import time

from . import linux

APART = 0.001
"""Seconds between two wakes for children; the first one of a storm counts at once."""

_ENTRY = struct.Struct("I124x")


class Wake:
    """The line of some signals; nothing else of ours notices them."""

    __slots__ = ("_last", "handle")

    def __init__(self, *numbers: int) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # as pid 1 we are deaf to it, unlike Python
        self.handle = linux.signal_line(*numbers)
        self._last = 0.0

    def take(self) -> set[int]:
        """Which of them came, without waiting for any."""
        wait = self._last + APART - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        try:
            came = {number for (number,) in _ENTRY.iter_unpack(os.read(self.handle, 4096))}
        except BlockingIOError:
            came = set()
        if came == {signal.SIGCHLD}:
            self._last = time.monotonic()
        return came
