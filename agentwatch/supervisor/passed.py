"""What passed below the agent without a question: read from the gate process's own record.

Owns reading that record, in order and once, and its folding into the journal: an entry says how
many lines came, where they stand, their digest and what they belonged to.  Of the files that are
full and folded it keeps the last ones.  Decides nothing.

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
from agentwatch.channels.kernel.ledger import part
from agentwatch.model import Json

KEPT = 2
"""Full files that stay, besides the one that is being written."""
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
        """For the gate process to append to, before anything is read."""
        self._file = self.handle
        self._number = 1
        self._oldest = 1
        self.count = 0
        """Calls in it, since the beginning."""
        self._done: list[Json] = []
        """Entries about files that were read to their end."""
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
        while True:
            # Looked for first: once it is there, nothing more comes into the one before.
            over = os.path.lexists(part(str(self.path), self._number + 1))
            yield from self._new_here()
            if not over:
                return
            self._turn()

    def _new_here(self) -> Iterator[Line]:
        while data := os.pread(self._file, _AT_ONCE, self._read):
            self._read += len(data)
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                self._digest.update(line + b"\n")
                if found := self._taken(line):
                    yield found

    def _turn(self) -> None:
        """Go on with the next file."""
        following = part(str(self.path), self._number + 1)
        file = os.open(following, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        if self._rest:  # a line that did not fit: its call was refused
            self._digest.update(self._rest)
            self._unread, self._rest = self._unread + 1, b""
        if (entry := self._entry()) is not None:
            self._done.append(entry)
        os.close(self._file)
        self._file, self._number, self._read = file, self._number + 1, 0
        self._forget()

    def _taken(self, line: bytes) -> Line | None:
        try:
            _, started, rule, cover, event = json.loads(line)
            found = Line(Observed.from_json(event), int(started), str(rule), str(cover))
        except (ValueError, TypeError, KeyError):
            self._unread += 1
            return None
        self._lines += 1
        self.count += 1
        self._kinds[found.event.kind.value] += 1
        if found.cover:
            self._covers[found.cover] += 1
        return found

    def entries(self) -> list[Json]:
        """What the journal should know of the lines since the last entries."""
        done, self._done = self._done, []
        return [*done, entry] if (entry := self._entry()) is not None else done

    def _entry(self) -> Json | None:
        if not self._lines and not self._unread:
            return None
        end = self._read - len(self._rest)
        said: Json = {
            "passed": self._lines,
            "kinds": dict(self._kinds),
            "covers": dict(self._covers),
            "file": self._name(self._number),
            "from": self._from,
            "to": end,
            "sha256": self._digest.hexdigest(),
        }
        if self._unread:
            said["unreadable"] = self._unread
        self._forget()
        return said

    def outdated(self) -> list[Json]:
        """The files before the last full ones, once everything in them was in an entry."""
        if self._done:
            return []
        names = [self._name(number) for number in range(self._oldest, self._number - KEPT)]
        return [{"file": name, "bytes": self.path.with_name(name).stat().st_size} for name in names]

    def drop(self, name: str) -> None:
        """Remove the oldest file, which is this one; raises OSError."""
        if name != self._name(self._oldest):
            raise OSError(f"{name} is not the oldest file")
        self.path.with_name(name).unlink()
        self._oldest += 1

    def _name(self, number: int) -> str:
        return part(self.path.name, number)

    def close(self) -> None:
        """Let go of it."""
        os.close(self._file)
