"""The format of a recording: asciicast, version 3 for keeping, version 2 for older players.

Owns one header and one event and their lines.  Never opens a file, and trusts none: sizes and
times that a file claims are bounded here.

Version 3 counts each event's time from the one before, version 2 from the start; version 2 has no
event for the exit status.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from agentwatch.model import Json

LARGEST: Final = 999
"""Rows or columns: what the agent's own terminal may have."""

SMALLEST: Final = 2

LONGEST: Final = 100.0 * 365 * 86_400
"""Seconds that an event may be away from the one before."""

SECOND: Final = 1_000_000
"""Times are whole microseconds while they are added up, so that no error gathers."""


class Code(StrEnum):
    """What an event is."""

    OUTPUT = "o"
    MARK = "m"
    RESIZE = "r"
    EXIT = "x"


@dataclass(frozen=True, slots=True)
class Event:
    """Something at a time."""

    at: int
    """Microseconds since the recording began."""
    code: Code
    data: str

    @property
    def seconds(self) -> float:
        """The time in seconds."""
        return self.at / SECOND

    @property
    def size(self) -> tuple[int, int] | None:
        """Rows and columns, where this is a change of size that makes sense."""
        cols, _, rows = self.data.partition("x")
        if self.code is not Code.RESIZE or not (_whole(cols) and _whole(rows)):
            return None
        return bounded(int(rows)), bounded(int(cols))


@dataclass(frozen=True, slots=True)
class Header:
    """What stands at the top of every part of a recording."""

    session: str
    rows: int
    cols: int
    timestamp: int
    """Seconds since the epoch when the recording began."""
    command: str = ""
    part: int = 0
    since: int = 0
    """Microseconds from the recording's beginning to this part's."""

    def v3(self) -> bytes:
        """As the first line of version 3; players pass over the name that is ours."""
        return _line(
            {
                "version": 3,
                "term": {"cols": self.cols, "rows": self.rows, "type": "xterm-256color"},
                "timestamp": self.timestamp,
                "command": self.command,
                "title": f"agentwatch: {self.session}",
                "agentwatch": {"session": self.session, "part": self.part, "since": self.since},
            }
        )

    def v2(self) -> bytes:
        """As the first line of version 2."""
        return _line(
            {
                "version": 2,
                "width": self.cols,
                "height": self.rows,
                "timestamp": self.timestamp,
                "command": self.command,
                "title": f"agentwatch: {self.session}",
                "env": {"TERM": "xterm-256color"},
            }
        )

    @classmethod
    def read(cls, line: bytes) -> Header | None:
        """What `v3` wrote; None for anything else."""
        raw = _json(line)
        if not isinstance(raw, dict) or raw.get("version") != 3:
            return None
        term, ours = _object(raw.get("term")), _object(raw.get("agentwatch"))
        return cls(
            session=str(ours.get("session") or ""),
            rows=bounded(_count(term.get("rows"), 24)),
            cols=bounded(_count(term.get("cols"), 80)),
            timestamp=_count(raw.get("timestamp"), 0),
            command=str(raw.get("command") or ""),
            part=_count(ours.get("part"), 0),
            since=_count(ours.get("since"), 0),
        )


def v3_line(event: Event, before: int) -> bytes:
    """An event as version 3 has it, after one at `before`."""
    return _event_line(event.at - before, event)


def v2_line(event: Event) -> bytes | None:
    """An event as version 2 has it; None for one it does not know."""
    return None if event.code is Code.EXIT else _event_line(event.at, event)


def read_event(line: bytes, before: int) -> Event | None:
    """The event of a line of version 3; None for a comment, a torn line or an unknown code."""
    raw = _json(line)
    if not isinstance(raw, list) or len(raw) != 3:
        return None
    interval, code, data = raw
    number = isinstance(interval, int | float) and not isinstance(interval, bool)
    if not number or not isinstance(data, str) or code not in set(Code):
        return None
    if not (math.isfinite(interval) and 0 <= interval <= LONGEST):
        return None
    return Event(before + round(interval * SECOND), Code(code), data)


def bounded(number: int) -> int:
    """A number of rows or columns that a screen can have."""
    return max(SMALLEST, min(number, LARGEST))


def _event_line(at: int, event: Event) -> bytes:
    at = max(0, at)
    time = f"{at // SECOND}.{at % SECOND:06}"
    return f'[{time}, "{event.code}", {json.dumps(event.data)}]\n'.encode()


def _line(data: Json) -> bytes:
    return json.dumps(data).encode() + b"\n"


def _json(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _object(raw: Any) -> Json:
    return raw if isinstance(raw, dict) else {}


def _count(raw: Any, otherwise: int) -> int:
    return raw if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0 else otherwise


def _whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 6
