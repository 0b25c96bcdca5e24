"""Held program starts: what would run, and whether that is what did run.

Owns reading a start's file and arguments, scripts included, and the look at the new image before
its own code runs: the call is let go on by itself, so another thread may have changed what it
points to; then the new image is not the judged one, and it is killed.

What does not work: a hand-made static program that never asks for its thread pointer is not looked
at before its first instruction; all it does is held like everybody's.  Programs started through
binfmt_misc get ENOEXEC.  An unreadable program is taken for a native one.  A script behind a
link that is changed meanwhile runs with the judged interpreter and arguments, but may be another.
"""

# ruff: noqa: PTH116
# pathlib costs the start

from __future__ import annotations

import errno
import os
import platform
import stat
import time
from dataclasses import dataclass

from . import abi, readmem, resolve
from .acts import Deed, Flag, Observed
from .caller import Caller
from .descent import alive, started
from .files import Held, _folder
from .listener import GOES_ON, Answer, Call
from .resolve import Name, Spot

MOST_WAITING = 4096
"""Starts not seen through (they failed, or their process died) before the dead are dropped."""

MOST_HEADS = 10_000
"""Beginnings of files that are kept."""
SETTLED = 1_000_000_000
"""Nanoseconds since a file's last change from which on its times tell it from what it becomes."""

_heads: dict[tuple[int, ...], bytes] = {}
_HEAD = 256
_NESTED = 5
_MACHINES = {"x86_64": 62, "aarch64": 183}
_MINE = _MACHINES.get(platform.machine(), -1)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a process must be once its start is through."""

    device: int
    inode: int
    cmdline: bytes
    started: int
    """Its start time: another process may get its number."""
    event: Observed


class Starts:
    """The starts that were let go and not yet seen through."""

    def __init__(self) -> None:
        self._waiting: dict[int, Expected] = {}

    def expect(self, pid: int, expected: Expected) -> Answer:
        """Let a start go on, and remember what must come of it."""
        if len(self._waiting) > MOST_WAITING:
            self._waiting = {one: what for one, what in self._waiting.items() if alive(one)}
        self._waiting[pid] = expected
        return GOES_ON

    def forget(self, pid: int) -> None:
        """Its start never was: it had died."""
        self._waiting.pop(pid, None)

    def differs(self, tid: int) -> Observed | None:
        """The start that this process betrays, if its image is not the judged one."""
        expected = self._waiting.get(tid)
        if expected is None:
            return None
        if not _is(tid, expected) and started(tid) == expected.started:
            return expected.event
        del self._waiting[tid]
        return None

    def through(self, pid: int) -> bool:
        """Whether this process's start is through, as far as its image says."""
        expected = self._waiting.get(pid)
        return expected is not None and _is(pid, expected)


def _is(pid: int, expected: Expected) -> bool:
    image = os.stat(f"/proc/{pid}/exe")
    if (image.st_dev, image.st_ino) != (expected.device, expected.inode):
        return False
    handle = os.open(f"/proc/{pid}/cmdline", os.O_RDONLY | os.O_CLOEXEC)
    try:
        said = os.read(handle, len(expected.cmdline) + 1)
        while len(said) < len(expected.cmdline) and (part := os.read(handle, 1 << 20)):
            said += part
    finally:
        os.close(handle)
    return said == expected.cmdline


def starting(caller: Caller, name: str, call: Call, starts: Starts) -> Held:
    """execve, execveat; raises OSError."""
    folder, args, flags = abi.AT_FDCWD, call.args, 0
    if name == "execveat":
        folder, args, flags = _folder(args[0]), args[1:], args[4]
    path, argv = readmem.start(caller.tid, args[0], args[1])
    argv = argv or [b""]
    with caller.rights():
        if not path and flags & abi.AT_EMPTY_PATH:
            spot = Spot(handle=caller.open(folder))
        else:
            follow = not flags & abi.AT_SYMLINK_NOFOLLOW
            spot = Spot(handle=resolve.find(caller, folder, path, follow=follow))
    shown = path
    if folder != abi.AT_FDCWD and not path.startswith(b"/"):
        shown = b"/dev/fd/%d" % folder + (b"/" + path if path else b"")
    image = spot
    try:
        image, cmdline = _image(caller, spot, shown, argv)
        event = _event(caller, name, spot, image, argv, path)
        found = image.stat()
        cmd = b"\0".join(cmdline) + b"\0"
        expected = Expected(found.st_dev, found.st_ino, cmd, caller.descent[0].started, event)
    except BaseException:
        spot.close()
        raise
    finally:
        if image is not spot:
            image.close()
    spot.close()
    return Held(caller, event, lambda: starts.expect(caller.pid, expected))


def _event(
    caller: Caller, call: str, spot: Spot, image: Spot, argv: list[bytes], path: bytes
) -> Observed:
    name = spot.name(caller)
    flags = []
    exe: Name = name
    if image is not spot:
        flags.append(Flag.SCRIPT)
        exe = image.name(caller)
    if name.private or exe.private:
        flags.append(Flag.PRIVATE)
    if caller.traced:
        flags.append(Flag.TRACED)
    if name.lost or exe.lost:
        flags.append(Flag.LOST)
    return Observed(
        Deed.EXEC,
        caller.pid,
        caller.tid,
        caller.ppid,
        argv=tuple(map(os.fsdecode, argv)),
        exe=exe.path,
        path=name.path,
        spelled=os.fsdecode(path),
        flags=tuple(flags),
        cwd=caller.cwd(),
        comm=caller.comm,
        call=call,
        inside_path=name.inside,
    )


def _image(caller: Caller, spot: Spot, shown: bytes, argv: list[bytes]) -> tuple[Spot, list[bytes]]:
    """The file whose code runs in the end, and the arguments it gets; raises OSError."""
    image = spot
    for _ in range(_NESTED):
        head = _head(image)
        if not head.startswith(b"#!"):
            _native(head)
            return image, argv
        words = head[2:].split(b"\n", 1)[0].strip(b" \t\0").split(None, 1)
        if not words:
            raise OSError(errno.ENOEXEC, os.strerror(errno.ENOEXEC))
        argv = [words[0], *(word.rstrip(b" \t") for word in words[1:]), shown, *argv[1:]]
        shown = words[0]
        with caller.rights():
            found = Spot(handle=resolve.find(caller, abi.AT_FDCWD, words[0]))
        if image is not spot:
            image.close()
        image = found
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _head(spot: Spot) -> bytes:
    """How the file begins; empty when it may be run but not read.  Raises OSError."""
    found = spot.stat()
    mode = found.st_mode
    if stat.S_ISLNK(mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if not stat.S_ISREG(mode) or not mode & 0o111:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    which = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    head = _heads.get(which)
    if head is None:
        head = _read(spot)
        if found.st_ctime_ns < time.time_ns() - SETTLED and len(_heads) < MOST_HEADS:
            _heads[which] = head
    return head


def _read(spot: Spot) -> bytes:
    try:
        handle = os.open(spot.way(), os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError:
        return b""
    try:
        return os.read(handle, _HEAD)
    finally:
        os.close(handle)


def _native(head: bytes) -> None:
    """Raise OSError (ENOEXEC) for what this machine's own loader would not take."""
    if head and (head[:4] != b"\x7fELF" or int.from_bytes(head[18:20], "little") != _MINE):
        raise OSError(errno.ENOEXEC, os.strerror(errno.ENOEXEC))
