"""The pace of a replay: which events are due, and the steps from mark to mark.

Owns the place in the recording, the speed and the pause.  Does no timing of its own: time that has
passed is handed in.  Draws nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentwatch.recording.cast import SECOND, Code, Event
from agentwatch.recording.tape import Scene, Tape

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


class Playback:
    """One replay of one tape."""

    def __init__(
        self, tape: Tape, *, speed: float = 1.0, idle_limit: float | None = None, step: bool = False
    ) -> None:
        self._tape = tape
        self._idle = None if idle_limit is None else round(idle_limit * SECOND)
        self._step = step
        self.speed = speed
        self.paused = False
        self.at = 0
        """Microseconds of the recording that were played."""
        self.mark = -1
        """The number of the last mark that was passed."""
        self._credit = 0.0
        self._events: Iterator[Event] = tape.events()
        self._next: Event | None = next(self._events, None)

    @property
    def over(self) -> bool:
        """Whether everything was played."""
        return self._next is None

    def pass_time(self, seconds: float) -> Iterator[Event]:
        """The events that are due after so much more time."""
        if self.paused:
            return
        self._credit += seconds * self.speed * SECOND
        while self._next is not None and (gap := self._gap(self._next)) <= self._credit:
            self._credit -= gap
            event = self._take(self._next)
            yield event
            if self._step and event.code is Code.MARK:
                self.paused = True
                self._credit = 0.0
                return

    def forward(self) -> Iterator[Event]:
        """Everything up to and with the next mark, without waiting."""
        self._credit = 0.0
        while self._next is not None:
            event = self._take(self._next)
            yield event
            if event.code is Code.MARK:
                return

    def back(self) -> Scene:
        """The screen at the mark before the last one that was passed; the start, if there is none.

        The recording goes on from there.
        """
        wanted = max(-1, self.mark - 1)
        scene, self._events = self._tape.scene(wanted)
        known = {mark.number: mark.at for mark in self._tape.marks}
        self.mark, self.at, self._credit = wanted, known.get(wanted, 0), 0.0
        self._next = next(self._events, None)
        return scene

    def faster(self, steps: int) -> None:
        """The next speed up or down."""
        near = min(range(len(SPEEDS)), key=lambda place: abs(SPEEDS[place] - self.speed))
        self.speed = SPEEDS[max(0, min(len(SPEEDS) - 1, near + steps))]

    def pause(self) -> None:
        """Stop, or go on."""
        self.paused = not self.paused

    def _gap(self, event: Event) -> int:
        gap = max(0, event.at - self.at)
        return gap if self._idle is None else min(gap, self._idle)

    def _take(self, event: Event) -> Event:
        self.at = max(self.at, event.at)
        self.mark += event.code is Code.MARK
        self._next = next(self._events, None)
        return event
