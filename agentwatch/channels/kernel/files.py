"""Held calls that change files: what each would do, and doing exactly that for the caller.

Owns opens for writing, deletions, renames, links, truncation, modes and owners.  Every one is
judged by the object found and then done here, on that object's handle: the caller's own call
never runs.

What does not work: a terminal opened by us never becomes the caller's controlling one.  Where the
kernel would refuse to reopen a stranger's file in a sticky folder (fs.protected_regular), we do
not.  A link's target is judged by where it leads when it is made.  What is done by us is not bound
by a Landlock domain that the caller entered itself, nor, for a root agent, by capabilities it gave
up: an agent's own sandbox of that kind holds back less, and the judgement is what is left of it.
On a file system without RENAME_NOREPLACE a name may be taken between judgement and rename.
"""

# ruff: noqa: TRY301
# errors of the caller's are raised where they are seen

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Callable
from typing import Any

from . import abi, procfs, readmem, resolve
from .acts import Deed, Flag, Observed
from .caller import Caller
from .listener import Answer, Call
from .resolve import Name, Spot

DONE = Answer()


class Again(Exception):
    """It cannot be done yet: try again soon (a fifo without a reader)."""


class Changed(Exception):
    """What was judged is not there any more: find and judge anew."""


class Held:
    """One held call: what it would do, and the doing."""

    __slots__ = ("_do", "_drop", "caller", "event", "kept")

    def __init__(
        self,
        caller: Caller,
        event: Observed,
        do: Callable[[], Answer],
        *drop: Spot,
    ) -> None:
        self.caller = caller
        self.event = event
        self._do = do
        self._drop = drop
        self.kept: list[Any] = []
        """What was kept aside for it."""

    @property
    def spots(self) -> tuple[Spot, ...]:
        """The objects that were judged, in the order of the event's paths."""
        return self._drop

    def carry_out(self) -> Answer:
        """Do it as it was judged; raises OSError (the caller's error), Again or Changed."""
        return self._do()

    def drop(self) -> None:
        """Let go of everything held for it."""
        for spot in self._drop:
            spot.close()
        self.caller.close()


def event(
    kind: Deed,
    caller: Caller,
    call: str,
    flags: list[Flag],
    first: Name,
    second: Name | None = None,
    *,
    mode: int = 0,
    spelled: bytes = b"",
    attribute: str = "",
    size: int = 0,
) -> Observed:
    """The value to judge."""
    names = [item for item in (first, second) if item]
    if Flag.PROC not in flags and any(item.private for item in names):
        flags.append(Flag.PRIVATE)
    if any(item.lost for item in names):
        flags.append(Flag.LOST)
    if any(item.pipe for item in names):
        flags.append(Flag.PIPE)
    return Observed(
        kind,
        caller.pid,
        caller.tid,
        caller.ppid,
        exe=caller.exe(),
        path=first.path,
        path2=second.path if second else "",
        spelled=os.fsdecode(spelled),
        flags=tuple(flags),
        comm=caller.comm,
        mode=mode,
        call=call,
        attribute=attribute,
        size=size,
        inside_path=first.inside,
    )


def nature(mode: int) -> list[Flag]:
    """What sort of object it is."""
    if stat.S_ISDIR(mode):
        return [Flag.FOLDER]
    return [] if stat.S_ISREG(mode) or stat.S_ISLNK(mode) else [Flag.DEVICE]


def opening(caller: Caller, name: str, call: Call) -> Held:
    """open, openat, creat; raises OSError."""
    if name == "openat":
        folder, at, flags, mode = _folder(call.args[0]), *call.args[1:4]
    elif name == "creat":
        at, mode = call.args[:2]
        folder, flags = abi.AT_FDCWD, os.O_CREAT | os.O_WRONLY | os.O_TRUNC
    else:
        folder, (at, flags, mode) = abi.AT_FDCWD, call.args[:3]
    flags &= 0xFFFFFFFF
    path = readmem.text(caller.tid, at)
    if path == b"/dev/tty":
        path = procfs.terminal(caller)
    making = bool(flags & os.O_CREAT)
    follow = not (flags & os.O_NOFOLLOW or (making and flags & os.O_EXCL))
    with caller.rights():
        if making:
            spot = resolve.place(caller, folder, path, follow=follow)
        else:
            spot = Spot(handle=resolve.find(caller, folder, path, follow=follow))
    try:
        return _open_held(caller, name, spot, flags, mode & 0o7777, path)
    except BaseException:
        spot.close()
        raise


def _open_held(caller: Caller, name: str, spot: Spot, flags: int, mode: int, path: bytes) -> Held:
    said: list[Flag] = []
    own = False
    size = 0
    if spot.handle >= 0:
        found = spot.stat()
        if flags & os.O_CREAT and flags & os.O_EXCL:
            raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
        if stat.S_ISLNK(found.st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        said += nature(found.st_mode)
        size = found.st_size if flags & os.O_TRUNC else 0
        if abi.is_proc(spot.handle):
            said.append(Flag.PROC)
            own = procfs.needs_own_namespace(spot.handle)
        if flags & abi.O_TMPFILE:
            said.append(Flag.TEMPORARY)
    else:
        said.append(Flag.CREATE)
    for bit, flag in ((os.O_TRUNC, Flag.TRUNCATE), (os.O_APPEND, Flag.APPEND)):
        if flags & bit:
            said.append(flag)
    if flags & os.O_EXCL:
        said.append(Flag.EXCLUSIVE)
    named = spot.name(caller)
    seen = event(Deed.WRITE, caller, name, said, named, mode=mode, spelled=path, size=size)
    return Held(caller, seen, lambda: _open(caller, spot, flags, mode, own=own), spot)


def _open(caller: Caller, spot: Spot, flags: int, mode: int, *, own: bool) -> Answer:
    """Open what was judged and hand it over; `own` by the caller's own user namespace."""
    fifo = spot.handle >= 0 and stat.S_ISFIFO(spot.stat().st_mode)
    ours = (flags & ~os.O_CLOEXEC) | os.O_CLOEXEC | os.O_NOCTTY
    with caller.rights():
        if spot.handle < 0:
            handle = _make(caller, spot, ours, mode)
        elif own:
            handle = procfs.opened_inside(caller, spot.handle, ours)
        else:
            keep = ours & ~(os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW)
            if ours & abi.O_TMPFILE:
                keep |= ours & os.O_EXCL
            handle = _reopen(caller, spot, keep | (os.O_NONBLOCK if fifo else 0), mode)
    if fifo and not flags & os.O_NONBLOCK:
        now = fcntl.fcntl(handle, fcntl.F_GETFL)
        fcntl.fcntl(handle, fcntl.F_SETFL, now & ~os.O_NONBLOCK)
    return Answer(handle=handle, cloexec=bool(flags & os.O_CLOEXEC))


def _make(caller: Caller, spot: Spot, flags: int, mode: int) -> int:
    """Make the file, and only make it: one that came meanwhile was not judged."""
    before = os.umask(caller.umask)
    try:
        wanted = flags | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        return os.open(spot.last, wanted, mode, dir_fd=spot.folder)
    except FileExistsError:
        if flags & os.O_EXCL:
            raise
        raise Changed from None
    finally:
        os.umask(before)


def _reopen(caller: Caller, spot: Spot, flags: int, mode: int) -> int:
    before = os.umask(caller.umask)
    try:
        return os.open(spot.way(), flags, mode)
    except OSError as error:
        if error.errno == errno.ENXIO and flags & os.O_NONBLOCK:
            raise Again from None
        raise
    finally:
        os.umask(before)


def deleting(caller: Caller, name: str, call: Call) -> Held:
    """unlink, unlinkat, rmdir; raises OSError."""
    at_call = name == "unlinkat"
    folder = _folder(call.args[0]) if at_call else abi.AT_FDCWD
    is_folder = name == "rmdir" or (at_call and bool(call.args[2] & abi.AT_REMOVEDIR))
    path = readmem.text(caller.tid, call.args[1] if at_call else call.args[0])
    with caller.rights():
        spot = resolve.parent(caller, folder, path)
    try:
        resolve.look(spot)
        if spot.handle < 0:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        found = spot.stat()
        said, size = nature(found.st_mode), 0 if stat.S_ISDIR(found.st_mode) else found.st_size
        seen = event(Deed.DELETE, caller, name, said, spot.name(caller), spelled=path, size=size)
    except BaseException:
        spot.close()
        raise

    def delete() -> Answer:
        with caller.rights():
            if is_folder:
                os.rmdir(spot.last, dir_fd=spot.folder)
            else:
                os.unlink(spot.last, dir_fd=spot.folder)
        return DONE

    return Held(caller, seen, delete, spot)


def renaming(caller: Caller, name: str, call: Call) -> Held:
    """rename, renameat, renameat2; raises OSError."""
    args = call.args
    flags = args[4] & 0xFFFFFFFF if name == "renameat2" else 0
    if name == "rename":
        args = (_UNSIGNED_CWD, args[0], _UNSIGNED_CWD, args[1])
    old_path = readmem.text(caller.tid, args[1])
    new_path = readmem.text(caller.tid, args[3])
    old = new = Spot()
    try:
        with caller.rights():
            old = resolve.parent(caller, _folder(args[0]), old_path)
            new = resolve.parent(caller, _folder(args[2]), new_path)
        resolve.look(old)
        resolve.look(new)
        if old.handle < 0:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        said, size = nature(old.stat().st_mode), 0
        if new.handle >= 0:
            size = 0 if flags & 2 else new.stat().st_size
            said.append(Flag.EXCHANGE if flags & 2 else Flag.REPLACE)
        names = (old.name(caller), new.name(caller))
        seen = event(Deed.RENAME, caller, name, said, *names, spelled=old_path, size=size)
    except BaseException:
        old.close()
        new.close()
        raise

    def rename() -> Answer:
        with caller.rights():
            _rename(old, new, flags)
        return DONE

    return Held(caller, seen, rename, old, new)


def _rename(old: Spot, new: Spot, flags: int) -> None:
    """Rename; onto a name that was free when it was judged, only while it is."""
    only = _NOREPLACE if new.handle < 0 and not flags else flags
    try:
        abi.rename(old.folder, old.last, new.folder, new.last, only)
    except OSError as error:
        if only == flags:
            raise
        if error.errno == errno.EEXIST:
            raise Changed from None
        if error.errno != errno.EINVAL:
            raise
        # A file system that cannot say "only if free".
        abi.rename(old.folder, old.last, new.folder, new.last, flags)


_NOREPLACE = 1
_UNSIGNED_CWD = 0xFFFFFF9C


def _folder(number: int) -> int:
    """A descriptor argument: an int in the lower half of its register."""
    low = number & 0xFFFFFFFF
    return low - (1 << 32) if low >> 31 else low
