"""Which object a caller's path leads to: found once, held by a handle, named from outside.

Owns following a path as the kernel would for the caller: its root, cwd, descriptors and procfs.
Never opens what it finds: handles are O_PATH.  Whoever gets a Spot judges its names and acts on
its handles, so that a path changed meanwhile changes nothing.

What does not work: an object on a mount that only the agent has (its own tmpfs, a deleted file)
has no name outside; it is marked so, and so is one that is lost (see `mounts`).
"""

# ruff: noqa: PTH115, TRY301
# pathlib costs the start; errors of the caller's are raised where they are seen

from __future__ import annotations

import contextlib
import errno
import os
import stat
from dataclasses import dataclass

from . import abi, mounts
from .caller import Caller

_HANDLE = abi.O_PATH | os.O_CLOEXEC
_LINKS = 40


@dataclass(frozen=True, slots=True)
class Name:
    """What an object is called."""

    path: str
    inside: str = ""
    private: bool = False
    pipe: bool = False
    lost: bool = False
    """It may be anything of ours, and nobody can tell."""


@dataclass(slots=True)
class Spot:
    """Where a path leads: an object that is there, or a free name in a folder that is."""

    handle: int = -1
    """The object, if it is there."""
    folder: int = -1
    last: bytes = b""
    """For a name in a folder: that name, one component."""
    mounted: bool = False
    """Something is mounted over the name: what is done to it is not done to what is seen there."""
    _found: os.stat_result | None = None

    def stat(self) -> os.stat_result:
        """The object, as it was when somebody first asked; which one it is stays.  OSError."""
        if self._found is None:
            self._found = os.fstat(self.handle)
        return self._found

    def close(self) -> None:
        """Let go of the handles."""
        for handle in (self.handle, self.folder):
            if handle >= 0:
                os.close(handle)
        self.handle = self.folder = -1

    def way(self) -> str:
        """A path of our own that leads to exactly this object."""
        return f"/proc/self/fd/{self.handle}"

    def name(self, caller: Caller) -> Name:
        """The object's name, or that of the place where it would be."""
        if self.handle >= 0 and not self.mounted:
            return name(self.handle, caller, self.stat())
        found = name(self.folder, caller)
        last = os.fsdecode(self.last)
        inside = found.inside and _join(found.inside, last)
        return Name(_join(found.path, last), inside, found.private, lost=found.lost or self.mounted)


def find(caller: Caller, folder: int, path: bytes, *, follow: bool = True) -> int:
    """A handle of the object a path leads to; raises OSError."""
    if not path:
        raise _error(errno.ENOENT)
    start = -1 if path.startswith(b"/") else caller.start(folder)
    try:
        return _find(caller, start, path, follow=follow)
    finally:
        if start >= 0:
            os.close(start)


def _find(caller: Caller, start: int, path: bytes, *, follow: bool) -> int:
    flags = _HANDLE | (0 if follow else os.O_NOFOLLOW)
    inside = abi.RESOLVE_BENEATH if start >= 0 else abi.RESOLVE_IN_ROOT
    base = start if start >= 0 else caller.root
    resolve = inside | abi.RESOLVE_NO_MAGICLINKS
    try:
        found = abi.openat2(base, path, flags, resolve)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.ELOOP, errno.ENOENT):
            raise
        if error.errno == errno.ENOENT and _nowhere(base, path, flags, resolve):
            raise
        # A way through /proc/self, or up and back into the start, is for the slow walk.
        return _walk(caller, base, path, follow=follow)
    if abi.is_proc(found):
        os.close(found)
        return _walk(caller, base, path, follow=follow)
    return found


def _nowhere(base: int, path: bytes, flags: int, resolve: int) -> bool:
    """Whether a path ends in nothing, and that surely for its caller too: outside of procfs."""
    if _missing(base, path, flags, resolve):
        return True
    head, _, last = path.rstrip(b"/").rpartition(b"/")
    try:
        folder = abi.openat2(base, head or b"/", _HANDLE, resolve)
    except OSError:
        return False
    try:
        return _missing(folder, last, flags, abi.RESOLVE_BENEATH | abi.RESOLVE_NO_MAGICLINKS)
    finally:
        os.close(folder)


def _missing(base: int, path: bytes, flags: int, resolve: int) -> bool:
    """Whether a path ends in nothing before it has left its start's mount."""
    if abi.is_proc(base):
        return False
    try:
        os.close(abi.openat2(base, path, flags, resolve | abi.RESOLVE_NO_XDEV))
    except OSError as error:
        return error.errno == errno.ENOENT
    return False


def parent(caller: Caller, folder: int, path: bytes) -> Spot:
    """The folder of a path's last component, and that component; raises OSError."""
    if not path:
        raise _error(errno.ENOENT)
    head, _, last = path.rstrip(b"/").rpartition(b"/")
    if last in (b"", b".", b".."):
        raise _error(errno.EBUSY if last == b"" else errno.EINVAL)
    if path.startswith(b"/") and not head:
        head = b"/"
    return Spot(folder=find(caller, folder, head or b"."), last=last)


def place(caller: Caller, folder: int, path: bytes, *, follow: bool) -> Spot:
    """Where a file may be made: an object that is there, else its name to be.

    A link that leads nowhere yet is followed, as the kernel does.  Raises OSError.
    """
    try:
        return Spot(handle=find(caller, folder, path, follow=follow))
    except FileNotFoundError:
        pass  # then its folder is looked for
    if path.endswith(b"/"):
        raise _error(errno.EISDIR)
    spot = parent(caller, folder, path)
    for _ in range(_LINKS):
        try:
            link = os.readlink(spot.last, dir_fd=spot.folder)
        except OSError:
            return spot
        if not follow:
            spot.close()
            raise _error(errno.ELOOP)
        spot = _through(caller, spot, link)
        if spot.handle >= 0:
            return spot
    spot.close()
    raise _error(errno.ELOOP)


def _through(caller: Caller, spot: Spot, link: bytes) -> Spot:
    """One dangling link further."""
    try:
        head, _, last = link.rpartition(b"/")
        if last in (b"", b".", b".."):
            raise _error(errno.ENOENT)
        if link.startswith(b"/"):
            return Spot(folder=_find(caller, -1, head or b"/", follow=True), last=last)
        return Spot(folder=_find(caller, spot.folder, head or b".", follow=True), last=last)
    finally:
        spot.close()


def look(spot: Spot) -> None:
    """Take a handle of the object itself, if it is there; links are not followed."""
    flags = _HANDLE | os.O_NOFOLLOW
    try:
        spot.handle = abi.openat2(spot.folder, spot.last, flags, abi.RESOLVE_NO_XDEV)
    except FileNotFoundError:
        pass
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        spot.handle = os.open(spot.last, flags, dir_fd=spot.folder)
        spot.mounted = True


def _walk(caller: Caller, base: int, path: bytes, *, follow: bool) -> int:
    """Follow a path one component at a time, as the caller where procfs asks who it is."""
    at = os.dup(caller.root if path.startswith(b"/") else base)
    parts = path.split(b"/")[::-1]
    links = 0
    try:
        while parts:
            part = parts.pop()
            if part in (b"", b"."):
                if not stat.S_ISDIR(os.fstat(at).st_mode):
                    raise _error(errno.ENOTDIR)
                continue
            if part == b".." and _same(at, caller.root):
                continue
            last = not any(parts)
            step = os.open(part, _HANDLE | os.O_NOFOLLOW, dir_fd=at)
            if not stat.S_ISLNK(os.fstat(step).st_mode) or (last and not follow):
                os.close(at)
                at = step
                continue
            os.close(step)
            links += 1
            if links > _LINKS:
                raise _error(errno.ELOOP)
            at = _follow(caller, at, part, parts)
    except BaseException:
        os.close(at)
        raise
    return at


def _follow(caller: Caller, at: int, part: bytes, parts: list[bytes]) -> int:
    """Where a link leads: more parts to walk, or, for procfs's own, an object at once."""
    if abi.is_proc(at):
        if os.fstat(at).st_ino != 1:
            jumped = os.open(part, _HANDLE, dir_fd=at)
            os.close(at)
            return jumped
        if part in (b"self", b"thread-self"):
            own = _number(caller, at)
            more = [b"%d" % own] if part == b"self" else [b"%d" % own, b"task", b"%d" % own]
            parts.extend(reversed(more))
            return at
    link = os.readlink(part, dir_fd=at)
    parts.extend(link.split(b"/")[::-1])
    if link.startswith(b"/"):
        root = os.dup(caller.root)
        os.close(at)
        return root
    return at


def _number(caller: Caller, proc: int) -> int:
    """The caller's pid as this procfs numbers it; raises OSError."""
    ours = _started(os.open(f"/proc/{caller.tid}/stat", os.O_RDONLY | os.O_CLOEXEC))
    for number in reversed(caller.inside):
        with contextlib.suppress(OSError):
            there = os.open(f"{number}/stat", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
            if _started(there) == ours:
                return number
    raise _error(errno.ENOENT)


def _started(handle: int) -> bytes:
    try:
        line = os.read(handle, 4096)
    finally:
        os.close(handle)
    return line.rpartition(b")")[2].split()[19]


def _same(one: int, other: int) -> bool:
    a, b = os.fstat(one), os.fstat(other)
    return (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino)


def name(handle: int, caller: Caller, found: os.stat_result | None = None) -> Name:
    """What we call an object from outside; raises OSError."""
    shown = os.readlink(f"/proc/self/fd/{handle}")
    if not shown.startswith("/"):
        return Name(shown, pipe=True)
    found = found or os.fstat(handle)
    try:
        here = os.lstat(shown)
    except OSError:
        here = None
    if here and (here.st_dev, here.st_ino) == (found.st_dev, found.st_ino):
        return Name(shown)
    outside = mounts.outside(handle, shown, found, caller.tid)
    if outside:
        return Name(outside, shown)
    if abi.is_proc(handle):
        within = mounts.in_proc(handle, shown, caller.tid)
        return Name(within or shown, shown, private=True, lost=not within)
    return Name(shown, shown, private=True, lost=not mounts.of_its_own(handle, found))


def _join(folder: str, last: str) -> str:
    return f"{folder.rstrip('/')}/{last}"


def _error(code: int) -> OSError:
    return OSError(code, os.strerror(code))
