"""Who a process is and whom it descends from, read from procfs as far as somebody asks.

Owns the one reading of `/proc/PID/stat`.  A process is its number and its start time: another one
may get the number.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

GENERATIONS = 256
"""Ancestors that are looked at."""


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
    return line[line.rindex(b")") + 2 :].split()


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


class Descent(Sequence[Process]):
    """A process and its ancestors, nearest first, each read when it is asked for.

    What does not work: the process is held, its ancestors are not; one that has just gone makes
    its children somebody else's.
    """

    __slots__ = ("_known", "_next")

    def __init__(self, pid: int) -> None:
        self._known: list[Process] = []
        self._next = pid

    def _more(self) -> bool:
        pid = self._next
        if pid <= 1 or len(self._known) >= GENERATIONS:
            return False
        self._next = 0
        try:
            fields = stat(pid)
        except (OSError, ValueError):
            return False
        self._known.append(Process(pid, int(fields[19])))
        self._next = int(fields[1])
        return True

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
