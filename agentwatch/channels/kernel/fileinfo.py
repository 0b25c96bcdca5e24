"""Held calls that change what a file is called, how long it is and who may use it.

Owns links, truncation, modes and owners; each is done here, on the object that was judged.
"""

# ruff: noqa: PTH101, PTH118, PTH120, TRY301
# pathlib costs the start; errors of the caller's are raised where they are seen

from __future__ import annotations

import errno
import os
import stat

from . import abi, readmem, resolve
from .acts import Deed, Flag
from .caller import Caller
from .files import DONE, Held, _folder, event, nature
from .listener import Answer, Call
from .resolve import Name, Spot


def linking(caller: Caller, name: str, call: Call) -> Held:
    """link, linkat; raises OSError."""
    args, flags = call.args, 0
    if name == "link":
        args = (0xFFFFFF9C, args[0], 0xFFFFFF9C, args[1])
    else:
        flags = args[4]
    old_path = readmem.text(caller.tid, args[1])
    new_path = readmem.text(caller.tid, args[3])
    old = new = Spot()
    try:
        with caller.rights():
            if not old_path and flags & abi.AT_EMPTY_PATH:
                old = Spot(handle=caller.open(_folder(args[0])))
            else:
                follow = bool(flags & abi.AT_SYMLINK_FOLLOW)
                found = resolve.find(caller, _folder(args[0]), old_path, follow=follow)
                old = Spot(handle=found)
            new = resolve.parent(caller, _folder(args[2]), new_path)
        resolve.look(new)
        if new.handle >= 0:
            raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
        said = nature(old.stat().st_mode)
        names = (old.name(caller), new.name(caller))
        seen = event(Deed.LINK, caller, name, said, *names, spelled=old_path)
    except BaseException:
        old.close()
        new.close()
        raise

    def link() -> Answer:
        with caller.rights():
            is_link = stat.S_ISLNK(old.stat().st_mode)
            if is_link:  # /proc/self/fd would be followed through: only its name is left
                raise OSError(errno.EPERM, "a hard link to a symlink")
            os.link(old.way(), new.last, dst_dir_fd=new.folder, follow_symlinks=True)
        return DONE

    return Held(caller, seen, link, old, new)


def symlinking(caller: Caller, name: str, call: Call) -> Held:
    """symlink, symlinkat; raises OSError."""
    args = call.args
    folder, at = (abi.AT_FDCWD, args[1]) if name == "symlink" else (_folder(args[1]), args[2])
    target = readmem.text(caller.tid, args[0])
    path = readmem.text(caller.tid, at)
    if not target:
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
    with caller.rights():
        new = resolve.parent(caller, folder, path)
    try:
        resolve.look(new)
        if new.handle >= 0:
            raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
        where = new.name(caller)
        leads = os.path.normpath(os.path.join(os.path.dirname(where.path), os.fsdecode(target)))
        seen = event(Deed.LINK, caller, name, [Flag.SYMBOLIC], Name(leads), where, spelled=target)
    except BaseException:
        new.close()
        raise

    def symlink() -> Answer:
        with caller.rights():
            os.symlink(target, new.last, dir_fd=new.folder)
        return DONE

    return Held(caller, seen, symlink, new)


def truncating(caller: Caller, name: str, call: Call) -> Held:
    """truncate; raises OSError."""
    path = readmem.text(caller.tid, call.args[0])
    with caller.rights():
        spot = Spot(handle=resolve.find(caller, abi.AT_FDCWD, path))
    try:
        said = nature(spot.stat().st_mode)
        seen = event(Deed.TRUNCATE, caller, name, said, spot.name(caller), spelled=path)
    except BaseException:
        spot.close()
        raise

    def truncate() -> Answer:
        with caller.rights():
            os.truncate(spot.way(), _signed(call.args[1]))
        return DONE

    return Held(caller, seen, truncate, spot)


def changing_mode(caller: Caller, name: str, call: Call) -> Held:
    """chmod, fchmod, fchmodat, fchmodat2, chown, fchown, lchown, fchownat; raises OSError."""
    args, owner = call.args, "chown" in name
    rest = 2 if owner else 1
    flags = 0
    if name in ("chmod", "chown", "lchown"):
        path, folder, args = readmem.text(caller.tid, args[0]), abi.AT_FDCWD, args[1:]
        flags = abi.AT_SYMLINK_NOFOLLOW if name == "lchown" else 0
    elif name in ("fchmod", "fchown"):
        path, folder, args, flags = b"", _folder(args[0]), args[1:], abi.AT_EMPTY_PATH
    else:
        path, folder, args = readmem.text(caller.tid, args[1]), _folder(args[0]), args[2:]
        flags = 0 if name == "fchmodat" else args[rest]
    with caller.rights():
        if not path and flags & abi.AT_EMPTY_PATH and folder >= 0:
            spot = Spot(handle=caller.open(folder))
        else:
            follow = not flags & abi.AT_SYMLINK_NOFOLLOW
            spot = Spot(handle=resolve.find(caller, folder, path, follow=follow))
    try:
        return _mode_held(caller, name, spot, args[:rest], path)
    except BaseException:
        spot.close()
        raise


def _mode_held(caller: Caller, name: str, spot: Spot, values: tuple[int, ...], path: bytes) -> Held:
    found = spot.stat()
    is_link = stat.S_ISLNK(found.st_mode)
    said = nature(found.st_mode)
    owner = len(values) == 2
    mode = 0 if owner else values[0] & 0o7777
    if owner:
        said.append(Flag.OWNER)
    if is_link:
        said.append(Flag.SYMBOLIC)
    if mode & 0o6000:
        said.append(Flag.SETID)
    if mode & 0o111:
        said.append(Flag.EXECUTABLE)
    seen = event(Deed.MODE, caller, name, said, spot.name(caller), mode=mode, spelled=path)

    def change() -> Answer:
        with caller.rights():
            if owner:
                uid, gid = (_folder(value) for value in values)
                _own(spot, uid, gid)
            elif is_link:
                raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
            else:
                os.chmod(spot.way(), mode)
        return DONE

    return Held(caller, seen, change, spot)


def _own(spot: Spot, uid: int, gid: int) -> None:
    """Owner and group of exactly this object, links included."""
    abi.own(spot.handle, uid, gid)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value
