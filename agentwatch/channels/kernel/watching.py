"""How the gate process waits for the next held call: awake for a moment after one, then asleep.

Owns that moment.  A processor with nothing to do lets its caches go cold, most of all a virtual
one, and to judge a call from cold caches takes three times as long.  Calls come in bursts, so
whoever has just made one is likely to make another.

What does not work: staying awake where others want the processor.  It would take their time, and
who has used up its share is let run later when a call comes.  So at the first sign of others it
sleeps, and goes on sleeping between some calls; on a single processor it never stays awake.
"""

from __future__ import annotations

import os
import time
from typing import Protocol

AWAKE = 1_000_000
"""Nanoseconds after a call that it looks for the next one without sleeping."""

OTHERS = 1_000_000
"""Nanoseconds between two looks that tell of somebody else on this processor."""

RESTS = 30
"""Calls that it sleeps before, after such a sign."""


class Poll(Protocol):
    """`select.poll`, as far as it is needed."""

    def poll(self, timeout: int | None = None, /) -> list[tuple[int, int]]:
        """What is ready, at the latest after so many milliseconds."""


class Watching:
    """Waits on one poll."""

    def __init__(self, poll: Poll, processors: int | None = None) -> None:
        self._poll = poll
        self._alone = (processors or len(os.sched_getaffinity(0))) < 2
        self._rests = 0
        self._called = False

    def next(self, timeout: int | None) -> list[tuple[int, int]]:
        """What is ready, as `poll` says it; empty after `timeout` milliseconds."""
        found = [] if self._alone or not self._called else self._awake()
        if not found:
            found = self._poll.poll(timeout)
        self._called = bool(found)
        return found

    def _awake(self) -> list[tuple[int, int]]:
        if self._rests:
            self._rests -= 1
            return []
        now = time.perf_counter_ns()
        end = now + AWAKE
        while now < end:
            if found := self._poll.poll(0):
                return found
            os.sched_yield()
            before, now = now, time.perf_counter_ns()
            if now - before > OTHERS:
                self._rests = RESTS
                break
        return []
