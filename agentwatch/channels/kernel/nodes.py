"""Held calls that make folders, fifos, sockets and devices, judged as making a file is.

Owns mkdir, mknod and bind; the first two are done here, in the folder that was judged.

What does not work: a socket keeps the name it was bound by, so binding is done by the caller
itself: a thread that changes the path at that very moment makes its socket elsewhere, but never
over anything.  Abstract names and ports are not asked about, nor is listening.  A device is made
with the rights of the gate process where that is root and its caller is too, whatever capabilities
the caller gave up; making one is always asked.
"""

# ruff: noqa: TRY301
# errors of the caller's are raised where they are seen

from __future__ import annotations

import errno
import os
import socket
import stat

from . import abi, readmem, resolve
from .acts import Deed, Flag
from .caller import Caller
from .files import DONE, Held, _folder, event
from .listener import GOES_ON, Answer, Call
from .resolve import Spot

_LONGEST_ADDRESS = 128
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


def naming(caller: Caller, name: str, call: Call) -> Held | Answer:
    """bind: of a unix socket by a path it is the making of a file; raises OSError."""
    size = _folder(call.args[2])
    if not 3 <= size <= _LONGEST_ADDRESS:
        return GOES_ON
    address = readmem.memory(caller.tid, call.args[1], size)
    path = address[2:].split(b"\0", 1)[0]
    if int.from_bytes(address[:2], "little") != socket.AF_UNIX or not path:
        return GOES_ON
    with caller.rights():
        spot = free(caller, abi.AT_FDCWD, path, taken=errno.EADDRINUSE)
    try:
        said = [Flag.CREATE, Flag.EXCLUSIVE]
        seen = event(Deed.WRITE, caller, name, said, spot.name(caller), spelled=path)
    except BaseException:
        spot.close()
        raise
    return Held(caller, seen, lambda: GOES_ON, spot)


def free(
    caller: Caller,
    folder: int,
    path: bytes,
    *,
    folder_too: bool = False,
    taken: int = errno.EEXIST,
) -> Spot:
    """A name that is not taken, in a folder that is there; raises OSError."""
    head, _, last = path.rstrip(b"/").rpartition(b"/")
    if path and last in (b"", b".", b".."):  # there, if what is before it is
        os.close(resolve.find(caller, folder, head or (b"/" if path[:1] == b"/" else b".")))
        raise OSError(taken, os.strerror(taken))
    spot = resolve.parent(caller, folder, path)
    try:
        resolve.look(spot)
        if spot.handle >= 0:
            raise OSError(taken, os.strerror(taken))
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
