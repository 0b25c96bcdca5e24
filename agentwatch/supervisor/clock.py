"""The clock of deadlines: it goes on while the machine is suspended.

Owns nothing else.  A question whose deadline passed during a suspend is denied when the machine
wakes, before any answer to it counts.  The lease keeps the other clock, the one that stands still
meanwhile: nobody was silent, so waking up freezes and kills nobody.

What does not work: where the system has no such clock, a suspend prolongs every deadline.
"""

from __future__ import annotations

import time

_CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Elsewhere the monotonic clock itself goes on (macOS), or there is none that does."""


def now() -> float:
    """Seconds that never jump back, suspends included."""
    return time.clock_gettime(_CLOCK)
