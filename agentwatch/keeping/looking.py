"""What is at a path or behind a handle, links never followed.

Owns the reading of one object's state.  Changes nothing.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import os
import stat
import sys

from agentwatch.keeping.values import GONE, Sort, Unkept, Was

_SORTS = {
    stat.S_IFREG: Sort.FILE,
    stat.S_IFLNK: Sort.LINK,
    stat.S_IFDIR: Sort.FOLDER,
    stat.S_IFIFO: Sort.FIFO,
}
_ROOTS = ("security.", "trusted.")
"""Attributes that only root may set."""
_MOST = 65536

if sys.platform == "linux":
    HANDLE = os.O_PATH | os.O_CLOEXEC
else:
    HANDLE = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


def look(folder: int, name: str) -> Was:
    """What is at a name in a folder; raises Unkept for what is neither file, link nor folder."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return GONE
    sort = _sort(found)
    if sort is Sort.LINK:
        return Was.of(found, sort, target=os.readlink(name, dir_fd=folder))
    return Was.of(found, sort)


def behind(handle: int) -> Was:
    """What a handle leads to, with its attributes; raises Unkept, OSError."""
    found = os.fstat(handle)
    sort = _sort(found)
    if sort is Sort.LINK:
        return Was.of(found, sort, target=os.readlink("", dir_fd=handle))
    return Was.of(found, sort, attributes=attributes(way(handle)))


def attributes(path: str) -> tuple[tuple[str, str], ...]:
    """The extended attributes of what a path of ours leads to, where there are such."""
    if sys.platform != "linux":
        return ()
    found = []
    try:
        names = os.listxattr(path)
    except OSError as error:
        if error.errno in (errno.ENOTSUP, errno.EACCES):
            return ()
        raise
    for name in names:
        if not name.startswith(_ROOTS):
            with contextlib.suppress(OSError):
                found.append((name, base64.b64encode(os.getxattr(path, name)).decode()))
    if sum(len(value) for _, value in found) > _MOST:
        raise Unkept("its extended attributes are too large")
    return tuple(sorted(found))


def way(handle: int) -> str:
    """A path of ours that leads to exactly what a handle leads to."""
    return f"/proc/self/fd/{handle}" if sys.platform == "linux" else f"/dev/fd/{handle}"


def _sort(found: os.stat_result) -> Sort:
    sort = _SORTS.get(stat.S_IFMT(found.st_mode))
    if sort is None:
        raise Unkept("it is a socket or a device")
    return sort
