"""What became of the demo's inbox, counted from the files and from the session's record.

Owns the counting and its sentences.  Believes the agent in nothing but that a deletion failed:
what is gone is looked up in the folder.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from agentwatch import journal
from agentwatch.demo import inbox
from agentwatch.demo.inbox import Numbers
from agentwatch.model import Json, Receipt, Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """The inbox after everything, message by message number."""

    at_start: Numbers
    left: Numbers
    allowed: Numbers
    """Allowed by a person, and then really deleted by the agent."""
    denied: Numbers
    """Denied by a person."""
    after_kill: Numbers
    """Gone between the kill and the last look."""
    watched: float
    """Seconds from the kill to the last look."""
    receipt: Receipt | None

    @property
    def unasked(self) -> Numbers:
        """Gone although nobody had allowed it."""
        return self.at_start - self.left - self.allowed

    @property
    def kept(self) -> Numbers:
        """Denied, and still there."""
        return self.denied & self.left

    @property
    def ok(self) -> bool:
        """Whether the demo has shown what it is there to show."""
        clean = self.receipt is not None and self.receipt.clean
        return clean and bool(self.allowed) and bool(self.kept) and not self.after_kill

    def to_json(self) -> Json:
        """The shape scripts read."""
        return {
            "ok": self.ok,
            "at_start": len(self.at_start),
            "deleted_with_approval": len(self.allowed),
            "deleted_behind_your_back": len(self.unasked),
            "worth_keeping_among_those": len(missed(self.unasked)),
            "denied": len(self.denied),
            "denied_and_still_there": len(self.kept),
            "left": len(self.left),
            "deleted_after_the_kill": len(self.after_kill),
            "watched_after_the_kill_s": round(self.watched, 3),
            "receipt": self.receipt.to_json() if self.receipt else None,
        }

    def lines(self) -> list[str]:
        """What a person reads at the end."""
        killed = self.receipt.sentence() if self.receipt else "not killed: the agent ran to its end"
        after = f"{len(self.after_kill) or 'none'}  (watched for {self.watched:.1f} s)"
        rows = [
            ("messages at the start", str(len(self.at_start))),
            ("deleted with your approval", str(len(self.allowed))),
            ("denied by you", f"{len(self.denied)}, still there: {len(self.kept)}"),
            (
                "deleted behind your back",
                f"{len(self.unasked)}, worth keeping among them: {len(missed(self.unasked))}",
            ),
            ("left", str(len(self.left))),
            ("the kill", killed),
        ]
        if self.receipt:
            rows.append(("deleted after the kill", after))
        return [f"{label:<27} {text}" for label, text in rows]


def missed(numbers: Iterable[int]) -> Numbers:
    """Those of the messages that their owner wanted to keep."""
    return frozenset(number for number in numbers if inbox.LETTERS[number - 1].keep)


@dataclass(frozen=True, slots=True)
class Look:
    """What was left at one moment."""

    left: Numbers
    at: float
    """By the monotonic clock."""


def look(maildir: Path) -> Look:
    """What is left now."""
    return Look(inbox.numbers(maildir), time.monotonic())


def watch(maildir: Path, since: Look, seconds: float) -> Look:
    """Look again until so many seconds after the first look; ends early if something went."""
    while True:
        now = look(maildir)
        if now.left != since.left or now.at - since.at >= seconds:
            return now
        time.sleep(0.05)


def count(
    record: Path, at_start: Numbers, at_kill: Look, later: Look, receipt: Receipt | None
) -> Outcome:
    """Put the folder and the session's record together."""
    allowed, denied = decided(record)
    return Outcome(
        at_start=at_start,
        left=later.left,
        allowed=allowed - later.left,
        denied=denied,
        after_kill=at_kill.left - later.left,
        watched=later.at - at_kill.at,
        receipt=receipt,
    )


def decided(record: Path) -> tuple[Numbers, Numbers]:
    """The messages a person allowed to be deleted, less those that failed, and those denied."""
    allowed: dict[str, int] = {}
    denied: set[int] = set()
    for entry in journal.read(record):
        data = entry.data
        if entry.type == "decided" and data["decision"]["by"].startswith("person:"):
            if data["decision"]["verdict"] == Verdict.ALLOW:
                allowed[data["id"]] = _number(data)
            else:
                denied.add(_number(data))
        elif entry.type == "outcome" and data["done"] is False:
            allowed.pop(data["action"], None)
    return frozenset(allowed.values()), frozenset(denied)


def _number(action: Json) -> int:
    return inbox.number_of(Path(action["path"]))
