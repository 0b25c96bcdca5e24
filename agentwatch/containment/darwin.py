"""Who forked whom on macOS, where nothing adopts orphans for us: the kernel's unique ids.

Owns the calls of libproc that tell a process's unique id and that of the process that forked it
(both stay for ever, whoever becomes its parent), and the queue that wakes the tracker at a fork.
Imported only there; needs no privilege.

What does not work: it was written from Apple's headers and tried against a stand-in only, never
on a Mac.  A process whose forker was born and dead between two looks is not recognised by its
forker's id, so a chain that forks and exits without pause may still slip away.
"""

from __future__ import annotations

import ctypes
import select
import struct
from typing import Any

from agentwatch.containment.helpers.family import Members, Table

UNTRIED = (
    "following forks by the kernel's unique ids (proc_pidinfo, kqueue) is untried on a real Mac"
)
"""A sentence for the user."""

PROC_PIDUNIQIDENTIFIERINFO = 17
_IDS = struct.Struct("=16sQQiiQQ")
"""struct proc_uniqidentifierinfo: uuid, unique id, its forker's, version, three reserved."""


class Lineage:
    """Everybody whose forker was one of ours, dead or alive."""

    def __init__(self, libproc: Any = None) -> None:
        self._libproc = libproc or ctypes.CDLL("/usr/lib/libproc.dylib")
        self._ours: set[int] = set()

    def __call__(self, rows: Table, known: Members) -> Members:
        """Who in the table descends, by unique ids, from the known members and all before them."""
        ids = {pid: found for pid in rows if (found := self._ids(pid)) is not None}
        mine = {pid for pid, born in known.items() if pid in ids and rows[pid].started == born} | {
            pid for pid, (own, _) in ids.items() if own in self._ours
        }
        self._ours.update(ids[pid][0] for pid in mine)
        while fresh := {
            pid for pid, (_, forker) in ids.items() if pid not in mine and forker in self._ours
        }:
            mine |= fresh
            self._ours.update(ids[pid][0] for pid in fresh)
        return {pid: rows[pid].started for pid in mine}

    def _ids(self, pid: int) -> tuple[int, int] | None:
        """Its unique id and its forker's; None when there is no such process for us."""
        space = ctypes.create_string_buffer(_IDS.size)
        flavor, size = ctypes.c_int(PROC_PIDUNIQIDENTIFIERINFO), ctypes.c_int(_IDS.size)
        got = self._libproc.proc_pidinfo(ctypes.c_int(pid), flavor, ctypes.c_uint64(0), space, size)
        if got != _IDS.size:
            return None
        words = _IDS.unpack(space.raw)
        return words[1], words[2]


class Forks:
    """Sleeps until one of those followed forks, or the time is over."""

    def __init__(self, kernel: Any = select) -> None:
        self._kernel = kernel
        self._queue = kernel.kqueue()
        self._followed: set[tuple[int, int]] = set()

    def follow(self, members: Members) -> None:
        """Be woken by these from now on; who is gone already is left out."""
        for pid, born in members.items():
            if (pid, born) not in self._followed and self._add(pid):
                self._followed.add((pid, born))
        self._followed &= set(members.items())

    def wait(self, seconds: float) -> None:
        """Sleep."""
        self._queue.control(None, 64, seconds)

    def _add(self, pid: int) -> bool:
        kernel = self._kernel
        flags = kernel.KQ_EV_ADD | kernel.KQ_EV_CLEAR
        event = kernel.kevent(
            pid, filter=kernel.KQ_FILTER_PROC, flags=flags, fflags=kernel.KQ_NOTE_FORK
        )
        try:
            self._queue.control([event], 0, 0)
        except OSError:
            return False
        return True
