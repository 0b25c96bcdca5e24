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

_room = ctypes.create_string_buffer(65536)
_ours = abi.Iovec(ctypes.addressof(_room), 0)
_theirs = abi.Iovec(0, 0)
_our_at = ctypes.addressof(_ours)
_their_at = ctypes.addressof(_theirs)


def memory(tid: int, at: int, size: int) -> bytes:
    """Exactly these bytes, at most 64 KiB; raises OSError with EFAULT."""
    if size > len(_room):
        raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
    _ours.length = _theirs.length = size
    _theirs.base = at
    got = abi.vm_read(tid, _our_at, 1, _their_at, 1, 0)
    if got < 0:
        raise abi.fail()
    if got != size:
        raise OSError(errno.EFAULT, os.strerror(errno.EFAULT))
    return _room.raw[:size] if size > PAGE else ctypes.string_at(_room, size)


def poke(tid: int, at: int, data: bytes) -> None:
    """Write a result where the call says it goes; raises OSError."""
    held = ctypes.create_string_buffer(data, len(data))
    ours = abi.Iovec(ctypes.addressof(held), len(data))
    theirs = abi.Iovec(at, len(data))
    if abi.vm_write(tid, ctypes.addressof(ours), 1, ctypes.addressof(theirs), 1, 0) != len(data):
        raise abi.fail()


def text(tid: int, at: int, limit: int = PATH_MAX) -> bytes:
    """The string there, without its NUL; raises OSError (EFAULT, ENAMETOOLONG)."""
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
    pointers = _pointers(tid, at)
    found = _at_once(tid, pointers[:MANY])
    room = ARGUMENTS_MAX - sum(map(len, found)) - 9 * len(found)
    for pointer in pointers[len(found) :]:
        found.append(text(tid, pointer, STRING_MAX))
        room -= len(found[-1]) + 9
        if room < 0:
            raise OSError(errno.E2BIG, os.strerror(errno.E2BIG))
    return found


def _at_once(tid: int, pointers: list[int]) -> list[bytes]:
    """The first of these strings, as many as one call gets whole."""
    spans = [(pointer, min(SHORT, PAGE - pointer % PAGE)) for pointer in pointers]
    wanted = struct.pack(f"{2 * len(spans)}Q", *(number for span in spans for number in span))
    _ours.length = SHORT * MANY
    held = ctypes.c_char_p(wanted)
    where = ctypes.cast(held, ctypes.c_void_p).value
    got = abi.vm_read(tid, _our_at, 1, where, len(spans), 0)
    if got <= 0:
        return []
    read, found, start = ctypes.string_at(_room, got), [], 0
    for _, size in spans:
        end = read.find(b"\0", start, start + size)
        if end < 0:  # it is longer, or could not be read
            break
        found.append(read[start:end])
        start += size
    return found


def _pointers(tid: int, at: int) -> list[int]:
    found: list[int] = []
    while at and len(found) * 9 < ARGUMENTS_MAX:
        size = min(PAGE - at % PAGE, 256) or 256
        if size < 8 or at % 8:  # a pointer that lies across two pages
            size = 8
        part = memory(tid, at, size - size % 8)
        for start in range(0, len(part), 8):
            pointer = int.from_bytes(part[start : start + 8], "little")
            if not pointer:
                return found
            found.append(pointer)
        at += len(part)
    if at:
        raise OSError(errno.E2BIG, os.strerror(errno.E2BIG))
    return found
