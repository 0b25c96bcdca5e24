"""Reading a recording: its marks, its events in order, the screen as it was at a mark.

Owns the files while they are read, from the disk each time, so that a long recording is never in
memory.  Never trusts them: what cannot be read is passed over.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.recording.cast import Code, Event, Header, read_event, v2_line, v3_line
from agentwatch.regular import opened

MOST_MARKS: Final = 20_000
"""Marks that can be stepped to; of more, the newest."""

LINE: Final = 16 * 1024 * 1024
"""Bytes of one line; no recorder of ours writes a longer one."""

TAIL: Final = 64 * 1024
"""Characters before a mark that its screen is drawn from."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place to step to."""

    number: int
    """Counts every mark of the recording from 0."""
    at: int
    label: str

    @property
    def seconds(self) -> float:
        """The time in seconds."""
        return self.at / 1_000_000


@dataclass(frozen=True, slots=True)
class Scene:
    """The screen at a place: its size, and the output it is drawn from."""

    rows: int
    cols: int
    output: str
    whole: bool
    """Whether that is everything that was printed before."""


class Tape:
    """One session's recording."""

    def __init__(self, folder: Path) -> None:
        """Raises AgentwatchError where there is none."""
        self._folder = folder
        self.header = self._first()
        self.length = 0
        """Microseconds to the last event."""
        self.status: str | None = None
        """The exit status, where the recording reaches to the end."""
        marks: deque[Mark] = deque(maxlen=MOST_MARKS)
        numbers = itertools.count()
        for event in self.events():
            self.length = event.at
            if event.code is Code.MARK:
                marks.append(Mark(next(numbers), event.at, event.data))
            elif event.code is Code.EXIT:
                self.status = event.data
        self.marks = list(marks)

    def events(self) -> Iterator[Event]:
        """Every event, oldest first."""
        at, last = 0, -1
        for path in self._parts():
            with opened(path) as file:
                header = Header.read(file.readline(LINE))
                if header is None:
                    continue
                at = max(at, header.since)
                yield Event(at, Code.RESIZE, f"{header.cols}x{header.rows}")
                if header.part != last + 1:
                    yield Event(at, Code.MARK, "what was printed before this is not kept")
                last = header.part
                while line := file.readline(LINE):
                    if (event := read_event(line, at)) is not None:
                        at = event.at
                        yield event

    def scene(self, number: int) -> tuple[Scene, Iterator[Event]]:
        """The screen at the mark of that number, -1 for the start, and what comes after it."""
        rows, cols = self.header.rows, self.header.cols
        kept: deque[str] = deque()
        weight, whole, seen = 0, True, -1
        events = self.events()
        for event in events if number >= 0 else ():
            if event.code is Code.OUTPUT:
                kept.append(event.data)
                weight += len(event.data)
            elif size := event.size:
                rows, cols = size
            elif event.code is Code.MARK:
                seen += 1
            while weight > TAIL and len(kept) > 1:
                weight -= len(kept.popleft())
                whole = False
            if seen == number:
                break
        return Scene(rows, cols, "".join(kept), whole), events

    def v3(self) -> Iterator[bytes]:
        """The whole recording as one asciicast, version 3."""
        yield self.header.v3()
        before = 0
        for event in self.events():
            yield v3_line(event, before)
            before = event.at

    def v2(self) -> Iterator[bytes]:
        """The same for players of version 2."""
        yield self.header.v2()
        for event in self.events():
            if (line := v2_line(event)) is not None:
                yield line

    def _first(self) -> Header:
        for path in self._parts():
            with opened(path) as file:
                if (header := Header.read(file.readline(LINE))) is not None:
                    return header
        raise AgentwatchError(
            f"there is no recording of {self._folder.parent.name}",
            "an agent on its own terminal is recorded, unless `run --no-record` said not to; old "
            "ones are pruned; `agentwatch report` and `agentwatch log` need none",
            ExitCode.NOT_FOUND,
        )

    def _parts(self) -> list[Path]:
        return sorted(path for path in self._folder.glob("*.cast") if path.is_file())
