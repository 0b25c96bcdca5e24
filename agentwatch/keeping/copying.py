"""Copying one file's content, holes left holes and blocks shared where the file system can.

Owns the copy between two open files.  Never links: see the package.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sys

from agentwatch.keeping.values import MIB, Unkept

_FICLONE = 0x40049409


def weight(found: os.stat_result) -> int:
    """How many bytes a file holds, its holes left out."""
    return min(found.st_size, found.st_blocks * 512)


def copy(source: int, target: int, most: int) -> int:
    """Copy at most so many bytes; how many it were.  Raises Unkept for more, OSError."""
    found = os.fstat(source)
    if weight(found) > most:
        raise Unkept(too_large(weight(found), most))
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a file system that shares no blocks
            fcntl.ioctl(target, _FICLONE, source)
            return weight(found)
    return _bytes(source, target, found.st_size, most)


def too_large(size: int, most: int) -> str:
    """In words."""
    return f"{size / MIB:.1f} MiB is more than the {most / MIB:.1f} MiB that may still be kept"


def _bytes(source: int, target: int, size: int, most: int) -> int:
    done = at = 0
    while at < size:
        start, end = _data(source, at, size)
        while start < end:
            part = os.pread(source, min(MIB, end - start), start)
            if not part:
                return _cut(target, start, done)
            done += len(part)
            if done > most:
                raise Unkept(too_large(done, most))
            if os.pwrite(target, part, start) != len(part):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            start += len(part)
        at = end
    return _cut(target, size, done)


def _cut(target: int, size: int, done: int) -> int:
    os.ftruncate(target, size)
    return done


def _data(source: int, at: int, size: int) -> tuple[int, int]:
    """The next stretch that is not a hole; an empty one at the end where there is none."""
    if not hasattr(os, "SEEK_DATA"):
        return at, size
    try:
        start = os.lseek(source, at, os.SEEK_DATA)
        return start, min(size, os.lseek(source, start, os.SEEK_HOLE))
    except OSError as error:
        return (size, size) if error.errno == errno.ENXIO else (at, size)
