"""What a session tells its listeners, and what it writes down.

Owns the listeners, the notes a person should keep in sight, and the one road into the journal.
Decides nothing; a record that cannot be written raises where somebody waits for it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from agentwatch.journal import Head, Journal
from agentwatch.model import Json
from agentwatch.signing import Signer
from agentwatch.supervisor.vouching import Vouching

Listener = Callable[[Json], None]

REFUSALS_RECORDED = 100
"""Refused messages written one by one; further ones are only counted, or an agent that sends
garbage could fill the disk."""
ALARM = 4000
"""Characters of an alarm, or a refusal: it is read at once, and may quote what an agent wrote."""


class Telling:
    """The listeners and the journal of one session."""

    def __init__(self, journal: Journal, signer: Signer, notes: tuple[str, ...]) -> None:
        self.listeners: set[Listener] = set()
        self.notes = list(notes)
        self._journal = journal
        self.vouching = Vouching(journal, signer)
        self.anchored: Callable[[Head], None] = lambda _: None
        """Hands the head of the record on to wherever else it is kept."""
        self._refused = 0
        self._failed = False

    def publish(self, event: Json) -> None:
        """Tell every listener."""
        for listener in list(self.listeners):
            listener(event)

    def alarm(self, text: str) -> None:
        """Something a person should look at now."""
        text = _cut(text)
        self.note("alarm", {"text": text})
        self.publish({"event": "alarm", "text": text, "at": time.time()})

    def refused(self, who: str, what: str, *, alarm: bool = False) -> None:
        """A message or a peer that was turned away."""
        self._refused += 1
        if self._refused <= REFUSALS_RECORDED or self._refused % 1000 == 0:
            what = _cut(what)
            self.note("refused", {"who": who, "what": what, "count": self._refused})
            if alarm:
                self.alarm(f"{who} was refused: {what}")

    def note(self, kind: str, data: Json) -> None:
        """Record what needs no answer; a failure is shown, the gate denies from then on anyway."""
        with contextlib.suppress(Exception):
            self.record_or_raise(kind, data)

    def add_notes(self, kind: str, notes: tuple[str, ...]) -> None:
        """What a person should know for as long as the session lives."""
        self.notes += notes
        self.note(kind, {"notes": list(notes)})

    def record_or_raise(self, kind: str, data: Json) -> None:
        """Record what must not be missing; raises where it cannot be written."""
        try:
            self._journal.append(kind, self.vouching.signed(kind, data))
        except Exception as error:
            self.say_failed(error)
            raise

    def seal(self, now: float | None = None) -> None:
        """Sign the head of the record where that is due; a failure is shown, and then denies."""
        try:
            if (head := self.vouching.seal(now)) is not None:
                self.anchored(head)
        except Exception as error:  # noqa: BLE001 - whatever it was, decisions fail from here on
            self.say_failed(error)

    def say_failed(self, error: Exception) -> None:
        """Say once that the record cannot be written."""
        if not self._failed:
            self._failed = True
            text = f"the record cannot be written, so everything is denied: {error}"
            self.notes.append(text)
            self.publish({"event": "alarm", "text": text, "at": time.time()})


def _cut(text: str) -> str:
    return text if len(text) <= ALARM else f"{text[:ALARM]}…"
