"""What is counted, by what, and what a trip says.

Owns the fields and their words.  Counts nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from agentwatch.model.plain import Json, canonical


class Meter(StrEnum):
    """One thing that is counted, by the name it has in rules and options."""

    DELETIONS = "deletions"
    MESSAGES = "messages"
    KIND = "kind"
    """Actions of one kind."""
    FOLDER = "folder"
    """Actions on the files of one folder."""
    HOST = "host"
    """Actions that reach one host."""
    TOOL = "tool"
    """Calls of one tool."""
    QUESTIONS = "questions"
    """Actions that a person is asked about."""
    DENIALS = "denials"
    """Refusals in a row, each of what was proposed after the one before."""
    PROCESSES = "processes"
    """Processes by which the tree has grown."""
    OUTSIDE = "outside"
    """Existing files outside the workspace that are changed or deleted, whoever allowed it."""
    BYTES = "bytes"
    """What is lost by deleting and overwriting, but for files of approved programs' own work."""
    COVERED = "covered"
    """Files that approved programs delete in the workspace: `make clean`."""


class Way(StrEnum):
    """How an action stands with the person."""

    WAITING = "waiting"
    PERSON = "allowed by you"
    GRANT = "allowed by grant"
    RULE = "allowed by rule"
    COVER = "by approved programs"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many within so long are too many."""

    count: int
    seconds: float

    def __str__(self) -> str:
        return f"{sized(self.count)}/{self.seconds:g}s"


def sized(count: int) -> str:
    """A count as a limit is written: 1GiB where it is so many bytes."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20)):
        if count >= size and count % size == 0:
            return f"{count // size}{unit}"
    return str(count)


Key = tuple[Meter, str]
"""A meter and what it is about: the folder, the host, the tool, or nothing."""


@dataclass(frozen=True, slots=True)
class Act:
    """One action as it is counted."""

    kind: str
    summary: str
    deletes: bool = False
    sends: bool = False
    tool: str = ""
    host: str = ""
    folder: str = ""
    outside: int = 0
    """Existing files outside the workspace that it changes or deletes."""
    size: int = 0
    """Bytes that it deletes or overwrites."""
    covered: bool = False
    """Whether it is part of an action that was approved: then only its reach is counted."""
    asks: bool = False

    def counted(self) -> Iterator[tuple[Key, int]]:
        """Everything that it counts for, and how much."""
        if self.outside:
            yield (Meter.OUTSIDE, ""), self.outside
        if self.size and (self.outside or not self.covered):
            yield (Meter.BYTES, ""), self.size
        if self.covered:
            if self.deletes and not self.outside:
                yield (Meter.COVERED, ""), 1
            return
        yield (Meter.KIND, self.kind), 1
        for meter, there in ((Meter.DELETIONS, self.deletes), (Meter.MESSAGES, self.sends)):
            if there:
                yield (meter, ""), 1
        for meter, name in (
            (Meter.FOLDER, self.folder),
            (Meter.HOST, self.host),
            (Meter.TOOL, self.tool),
        ):
            if name:
                yield (meter, name), 1
        if self.asks:
            yield (Meter.QUESTIONS, ""), 1


@dataclass(frozen=True, slots=True)
class Trip:
    """Why everything stands still."""

    number: int
    """Which one of the session, from 1."""
    meter: str
    """The meter's name, `budget`, or `fault`."""
    subject: str
    """The folder, host, tool or kind; the resource of a budget."""
    count: int
    limit: str
    words: str
    """One sentence."""
    ways: tuple[tuple[str, int], ...] = ()
    """How many of those counted stand how."""
    sample: tuple[str, ...] = ()
    """What some of them are, the newest last: in the agent's words as well as ours."""

    def to_json(self) -> Json:
        """The shape scripts read."""
        return {
            "number": self.number,
            "meter": self.meter,
            "subject": self.subject,
            "count": self.count,
            "limit": self.limit,
            "words": self.words,
            "ways": dict(self.ways),
            "sample": list(self.sample),
        }


def burst_digest(actions: Iterable[tuple[str, str]]) -> str:
    """What one answer to many actions is bound to: each one's id and digest, in order."""
    return hashlib.sha256(canonical([list(pair) for pair in actions]).encode()).hexdigest()
