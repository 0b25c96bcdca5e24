"""Who made a held call: its process, user, mask and names, read once from procfs.

Owns the reading of `/proc/TID/status` and acting with the caller's file rights.  That file is dear
to read, and a program start asks for little of it: who makes one is known `briefly`, by its `stat`
alone, which is read in any case.

What does not work: as an ordinary user we cannot act as another one, so calls of a process with a
foreign user id are refused.  A process that is root only in a user namespace of its own gets its
user's rights for the files we touch for it, not that root's.  A start whose caller is traced from
outside of the tree (a person's own debugger) does not say so, as long as nobody inside traces.
"""

# ruff: noqa: PTH115, PTH116
# pathlib costs the start

from __future__ import annotations

import contextlib
import errno
import functools
import os
import re
from collections.abc import Iterator

from . import abi, readmem
from .descent import Descent, Look, look

_LONGEST = 16384
_STATUS = re.compile(
    rb"Name:\t(.*)\nUmask:\t(\d+)\nState:.*\nTgid:\t(\d+)\n(?:Ngid:.*\n)?Pid:.*\nPPid:\t(\d+)\n"
    rb"TracerPid:\t(\d+)\n(Uid:.*\nGid:.*\nFDSize:.*\nGroups:.*\nNStgid:.*\nNSpid:.*\n)"
)
_IDS = re.compile(rb"^(?:Uid|Gid|Groups|NSpid):.*$", re.MULTILINE)
_AS_WE_ARE = contextlib.nullcontext()
_ME = (os.geteuid(), os.getegid(), tuple(sorted(os.getgroups())))


def look_at(tid: int) -> None:
    """Raise OSError where a process's folders or memory are closed to us (Yama, another user)."""
    Caller(tid).root  # noqa: B018 - it raises
    handle = os.open(f"/proc/{tid}/maps", os.O_RDONLY | os.O_CLOEXEC)
    try:
        first = os.read(handle, 64).partition(b"-")[0]
    finally:
        os.close(handle)
    readmem.memory(tid, int(first, 16), 1)


_More = tuple[int, tuple[int, ...], tuple[int, ...]]
"""Mask, further groups, numbers in namespaces."""


class Caller:
    """One thread that waits."""

    __slots__ = (
        *("_more", "_root", "comm", "descent", "gid", "pid", "ppid"),
        *("tid", "traced", "uid"),
    )

    def __init__(self, tid: int, seen: Look | None = None) -> None:
        self.tid = tid
        self._root = -1
        if seen is None:
            self._read()
        else:
            self._more: _More | None = None
            self.comm, self.pid, self.ppid, self.traced = seen.comm, tid, seen.parent, False
            self.uid, self.gid = seen.uid, seen.gid
        self.descent = Descent(self.pid, seen)

    def _read(self) -> _More:
        handle = os.open(f"/proc/{self.tid}/status", os.O_RDONLY | os.O_CLOEXEC)
        try:
            lines = os.read(handle, _LONGEST)
        finally:
            os.close(handle)
        found = _STATUS.match(lines)
        if found is None:
            raise OSError(errno.ESRCH, "its status cannot be read")
        name, umask, pid, ppid, tracer, ids = found.groups()
        self.traced = tracer != b"0"
        self.comm = os.fsdecode(name)
        self.pid = int(pid)
        self.ppid = int(ppid)
        self.uid, self.gid, groups, inside = _ids(ids)
        self._more = more = (int(umask, 8), groups, inside)
        return more

    @classmethod
    def briefly(cls, tid: int) -> Caller:
        """The same for a start, where nobody of the tree can have hold of it; raises OSError.

        A process that is closed to its own user is root's in procfs.  Then it is read whole, but
        not where we are root: for a start nothing is done here with its rights but looking.
        """
        seen = look(tid)
        ours = seen.leads and (seen.uid, seen.gid) == _ME[:2]
        return cls(tid, seen if ours else None)

    @property
    def umask(self) -> int:
        """Its mask for the files it makes; raises OSError."""
        return (self._more or self._read())[0]

    @property
    def groups(self) -> tuple[int, ...]:
        """Its further groups, sorted; raises OSError."""
        return (self._more or self._read())[1]

    @property
    def inside(self) -> tuple[int, ...]:
        """Its numbers, from our pid namespace's to its own one's; raises OSError."""
        return (self._more or self._read())[2]

    @property
    def root(self) -> int:
        """Its root folder; raises OSError."""
        if self._root < 0:
            self._root = os.open(f"/proc/{self.tid}/root", abi.O_PATH | os.O_CLOEXEC)
        return self._root

    def start(self, folder: int) -> int:
        """Where its relative paths begin: its cwd or a descriptor.  Raises OSError."""
        if folder == abi.AT_FDCWD:
            return os.open(f"/proc/{self.tid}/cwd", abi.O_PATH | os.O_CLOEXEC)
        return self.open(folder)

    def open(self, number: int) -> int:
        """A handle of what one of its descriptors leads to; raises OSError (EBADF)."""
        try:
            return os.open(f"/proc/{self.tid}/fd/{number}", abi.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF)) from None

    def take(self, number: int) -> int:
        """A copy of one of its descriptors itself; raises OSError (EBADF).

        It comes out of its process's table: a thread that has another of its own is told EBADF.
        """
        process = abi.pidfd_open(self.pid)
        try:
            taken = abi.pidfd_getfd(process, number)
        finally:
            os.close(process)
        if self.tid != self.pid and not self._has(number, os.fstat(taken)):
            os.close(taken)
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return taken

    def _has(self, number: int, found: os.stat_result) -> bool:
        try:
            own = os.stat(f"/proc/{self.tid}/fd/{number}")
        except FileNotFoundError:
            return False
        return (own.st_dev, own.st_ino) == (found.st_dev, found.st_ino)

    def cwd(self) -> str:
        """Its folder, for showing; empty when it is not to be had."""
        return _leads(f"/proc/{self.tid}/cwd")

    def exe(self) -> str:
        """Its program, for showing and for covers; empty when it is not to be had."""
        return _leads(f"/proc/{self.tid}/exe")

    def rights(self) -> contextlib.AbstractContextManager[None]:
        """Touch files as the caller would; raises OSError where we cannot."""
        if (self.uid, self.gid) == _ME[:2] and (_ME[0] != 0 or self._more is None):
            return _AS_WE_ARE
        if _ME[0] != 0:
            raise OSError(errno.EPERM, "the caller is another user")
        theirs = (self.uid, self.gid, self.groups)
        return _AS_WE_ARE if theirs == _ME else self._acting(theirs)

    @contextlib.contextmanager
    def _acting(self, theirs: tuple[int, int, tuple[int, ...]]) -> Iterator[None]:
        abi.act_as(*theirs)
        try:
            yield
        finally:
            abi.act_as(*_ME)

    def at_home(self) -> bool:
        """Whether its user namespace is ours; raises OSError."""
        return os.readlink(f"/proc/{self.tid}/ns/user") == os.readlink("/proc/self/ns/user")

    def close(self) -> None:
        """Let go of what was opened."""
        if self._root >= 0:
            os.close(self._root)
            self._root = -1


def _leads(link: str) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""


@functools.lru_cache(256)
def _ids(lines: bytes) -> tuple[int, int, tuple[int, ...], tuple[int, ...]]:
    """File system user and group, groups, and the numbers of its namespaces."""
    first, second, third, fourth = (line.partition(b":\t")[2] for line in _IDS.findall(lines))
    groups = tuple(sorted(map(int, third.split())))
    return int(first.split()[3]), int(second.split()[3]), groups, tuple(map(int, fourth.split()))
