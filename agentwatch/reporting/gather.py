"""One pass over a session's journal, keeping what a report needs and no more.

Owns the counting and the bounds: of long lists the first and the last are kept.  A line that cannot
be read is counted and passed over; whether the record is sound is what `verify` says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from agentwatch.journal import Entry, JournalError, Verification, verify
from agentwatch.journal.reading import open_lines
from agentwatch.journal.record import decode
from agentwatch.model import (
    KERNEL_GATE,
    MAY_LEAVE,
    ActionState,
    Evidence,
    Json,
    Kind,
    Reversibility,
)
from agentwatch.paths import Places
from agentwatch.reporting.parts import Ends
from agentwatch.reporting.passed import PassedFile
from agentwatch.signing import PublicKey

MOST: Final = 1_000
"""Notes, rules and grants that are kept."""

QUIET: Final = frozenset({"passed", "dropped", "evidence", "coverage", "sealed"})
"""Entries that are counted and not told one by one."""


KEPT_WHOLE: Final = {
    "session": "begun",
    "started": "started",
    "coverage": "coverage",
    "ended": "ended",
    "recording": "recording",
    "pruned": "pruned",
    "kill": "receipt",
}
"""Entries of which the last one is kept, and where."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person was asked, and how it was answered."""

    action: Json
    asked: int
    """Milliseconds since the epoch."""
    answered: int | None = None


@dataclass(slots=True)
class Gathered:
    """What one pass has kept."""

    places: Places
    passed: PassedFile
    begun: Json = field(default_factory=dict)
    started: Json = field(default_factory=dict)
    coverage: Json = field(default_factory=dict)
    ended: Json = field(default_factory=dict)
    receipt: Json | None = None
    recording: Json | None = None
    pruned: Json | None = None
    """What was removed of it since."""
    first: int | None = None
    last: int | None = None
    head: str = ""
    """The hash of the last record that could be read."""
    unreadable: int = 0
    notes: dict[str, None] = field(default_factory=dict)
    """What was not covered, in order, each once."""
    types: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    """Decisions by `allow by policy` and the like."""
    compared: Counter[str] = field(default_factory=Counter)
    """What was found afterwards of what was declared."""
    rules: Counter[str] = field(default_factory=Counter)
    grants: dict[str, Json] = field(default_factory=dict)
    timeline: Ends[Entry] = field(default_factory=lambda: Ends(60, 240))
    questions: Ends[Question] = field(default_factory=Ends)
    undeclared: Ends[Entry] = field(default_factory=Ends)
    alarms: Ends[Entry] = field(default_factory=Ends)
    may_have_left: Ends[Entry] = field(default_factory=Ends)
    waiting: dict[str, Question] = field(default_factory=dict)
    verified: Verification | None = None

    def take(self, entry: Entry) -> None:
        """One more entry."""
        self.first = entry.t if self.first is None else self.first
        self.last, self.head = entry.t, entry.hash
        self.types[entry.type] += 1
        try:
            self._sort(entry)
            if _is_told(entry):
                self.timeline.add(entry)
        except (KeyError, TypeError, ValueError, AttributeError):
            self.unreadable += 1

    def _sort(self, entry: Entry) -> None:
        data = entry.data
        if (name := KEPT_WHOLE.get(entry.type)) is not None:
            setattr(self, name, data)
        match entry.type:
            case "alarm":
                self.alarms.add(entry)
            case "evidence":
                self.compared[str(data["evidence"])] += 1
            case "passed":
                self.passed.take(data)
            case "dropped":
                self.passed.dropped(data)
            case "proposed":
                self.waiting[str(data["id"])] = Question(data, entry.t)
            case "decided":
                self._decided(entry)
            case "granted" | "revoked" | "expired" if len(self.grants) < MOST:
                self.grants[str(data["id"])] = {**data, "state": entry.type}
        for note in list(data.get("notes") or ())[: MOST - len(self.notes)]:
            self.notes[str(note)] = None

    def _decided(self, entry: Entry) -> None:
        data = entry.data
        made, allowed = data["decision"], data["state"] == ActionState.ALLOWED
        self.verdicts[f"{made['verdict']} by {made['by']}"] += 1
        if made.get("rule") and (made["rule"] in self.rules or len(self.rules) < MOST):
            self.rules[str(made["rule"])] += 1
        asked = self.waiting.pop(str(data["id"]), None)
        if asked is not None:
            self.questions.add(Question(data, asked.asked, entry.t))
        if data.get("evidence") == Evidence.UNDECLARED:
            self.undeclared.add(entry)
        stays = data["reversibility"] in (Reversibility.READ_ONLY, Reversibility.REVERSIBLE)
        stays |= data["kind"] == Kind.EXEC and self.connections_held
        if allowed and not stays and data["kind"] in MAY_LEAVE:
            self.may_have_left.add(entry)

    @property
    def connections_held(self) -> bool:
        """Whether a start says nothing of what left: each connection stands for itself."""
        return bool(self.coverage.get("network") == KERNEL_GATE)

    def close(self) -> None:
        """The end of the journal: what still waits is a question without an answer."""
        for question in self.waiting.values():
            self.questions.add(question)
        self.waiting.clear()


def gather(
    places: Places, keys: Iterable[PublicKey] | None = None, *, workers: int | None = None
) -> Gathered:
    """Read and check a session's record; raises JournalError where there is none.

    `keys` checks the signatures in it too; `workers` is how many processes may check.
    """
    found = Gathered(places, PassedFile(places.passed))
    for entry in _entries(places.journal, found):
        found.take(entry)
    found.close()
    found.verified = verify(places.journal, keys=keys, session=places.id, workers=workers)
    return found


def _entries(path: Path, found: Gathered) -> Iterator[Entry]:
    with open_lines(path) as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield decode(line, f"line {number}")
            except JournalError:
                found.unreadable += 1


def _is_told(entry: Entry) -> bool:
    """Whether it stands in the timeline: not what policy let pass as reading or as covered."""
    if entry.type != "decided":
        return entry.type not in QUIET
    data = entry.data
    decision = data.get("decision") or {}
    quiet = data.get("reversibility") == Reversibility.READ_ONLY or data.get("covered_by")
    return not (quiet and decision.get("by") == "policy" and data.get("state") == "allowed")
