"""Who a process is and whom it descends from, read from procfs as far as somebody asks.

Owns the one reading of `/proc/PID/stat`.  A process is its number and its start time: another one
may get the number.
"""

from __future__ import annotations

import errno
import os
import select
from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

GENERATIONS = 256
"""Ancestors that are looked at."""

_WANTED = 20
"""Fields of a process's stat that somebody asks for."""

_SIGNAL = 35
"""The field of the signal that tells a process's parent of its end."""

MOST_KNOWN = 256
"""Processes that are known by a handle."""


class Process(NamedTuple):
    """One process, told from a later one with the same number."""

    pid: int
    started: int


def stat(pid: int) -> list[bytes]:
    """The fields of a process's stat from its state on; raises OSError."""
    handle = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    try:
        line = os.read(handle, 4096)
    finally:
        os.close(handle)
    # Its name may hold anything, brackets and blanks too.
    return line[line.rindex(b")") + 2 :].split(None, _WANTED)


class Look(NamedTuple):
    """What one reading of a thread's stat tells."""

    comm: str
    parent: int
    started: int
    leads: bool
    """It is its process's first thread, whose number is the process's."""
    uid: int
    gid: int
    """Whose it is as procfs has it: root's where the process is closed to its own user."""


def look(tid: int) -> Look:
    """Read a thread's stat; raises OSError where it is not to be understood."""
    handle = os.open(f"/proc/{tid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    try:
        owner = os.fstat(handle)
        line = os.read(handle, 4096)
    finally:
        os.close(handle)
    try:
        name, _, rest = line.partition(b"(")[2].rpartition(b") ")
        fields = rest.split(None, _SIGNAL + 1)
        parent, start, signal = int(fields[1]), int(fields[19]), fields[_SIGNAL]
    except (ValueError, IndexError):
        raise OSError(errno.ESRCH, "its stat cannot be read") from None
    # Other threads tell nobody when they end.
    return Look(os.fsdecode(name), parent, start, signal != b"-1", owner.st_uid, owner.st_gid)


def started(pid: int) -> int:
    """When a process started, in the kernel's own units; raises OSError."""
    return int(stat(pid)[19])


def alive(pid: int) -> bool:
    """Whether a process of this number is there."""
    try:
        started(pid)
    except OSError:
        return False
    return True


class Acquaintances:
    """Processes that call again and again, known anew by a handle of theirs.

    A handle is of one process, whoever has its number later: where that one is there, the number
    is its own, and it started when it did.
    """

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}
        self._known: dict[int, tuple[select.poll, int, int]] = {}

    def started(self, pid: int) -> int:
        """When a process started, if it is known and there; else -1."""
        known = self._known.get(pid)
        if known is None:
            return -1
        if known[0].poll(0):  # it has ended
            os.close(self._known.pop(pid)[1])
            return -1
        return known[2]

    def met(self, pid: int, start: int) -> None:
        """A process was read; from the second time on it is known."""
        if self._seen.get(pid) != start:
            if len(self._seen) >= MOST_KNOWN:
                self._seen.clear()
            self._seen[pid] = start
            return
        del self._seen[pid]
        try:
            handle = os.pidfd_open(pid)
        except OSError:
            return
        if _started(pid) != start:  # the handle may be of whoever came after it
            os.close(handle)
            return
        if len(self._known) >= MOST_KNOWN:
            self.close()
        ends = select.poll()
        ends.register(handle, select.POLLIN)
        self._known[pid] = (ends, handle, start)

    def close(self) -> None:
        """Know nobody."""
        for _, handle, _ in self._known.values():
            os.close(handle)
        self._known.clear()


acquaintances = Acquaintances()


def _started(pid: int) -> int:
    try:
        return started(pid)
    except (OSError, ValueError, IndexError):
        return -1


class Descent(Sequence[Process]):
    """A process and its ancestors, nearest first, each read when it is asked for.

    What does not work: the process is held, its ancestors are not; one that has just gone makes
    its children somebody else's.
    """

    __slots__ = ("_known", "_next")

    def __init__(self, pid: int, seen: Look | None = None) -> None:
        self._known: list[Process] = []
        self._next = pid
        if seen is not None:
            self._known.append(Process(pid, seen.started))
            self._next = seen.parent

    def _more(self) -> bool:
        pid = self._next if self._next >= 0 else self._parent()
        if pid <= 1 or len(self._known) >= GENERATIONS:
            return False
        self._next = 0
        start = acquaintances.started(pid)
        if start >= 0:
            self._known.append(Process(pid, start))
            self._next = -pid  # its parent may be another by the time that somebody asks
            return True
        try:
            fields = stat(pid)
        except (OSError, ValueError):
            return False
        start = int(fields[19])
        acquaintances.met(pid, start)
        self._known.append(Process(pid, start))
        self._next = int(fields[1])
        return True

    def _parent(self) -> int:
        """Of the last one that was known without being read; 0 where it has gone meanwhile."""
        try:
            fields = stat(-self._next)
        except (OSError, ValueError):
            return 0
        return int(fields[1]) if int(fields[19]) == self._known[-1].started else 0

    @overload
    def __getitem__(self, at: int) -> Process: ...
    @overload
    def __getitem__(self, at: slice) -> list[Process]: ...

    def __getitem__(self, at: int | slice) -> Process | list[Process]:
        """One of them, the process itself being the first; raises IndexError."""
        if isinstance(at, slice) or at < 0:
            return list(self)[at]
        while len(self._known) <= at:
            if not self._more():
                raise IndexError(at)
        return self._known[at]

    def __len__(self) -> int:
        """How many can be read."""
        while self._more():
            pass
        return len(self._known)

    def __iter__(self) -> Iterator[Process]:
        at = 0
        while at < len(self._known) or self._more():
            yield self._known[at]
            at += 1
