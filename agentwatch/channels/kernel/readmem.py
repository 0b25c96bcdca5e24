"""Reading a held caller's memory: what the pointers in its call point to.

Owns the copying and its bounds.  What was read can be another thread's work a moment later, so
nothing that is done by us is read twice.

What does not work: memory that the caller serves itself (userfaultfd) can hold the reader up; the
one held up is its own tree's gate, and a kill does not need it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Sequence

from . import abi

PAGE = 4096
PATH_MAX = 4096
STRING_MAX = 131072
"""The kernel's own limit for one argument."""
ARGUMENTS_MAX = 6 << 20
"""The kernel's own limit for all of them together."""

MANY = 64
SHORT = 256
"""Strings that are read in one go, and how long they may be for that."""

_ROOM = 65536
_room = bytearray(_ROOM)
_held = (ctypes.c_char * _ROOM).from_buffer(_room)
_ours = abi.Iovec(ctypes.addressof(_held), _ROOM)
_our_at = ctypes.addressof(_ours)
_wanted = bytearray(16 * MANY)
_spans = (ctypes.c_char * len(_wanted)).from_buffer(_wanted)
_spans_at = ctypes.addressof(_spans)
_SPANS = [struct.Struct(f"{2 * count}Q") for count in range(MANY + 1)]


def _read(tid: int, *spans: int) -> int:
    """Copy places and sizes, one after another, into our room; how much came, -1 for nothing."""
    count = len(spans) // 2
    _SPANS[count].pack_into(_wanted, 0, *spans)
    return int(abi.vm_read(tid, _our_at, 1, _spans_at, count, 0))


def memory(tid: int, at: int, size: int) -> bytes:
    """Exactly these bytes, at most 64 KiB; raises OSError with EFAULT."""
    if size > _ROOM:
        raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
    got = _read(tid, at, size)
    if got < 0:
        raise abi.fail()
    if got != size:
        raise OSError(errno.EFAULT, os.strerror(errno.EFAULT))
    return bytes(_room[:size])


def poke(tid: int, at: int, data: bytes) -> None:
    """Write a result where the call says it goes; raises OSError."""
    held = ctypes.create_string_buffer(data, len(data))
    ours = abi.Iovec(ctypes.addressof(held), len(data))
    theirs = abi.Iovec(at, len(data))
    if abi.vm_write(tid, ctypes.addressof(ours), 1, ctypes.addressof(theirs), 1, 0) != len(data):
        raise abi.fail()


def text(tid: int, at: int, limit: int = PATH_MAX) -> bytes:
    """The string there, without its NUL; raises OSError (EFAULT, ENAMETOOLONG)."""
    # Most are short, and what is not read need not be copied.
    size = min(SHORT, PAGE - at % PAGE)
    if _read(tid, at, size) == size and (end := _room.find(0, 0, size)) >= 0:
        return bytes(_room[:end])
    return _long(tid, at, limit)


def start(tid: int, path: int, argv: int) -> tuple[bytes, list[bytes]]:
    """A program start's path and arguments; raises OSError."""
    # Most of both is short, and then it is two reads instead of three.
    size, rest = min(SHORT, PAGE - path % PAGE), min(SHORT, PAGE - argv % PAGE)
    if argv and argv % 8 == 0 and _read(tid, path, size, argv, rest) == size + rest:
        end = _room.find(0, 0, size)
        pointers = _POINTERS[rest // 8].unpack_from(_room, size)
        if end >= 0 and 0 in pointers:
            said = bytes(_room[:end])
            return said, _strings(tid, pointers[: pointers.index(0)])
    return text(tid, path), texts(tid, argv)


def _long(tid: int, at: int, limit: int) -> bytes:
    found = b""
    while len(found) < limit:
        size = PAGE - (at + len(found)) % PAGE
        part = memory(tid, at + len(found), min(size, limit - len(found)))
        end = part.find(b"\0")
        if end >= 0:
            return found + part[:end]
        found += part
    code = errno.ENAMETOOLONG if limit == PATH_MAX else errno.E2BIG
    raise OSError(code, os.strerror(code))


def texts(tid: int, at: int) -> list[bytes]:
    """The strings of a NULL-ended list of pointers; raises OSError."""
    return _strings(tid, _pointers(tid, at))


def _strings(tid: int, pointers: Sequence[int]) -> list[bytes]:
    found: list[bytes] = []
    room = ARGUMENTS_MAX
    while len(found) < len(pointers):
        at = len(found)
        more = _at_once(tid, pointers[at : at + MANY]) or [text(tid, pointers[at], STRING_MAX)]
        found += more
        room -= sum(map(len, more)) + 9 * len(more)
        if room < 0:
            raise OSError(errno.E2BIG, os.strerror(errno.E2BIG))
    return found


def _at_once(tid: int, pointers: Sequence[int]) -> list[bytes]:
    """The first of these strings, as many as one call gets whole."""
    sizes = [min(SHORT, PAGE - pointer % PAGE) for pointer in pointers]
    spans = [number for span in zip(pointers, sizes, strict=True) for number in span]
    got = _read(tid, *spans)
    found, start = [], 0
    for size in sizes:
        end = _room.find(0, start, min(start + size, got)) if start < got else -1
        if end < 0:  # it is longer, or could not be read
            break
        found.append(bytes(_room[start:end]))
        start += size
    return found


def _pointers(tid: int, at: int) -> list[int]:
    found: list[int] = []
    while at and len(found) * 9 < ARGUMENTS_MAX:
        size = min(PAGE - at % PAGE, 256)
        if size < 8 or at % 8:  # a pointer that lies across two pages
            size = 8
        part = _POINTERS[size // 8].unpack(memory(tid, at, size - size % 8))
        if 0 in part:
            return found + list(part[: part.index(0)])
        found += part
        at += size - size % 8
    if at:
        raise OSError(errno.E2BIG, os.strerror(errno.E2BIG))
    return found


_POINTERS = [struct.Struct(f"<{count}Q") for count in range(33)]
