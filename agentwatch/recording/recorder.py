"""Writing a recording while the agent prints.

Owns the thread that writes, the files, and their bounds.  Never blocks whoever hands in output,
and never raises at them: a recording that fails is told once and ends there.  It is evidence, not
a decision: the journal is what must be written before something happens, so a full disk denies
through the journal, not through this.

A recording lies in parts of 8 MiB, each a whole asciicast.  Of more than eight the first and the
newest seven are kept: how it began, and what happened last.

What does not work:
- What the last moment printed is lost with a supervisor that is killed outright.
- After parts that were dropped a screen is drawn from what comes next, and is wrong until the
  agent has drawn it anew.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from agentwatch.model import Json
from agentwatch.recording.cast import SECOND, Code, Event, Header, v3_line

PART: Final = 8 * 1024 * 1024
"""Bytes of one part."""

KEPT: Final = 8
"""Parts of one recording."""

WAITING: Final = 1024 * 1024
"""Characters that may wait to be written; more is left out, and that is marked."""

ROUND: Final = 0.04
"""Seconds between two rounds of writing; what is printed within one becomes one event."""

PATIENCE: Final = 3.0
"""Seconds a disk has at the end to take what still waits."""


class Recorder:
    """One recording, from its first byte to its end."""

    def __init__(
        self,
        folder: Path,
        header: Header,
        failed: Callable[[str], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        part: int = PART,
    ) -> None:
        """Raises OSError where it cannot begin; `failed` is called from the writing thread."""
        folder.mkdir(mode=0o700)
        self._files = _Files(folder, header, part)
        self._failed = failed
        self._clock = clock
        self._began = clock()
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._lock = threading.Lock()
        self._waiting: list[Event] = []
        self._weight = self._left_out = 0
        self._broken = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write_all, name="recording", daemon=True)
        self._thread.start()

    def output(self, data: bytes) -> None:
        """The agent printed this."""
        text = self._decode(data)
        with self._lock:
            if self._weight + len(text) > WAITING:
                self._left_out += len(text)
                return
            self._say_left_out()
            last = self._waiting[-1] if self._waiting else None
            if last is not None and last.code is Code.OUTPUT and len(last.data) < 65536:
                self._waiting[-1] = replace(last, data=last.data + text)
                self._weight += len(text)
            elif text:
                self._put(Code.OUTPUT, text)

    def resized(self, rows: int, cols: int) -> None:
        """The terminal has another size."""
        with self._lock:
            self._put(Code.RESIZE, f"{cols}x{rows}")

    def mark(self, label: str) -> None:
        """Something a person may want to step to."""
        with self._lock:
            self._say_left_out()
            if self._weight <= 2 * WAITING:
                self._put(Code.MARK, label)

    def end(self, status: int | None) -> list[Json]:
        """Write what waits and close; the parts that are kept, with their digests."""
        with self._lock:
            self._say_left_out()
            if status is not None:
                self._put(Code.EXIT, str(status))
        self._over.set()
        self._thread.join(PATIENCE)
        return self._files.told()

    def _put(self, code: Code, data: str) -> None:
        at = round((self._clock() - self._began) * SECOND)
        self._waiting.append(Event(at, code, data))
        self._weight += len(data)

    def _say_left_out(self) -> None:
        if self._left_out and self._weight < WAITING:
            left, self._left_out = self._left_out, 0
            self._put(Code.MARK, f"{left} characters of output are not recorded: too many at once")

    def _write_all(self) -> None:
        over = False
        while not over:
            over = self._over.wait(ROUND)
            with self._lock:
                events, self._waiting, self._weight = self._waiting, [], 0
            try:
                for event in () if self._broken else events:
                    self._files.write(event)
            except Exception as error:  # noqa: BLE001 - whatever it was, the agent goes on
                self._broken = True
                self._failed(f"the terminal is not recorded any more: {error}")
        self._files.close()


@dataclass(slots=True)
class _Part:
    path: Path
    number: int
    size: int = 0


class _Files:
    """The parts on disk; used by the writing thread alone until that has ended."""

    def __init__(self, folder: Path, header: Header, part: int) -> None:
        self._folder = folder
        self._header = header
        self._limit = part
        self._parts: list[_Part] = []
        self._digests: dict[int, str] = {}
        self._before = 0
        self._file = -1
        self._hash = hashlib.sha256()
        self._open()

    def write(self, event: Event) -> None:
        """Put an event on disk, in a new part where the last one is full; raises OSError."""
        if size := event.size:
            self._header = replace(self._header, rows=size[0], cols=size[1])
        line = v3_line(event, self._before)
        if self._parts[-1].size + len(line) > self._limit:
            self._header = replace(
                self._header, part=self._parts[-1].number + 1, since=self._before
            )
            self._open()
        self._append(line)
        self._before = event.at

    def close(self) -> None:
        """Let go of the last part."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            self._digests[self._parts[-1].number] = self._hash.hexdigest()

    def told(self) -> list[Json]:
        """The parts that are kept; without a digest where the writing has not ended."""
        return [
            {"file": f"{part.path.parent.name}/{part.path.name}", "bytes": part.size,
             "sha256": self._digests.get(part.number)}
            for part in list(self._parts)
        ]  # fmt: skip

    def _open(self) -> None:
        self.close()
        number = self._header.part
        path = self._folder / f"{number:05}.cast"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)
        self._hash = hashlib.sha256()
        self._parts.append(_Part(path, number))
        self._append(self._header.v3())
        if len(self._parts) > KEPT:
            gone = self._parts.pop(1)
            self._digests.pop(gone.number, None)
            gone.path.unlink(missing_ok=True)

    def _append(self, line: bytes) -> None:
        written = os.write(self._file, line)
        self._hash.update(line[:written])
        self._parts[-1].size += written
        if written != len(line):
            raise OSError(f"only {written} of {len(line)} bytes were written")
