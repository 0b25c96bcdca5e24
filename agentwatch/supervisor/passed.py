"""What passed below the agent without a question: read from the gate process's own record.

Owns reading that record, in order and once, and its folding into the journal: an entry says how
many lines came, where they stand, their digest and what they belonged to.  Decides nothing.

What does not work: lines that came after the last entry are not yet in the journal's chain.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agentwatch.channels.kernel.acts import Observed
from agentwatch.model import Json

_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Line:
    """One call that passed."""

    event: Observed
    started: int
    """The start time of its process."""
    rule: str
    cover: str
    """The action it belongs to, if to one."""


class Passed:
    """The record of one session."""

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        self.path = path
        self.handle = os.open(path, flags, 0o600)
        """For the gate process to append to."""
        self._read = 0
        self._rest = b""
        self._forget()

    def _forget(self) -> None:
        self._from = self._read - len(self._rest)
        self._digest = hashlib.sha256()
        self._lines = self._unread = 0
        self._kinds: Counter[str] = Counter()
        self._covers: Counter[str] = Counter()

    def new(self) -> Iterator[Line]:
        """The lines that came since the last look; raises OSError."""
        while part := os.pread(self.handle, _AT_ONCE, self._read):
            self._read += len(part)
            *lines, self._rest = (self._rest + part).split(b"\n")
            for line in lines:
                self._digest.update(line + b"\n")
                if found := self._taken(line):
                    yield found

    def _taken(self, line: bytes) -> Line | None:
        try:
            _, started, rule, cover, event = json.loads(line)
            found = Line(Observed.from_json(event), int(started), str(rule), str(cover))
        except (ValueError, TypeError, KeyError):
            self._unread += 1
            return None
        self._lines += 1
        self._kinds[found.event.kind.value] += 1
        if found.cover:
            self._covers[found.cover] += 1
        return found

    def entry(self) -> Json | None:
        """What the journal should know of the lines since the last entry; None for no lines."""
        if not self._lines and not self._unread:
            return None
        end = self._read - len(self._rest)
        said: Json = {
            "passed": self._lines,
            "kinds": dict(self._kinds),
            "covers": dict(self._covers),
            "file": self.path.name,
            "from": self._from,
            "to": end,
            "sha256": self._digest.hexdigest(),
        }
        if self._unread:
            said["unreadable"] = self._unread
        self._forget()
        return said

    def close(self) -> None:
        """Let go of it."""
        os.close(self.handle)
