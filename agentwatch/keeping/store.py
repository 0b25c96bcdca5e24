"""The store of one session, as whoever keeps aside writes it.

Owns the folder, its index (one line for each path, written after its content) and the bounds.
There is one writer.  What cannot be kept is an Unkept, and leaves nothing behind that counts.

Each action keeps a path once, as it was when the action first came to it; what an action made
itself needs no keeping.  Lines are handed to the kernel, not waited for until they are on the
disk: a crash of the whole machine may take the last ones.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agentwatch.keeping import copying
from agentwatch.keeping.looking import HANDLE, behind, way
from agentwatch.keeping.values import GONE, Entry, Limits, Sort, Unkept, Was, Who

INDEX = "index.jsonl"
MOST = 500_000
"""Paths of one session: each is remembered while it lasts."""
MOST_NAMES = 20_000
"""Names below one folder that is moved away."""
_ENCODE = json.JSONEncoder(separators=(",", ":")).encode
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Place:
    """A path that is about to change."""

    path: str
    handle: int
    """What is there; -1 where nothing is.  Never read through when it was opened for its path."""
    meta: bool = False
    """Only mode, owner or attributes change."""
    below: bool = False
    """All that lies below goes with it."""
    to: str = ""
    """Where what lies below goes: those names are made."""


@dataclass(slots=True)
class _Spent:
    """What one call may still take."""

    bytes: int
    names: int = field(default_factory=lambda: MOST_NAMES)


class Keeper:
    """The writer of one session's store."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        folder.mkdir(mode=0o700, exist_ok=True)
        self._index = os.open(folder / INDEX, _WRITE | os.O_APPEND, 0o600)
        self._left = limits.session
        self._number = 0
        self._torn = False
        self._seen: dict[tuple[str, str], bool] = {}
        """By action and path: whether the content is kept, or nothing was there."""
        self._absent: set[tuple[str, str]] = set()

    def keep(self, places: Iterable[Place], group: str, who: Who) -> list[Entry]:
        """Keep what is about to change, for one action; raises Unkept."""
        spent = _Spent(min(self._limits.file, self._left))
        done: list[Entry] = []
        try:
            for place in places:
                for one in self._each(place, spent):
                    done += self._one(one, group, who, spent)
        except (OSError, RecursionError) as error:
            self.retract(done)
            why = error.strerror if isinstance(error, OSError) else "it is nested too deeply"
            raise Unkept(why or str(error)) from error
        except Unkept:
            self.retract(done)
            raise
        return done

    def lost(self, path: str, group: str, who: Who, why: str) -> None:
        """Write down that a path changed without being kept; raises OSError."""
        self._write(self._entry(path, group, who, GONE, unkept=why or "it could not be kept"))

    def retract(self, entries: Iterable[Entry]) -> None:
        """What was kept did not happen after all."""
        numbers = []
        for entry in entries:
            numbers.append(entry.number)
            self._seen.pop((entry.group, entry.path), None)
            self._absent.discard((entry.group, entry.path))
            if entry.object:
                self._left += (self._folder / entry.object).stat().st_blocks * 512
                (self._folder / entry.object).unlink()
        if numbers:
            with contextlib.suppress(OSError):  # then undoing it would put back what is there
                self._line({"retract": numbers})

    def close(self) -> None:
        """Let go of the index."""
        os.close(self._index)

    def _each(self, place: Place, spent: _Spent) -> Iterator[Place]:
        """A place, and what goes with it: before its folder where it is there, as in rm."""
        if place.below and place.handle >= 0:
            handle = os.open(way(place.handle), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                for name in os.listdir(handle):  # noqa: PTH208 - a handle
                    yield from self._in_folder(place, name, handle, spent)
            finally:
                os.close(handle)
        yield place

    def _in_folder(self, above: Place, name: str, folder: int, spent: _Spent) -> Iterator[Place]:
        spent.names -= 1
        if spent.names < 0:
            raise Unkept(f"there are more than {MOST_NAMES} files in it")
        handle = os.open(name, HANDLE | os.O_NOFOLLOW, dir_fd=folder)
        try:
            is_folder = behind(handle).sort is Sort.FOLDER
            to = f"{above.to}/{name}" if above.to else ""
            place = Place(f"{above.path}/{name}", handle, below=is_folder, to=to)
            yield from self._each(place, spent)
            if to:
                yield Place(to, -1)
        finally:
            os.close(handle)

    def _one(self, place: Place, group: str, who: Who, spent: _Spent) -> list[Entry]:
        """Keep one place, unless this action has it already or made it itself."""
        key = (group, place.path)
        if self._seen.get(key, False) or (place.meta and key in self._seen):
            return []
        if place.handle < 0 or self._made(group, place.path):
            was, content = GONE, ""
        else:
            was = behind(place.handle)
            whole = was.sort is Sort.FILE and not place.meta
            content = self._content(place.handle, spent) if whole else ""
        meta = place.meta and was.sort is not Sort.ABSENT
        entry = self._entry(place.path, group, who, was, content, meta=meta)
        self._write(entry)
        self._seen[key] = not meta
        if was.sort is Sort.ABSENT:
            self._absent.add(key)
        return [entry]

    def _made(self, group: str, path: str) -> bool:
        """Whether it lies in a folder that this action made."""
        if not self._absent:
            return False
        while (path := path.rpartition("/")[0]) != "":
            if (group, path) in self._absent:
                return True
        return False

    def _content(self, handle: int, spent: _Spent) -> str:
        """The content of a file, in the store; raises Unkept, OSError."""
        name = f"{self._number + 1:08}"
        source = os.open(way(handle), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            target = os.open(self._folder / name, _WRITE, 0o600)
            try:
                size = copying.copy(source, target, spent.bytes)
            except BaseException:
                (self._folder / name).unlink()
                raise
            finally:
                os.close(target)
        finally:
            os.close(source)
        spent.bytes -= size
        self._left -= size
        return name

    def _entry(
        self,
        path: str,
        group: str,
        who: Who,
        was: Was,
        content: str = "",
        *,
        meta: bool = False,
        unkept: str = "",
    ) -> Entry:
        self._number += 1
        return Entry(
            self._number, round(time.time(), 3), group, path, was, content, meta, unkept, who
        )

    def _write(self, entry: Entry) -> None:
        self._line(entry.to_json())

    def _line(self, data: object) -> None:
        line = (_ENCODE(data) + "\n").encode()
        if len(line) > self._left or len(self._seen) >= MOST:
            raise Unkept("what may be kept in this session is used up")
        if self._torn:  # the rest of a line that did not fit must not be taken for this one's
            line = b"\n" + line
        self._torn = True
        if os.write(self._index, line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._torn = False
        self._left -= len(line)
