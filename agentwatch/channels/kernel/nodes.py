"""Held calls that make folders, fifos, sockets and devices, judged as making a file is.

Owns mkdir and mknod; each is done here, in the folder that was judged.

What does not work: a device is made with the rights of the gate process where that is root and
its caller is too, whatever capabilities the caller gave up; making one is always asked.
"""

# ruff: noqa: TRY301
# errors of the caller's are raised where they are seen

from __future__ import annotations

import errno
import os
import stat

from . import readmem, resolve
from .acts import Deed, Flag
from .caller import Caller
from .files import DONE, Held, _folder, event
from .listener import Answer, Call
from .resolve import Spot

_WHITEOUT = 0
"""The character device that anybody may make: a layered file system's mark of a deletion."""


def making(caller: Caller, name: str, call: Call) -> Held:
    """mkdir, mkdirat, mknod, mknodat; raises OSError."""
    args = call.args if name.endswith("at") else (0xFFFFFF9C, *call.args)
    path = readmem.text(caller.tid, args[1])
    kind = stat.S_IFDIR if name.startswith("mkdir") else stat.S_IFMT(args[2] & 0xFFFF)
    device = args[3] & 0xFFFFFFFF if kind in (stat.S_IFCHR, stat.S_IFBLK) else 0
    mode = (kind or stat.S_IFREG) | (args[2] & 0o7777)
    with caller.rights():
        spot = free(caller, _folder(args[0]), path, folder_too=kind == stat.S_IFDIR)
    try:
        said = [Flag.CREATE, Flag.EXCLUSIVE]
        if kind == stat.S_IFDIR:
            said.append(Flag.FOLDER)
        if kind == stat.S_IFBLK or (kind == stat.S_IFCHR and device != _WHITEOUT):
            said.append(Flag.DEVICE)
        where = spot.name(caller)
        seen = event(Deed.WRITE, caller, name, said, where, mode=mode & 0o7777, spelled=path)
    except BaseException:
        spot.close()
        raise
    return Held(caller, seen, lambda: _make(caller, spot, mode, device), spot)


def free(caller: Caller, folder: int, path: bytes, *, folder_too: bool = False) -> Spot:
    """A name that is not taken, in a folder that is there; raises OSError."""
    head, _, last = path.rstrip(b"/").rpartition(b"/")
    if path and last in (b"", b".", b".."):  # there, if what is before it is
        os.close(resolve.find(caller, folder, head or (b"/" if path[:1] == b"/" else b".")))
        raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
    spot = resolve.parent(caller, folder, path)
    try:
        resolve.look(spot)
        if spot.handle >= 0:
            raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
        if path.endswith(b"/") and not folder_too:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
    except BaseException:
        spot.close()
        raise
    return spot


def _make(caller: Caller, spot: Spot, mode: int, device: int) -> Answer:
    before = os.umask(caller.umask)
    try:
        with caller.rights():
            if stat.S_ISDIR(mode):
                os.mkdir(spot.last, stat.S_IMODE(mode), dir_fd=spot.folder)
            else:
                os.mknod(spot.last, mode, device, dir_fd=spot.folder)
    finally:
        os.umask(before)
    return DONE
