"""Who made a held call: its process, user, mask and names, read once from procfs.

Owns the reading of `/proc/TID/status` and acting with the caller's file rights.

What does not work: as an ordinary user we cannot act as another one, so calls of a process with a
foreign user id are refused.  A process that is root only in a user namespace of its own gets its
user's rights for the files we touch for it, not that root's.
"""

# ruff: noqa: PTH115
# pathlib costs the start

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator

from . import abi

_LONGEST = 16384
_ME = (os.geteuid(), os.getegid(), tuple(sorted(os.getgroups())))


class Caller:
    """One thread that waits."""

    __slots__ = ("_root", "comm", "gid", "groups", "inside", "pid", "ppid", "tid", "uid", "umask")

    def __init__(self, tid: int) -> None:
        self.tid = tid
        self._root = -1
        handle = os.open(f"/proc/{tid}/status", os.O_RDONLY | os.O_CLOEXEC)
        try:
            lines = os.read(handle, _LONGEST)
        finally:
            os.close(handle)
        self.comm = os.fsdecode(lines[6 : lines.index(b"\n")])
        self.umask = int(_field(lines, b"\nUmask:\t"), 8)
        self.pid = int(_field(lines, b"\nTgid:\t"))
        self.ppid = int(_field(lines, b"\nPPid:\t"))
        self.uid = int(_field(lines, b"\nUid:\t").split()[3])
        self.gid = int(_field(lines, b"\nGid:\t").split()[3])
        self.groups = tuple(sorted(map(int, _field(lines, b"\nGroups:\t").split())))
        self.inside = tuple(map(int, _field(lines, b"\nNSpid:\t").split()))

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
        """A copy of one of its descriptors itself; raises OSError (EBADF)."""
        process = abi.pidfd_open(self.pid)
        try:
            return abi.pidfd_getfd(process, number)
        finally:
            os.close(process)

    def cwd(self) -> str:
        """Its folder, for showing; empty when it is not to be had."""
        with contextlib.suppress(OSError):
            return os.readlink(f"/proc/{self.tid}/cwd")
        return ""

    def exe(self) -> str:
        """Its program, for showing and for covers; empty when it is not to be had."""
        with contextlib.suppress(OSError):
            return os.readlink(f"/proc/{self.tid}/exe")
        return ""

    @contextlib.contextmanager
    def rights(self) -> Iterator[None]:
        """Touch files as the caller would; raises OSError where we cannot."""
        theirs = (self.uid, self.gid, self.groups)
        if theirs == _ME or (theirs[:2] == _ME[:2] and _ME[0] != 0):
            yield
            return
        if _ME[0] != 0:
            raise OSError(errno.EPERM, "the caller is another user")
        abi.act_as(*theirs)
        try:
            yield
        finally:
            abi.act_as(*_ME)

    def close(self) -> None:
        """Let go of what was opened."""
        if self._root >= 0:
            os.close(self._root)
            self._root = -1


def _field(lines: bytes, name: bytes) -> bytes:
    start = lines.index(name) + len(name)
    return lines[start : lines.index(b"\n", start)]
