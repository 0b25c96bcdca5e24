"""The one writer of a journal: a record is on disk before `append` returns.

Owns the order of the writes (record, fsync, head), the lock against a second writer, and what is
done with the torn line of a writer that died.  Never repairs anything else: a journal that does
not verify is not continued, because going on would rewrite its head, the only trace of a cut
tail.  On macOS fsync leaves data in the drive's own cache.
"""

from __future__ import annotations

import fcntl
import glob
import itertools
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from agentwatch.errors import AgentwatchError
from agentwatch.journal.reading import read
from agentwatch.journal.record import (
    HEAD_SIZE,
    Entry,
    Head,
    JournalError,
    encode,
    head_path,
)
from agentwatch.journal.verify import Result, verify


class Journal:
    """An open journal; safe to call from several threads."""

    def __init__(self, path: Path, session: str, file: int, head: int, last: Head) -> None:
        self.path = path
        self._session = session
        self._file = file
        self._head = head
        self._last = last
        self._broken = ""
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path, session: str) -> Journal:
        """The journal at this path, begun or continued; raises unless we are its only writer."""
        files: list[int] = []
        try:
            files.append(_open_private(path, os.O_APPEND))
            _lock_alone(files[0], path)
            last, named = _survey(path)
            files.append(_open_private(head_path(path), 0))
            journal = cls(path, session, files[0], files[1], last)
            journal._start(named)
        except BaseException as error:
            for file in files:
                os.close(file)
            if isinstance(error, OSError):
                raise JournalError(f"cannot open the journal {path}: {error}") from error
            raise
        return journal

    @property
    def head(self) -> Head:
        """The number and hash of the last record."""
        return self._last

    @property
    def seq(self) -> int:
        """The number of the last record."""
        return self._last.seq

    def append(self, type: str, data: Mapping[str, Any]) -> Entry:  # noqa: A002 - the field's name
        """Write a record and return once it is on disk; raises JournalError on any failure.

        Data that cannot be written as JSON fails alone.  After a failed write the journal stays
        broken, and nothing is tried again: part of a line may be there, and after a failed fsync
        the kernel may drop what it held and call the next fsync done.
        """
        return self.append_after(type, lambda _: data)

    def append_after(
        self,
        type: str,  # noqa: A002 - the field's name
        make: Callable[[Head], Mapping[str, Any]],
    ) -> Entry:
        """Write a record that is made from the one before it, with nothing between the two."""
        with self._lock:
            if self._broken:
                raise JournalError(
                    f"the journal {self.path} cannot be written any more: {self._broken}",
                    "make room or repair the disk, then start a new session",
                )
            now = time.time_ns() // 1_000_000
            line, entry = encode(self._last, now, self._session, type, make(self._last))
            try:
                self._write(line, entry)
            except BaseException as error:
                self._broken = f"{error}" or error.__class__.__name__
                if isinstance(error, OSError):
                    raise JournalError(f"cannot write the journal {self.path}: {error}") from error
                raise
            return entry

    def close(self) -> None:
        """Let go of the files; every later append raises."""
        with self._lock:
            if self._file >= 0:
                os.close(self._head)
                os.close(self._file)
            self._file = self._head = -1
            self._broken = self._broken or "it is closed"

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, line: bytes, entry: Entry) -> None:
        """Put a line on disk, then move the head to it."""
        written = os.write(self._file, line)
        if written != len(line):
            raise OSError(f"only {written} of {len(line)} bytes were written")
        os.fsync(self._file)
        self._write_head(Head(entry.seq, entry.hash))
        self._last = Head(entry.seq, entry.hash)

    def _write_head(self, last: Head) -> None:
        """Rewrite the head in place, in one call."""
        if os.pwrite(self._head, last.encode(), 0) != HEAD_SIZE:
            raise OSError("the head was not written whole")

    def _start(self, named: frozenset[str]) -> None:
        """Set a torn line aside, make the folder durable, record what no record names yet."""
        _set_torn_aside(self.path, self._file, named)
        self._write_head(self._last)
        os.fsync(self._head)
        _sync_folder(self.path.parent)
        for piece in _torn_pieces(self.path):
            if piece.name not in named:
                self.append("torn", {"bytes": piece.stat().st_size, "file": piece.name})


def _open_private(path: Path, flags: int) -> int:
    """A file of our own for reading and writing; raises OSError for a link or a special file."""
    flags |= os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    file = os.open(path, flags, 0o600)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(f"{path} is not a plain file")
    return file


def _lock_alone(file: int, path: Path) -> None:
    """Hold the writer's lock until the file is closed."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise AgentwatchError(
            f"another supervisor is writing the journal {path}",
            "see what is running with: agentwatch ls",
        ) from error


def _survey(path: Path) -> tuple[Head, frozenset[str]]:
    """The last record, and the torn pieces that records name; raises for a damaged journal."""
    found = verify(path)
    begun = bool(found.findings or found.records)
    if begun and found.result is not Result.AGREE:
        what = found.findings[0].what if found.findings else found.why
        raise JournalError(
            f"the journal {path} is damaged: {what}",
            "keep it as it is and start a new session",
        )
    last, named = Head(), set[str]()
    for entry in read(path):
        last = Head(entry.seq, entry.hash)
        if entry.type == "torn":
            named.add(str(entry.data.get("file")))
    return last, frozenset(named)


def _set_torn_aside(path: Path, file: int, named: frozenset[str]) -> None:
    """Move an unfinished last line into a file of its own, copied before it is cut off."""
    size = os.fstat(file).st_size
    whole = _last_newline(file, size)
    if whole == size:
        return
    taken = named | {item.name for item in _torn_pieces(path)}
    names = (path.with_suffix(f".torn-{number}") for number in itertools.count(1))
    free = next(name for name in names if name.name not in taken)
    piece = os.open(free, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        for part in _parts(file, whole, size):
            if os.write(piece, part) != len(part):
                raise OSError("the torn line could not be set aside")
        os.fsync(piece)
    finally:
        os.close(piece)
    _sync_folder(path.parent)
    os.ftruncate(file, whole)
    os.fsync(file)


def _last_newline(file: int, size: int) -> int:
    """How many bytes of a file are whole lines."""
    step, end = 65536, size
    while end > 0:
        start = max(0, end - step)
        found = os.pread(file, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _parts(file: int, start: int, end: int) -> Iterator[bytes]:
    """The bytes between two places, in bearable portions."""
    while start < end and (part := os.pread(file, min(65536, end - start), start)):
        start += len(part)
        yield part


def _torn_pieces(path: Path) -> list[Path]:
    """The pieces set aside so far."""
    return sorted(path.parent.glob(f"{glob.escape(path.stem)}.torn-*"))


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
