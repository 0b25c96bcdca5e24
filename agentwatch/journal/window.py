"""Looking at a part of a journal: a page before or after a place, however long the file is.

Owns finding whole lines around a byte, and the search for a number or a time by halving.  Keeps
nothing of the file in memory but the page that was asked for.  Never judges the chain; `verify`
does: a line that is no record is passed over here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentwatch.journal.reading import open_lines
from agentwatch.journal.record import Entry, JournalError, decode

BLOCK: Final = 256 * 1024
"""Bytes read at once."""

LONGEST: Final = 64 * 1024 * 1024
"""Bytes of one line beyond which it is passed over."""

_TYPE = re.compile(rb'"type":"([a-z-]{1,40})","v":[0-9]+,"hash":"[0-9a-f]{64}"\}\n?\Z')

Wanted = Callable[[str, bytes], bool]
"""Whether a record is wanted, by its type and its line as it stands in the file."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A record, and the byte where its line begins."""

    place: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Stretch:
    """A page of records, oldest first, and the bytes that were looked through for it."""

    records: tuple[Placed, ...]
    start: int
    end: int


class Window:
    """One journal, looked at a page at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def size(self) -> int:
        """How long the file is now; 0 where there is none."""
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def before(self, place: int, count: int, wanted: Wanted) -> Stretch:
        """The last records before a place; raises JournalError where there is no journal."""
        found: list[Placed] = []
        start = end = place
        for at, line in self._back(place):
            start = at
            if (entry := _read(line, wanted)) is not None:
                found.append(Placed(at, entry))
                if len(found) == count:
                    break
        return Stretch(tuple(reversed(found)), start, end)

    def after(self, place: int, count: int, wanted: Wanted, most: int | None = None) -> Stretch:
        """The first records from a place on, `most` bytes of it; likewise."""
        found: list[Placed] = []
        end = place
        for at, line in self._forth(place):
            if most is not None and at - place > most:
                break
            end = at + len(line)
            if (entry := _read(line, wanted)) is not None:
                found.append(Placed(at, entry))
                if len(found) == count:
                    break
        return Stretch(tuple(found), place, end)

    def find(self, reached: Callable[[Entry], bool]) -> int:
        """The place of the first record for which that is so, where it is so for all after it."""
        low, high = 0, self.size
        while low < high:
            middle = (low + high) // 2
            placed = next(self._records(middle), None)
            if placed is None or placed.place >= high or reached(placed.entry):
                high = middle
            else:
                low = placed.place + 1
        placed = next(self._records(low), None)
        return placed.place if placed else self.size

    def _records(self, place: int) -> Iterator[Placed]:
        """Every record whose line begins at a place or after it."""
        for at, line in self._forth(self._line_start(place)):
            if (entry := _read(line, lambda _type, _line: True)) is not None:
                yield Placed(at, entry)

    def _line_start(self, place: int) -> int:
        """The beginning of the first line that begins at a place or after it."""
        if place <= 0:
            return 0
        with open_lines(self._path) as file:
            file.seek(place - 1)
            return place - 1 + len(file.readline(LONGEST))

    def _forth(self, place: int) -> Iterator[tuple[int, bytes]]:
        with open_lines(self._path) as file:
            file.seek(place)
            while line := file.readline(LONGEST):
                if line.endswith(b"\n"):
                    yield place, line
                place += len(line)

    def _back(self, place: int) -> Iterator[tuple[int, bytes]]:
        """The whole lines before a place, the nearest first."""
        with open_lines(self._path) as file:
            rest: list[bytes] = []
            start = min(place, os.fstat(file.fileno()).st_size)
            while start > 0:
                size = min(BLOCK, start)
                start -= size
                file.seek(start)
                block = file.read(size)
                head, newline, tail = block.partition(b"\n")
                if not newline and start > 0:
                    rest.insert(0, block)
                    continue
                whole = block if start == 0 else tail
                lines = b"".join([whole, *rest]).splitlines(keepends=True)
                rest = [] if start == 0 else [head + newline]
                at = start if start == 0 else start + len(head) + 1
                yield from _placed(lines, at)


def type_of(line: bytes) -> str | None:
    """A record's type, from the end of its line: what stands there no agent has a hand in."""
    found = _TYPE.search(line, max(0, len(line) - 200))
    return found[1].decode() if found else None


def _placed(lines: list[bytes], at: int) -> Iterator[tuple[int, bytes]]:
    places = []
    for line in lines:
        places.append(at)
        at += len(line)
    for place, line in zip(reversed(places), reversed(lines), strict=True):
        if line.endswith(b"\n"):
            yield place, line


def _read(line: bytes, wanted: Wanted) -> Entry | None:
    name = type_of(line)
    if name is None or not wanted(name, line):
        return None
    try:
        return decode(line, "a line")
    except JournalError:
        return None
