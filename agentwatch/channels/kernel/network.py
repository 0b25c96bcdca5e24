"""Which network a caller's socket belongs to: its own, ours, or one that nobody can look into.

Owns the comparison of networks.  A socket stays in the network it was made in, its process need
not: who listens in the one says nothing about the other.
"""

from __future__ import annotations

import ctypes
import fcntl
import functools
import os
import socket

from .acts import Family, Flag

_LOOPS = ("127.", "::ffff:127.")
_LOCAL = frozenset({"::1", "::", "0.0.0.0", "::ffff:0.0.0.0"})  # noqa: S104 - nothing is bound

_SO_TYPE = 3
_SO_PROTOCOL = 38
_SO_NETNS_COOKIE = 71
_SIOCGSKNS = 0x894C
_STREAMS = (socket.SOCK_STREAM, socket.SOCK_SEQPACKET)

_libc = ctypes.CDLL(None, use_errno=True)


def local(address: str) -> bool:
    """Whether an address, as the kernel's own text, is this machine's inner one."""
    return address in _LOCAL or address.startswith(_LOOPS)


def said(handle: int, tid: int, family: Family) -> tuple[Flag, ...]:
    """What a judgement needs to know of a socket; in doubt it is in a network elsewhere."""
    try:
        if family is Family.UNIX:  # files have one listener, whatever network it is in
            return (Flag.STREAM,) if _number(handle, _SO_TYPE) in _STREAMS else ()
        theirs = os.stat(f"/proc/{tid}/ns/net").st_ino  # noqa: PTH116 - pathlib costs the start
        cookie, ino = _ours()
        if _number(handle, _SO_NETNS_COOKIE) != cookie:
            return () if _network(handle) == theirs else (Flag.ELSEWHERE,)
        if theirs != ino:
            return (Flag.ELSEWHERE,)
        return (Flag.STREAM,) if _number(handle, _SO_PROTOCOL) == socket.IPPROTO_TCP else ()
    except OSError:
        return (Flag.ELSEWHERE,)


def _number(handle: int, name: int) -> int:
    """One number that a socket knows of itself; raises OSError."""
    value, size = ctypes.c_uint64(0), ctypes.c_uint(8)
    where = (ctypes.byref(value), ctypes.byref(size))
    if _libc.getsockopt(handle, socket.SOL_SOCKET, name, *where) < 0:
        raise OSError(ctypes.get_errno(), "no such option")
    return value.value


@functools.cache
def _ours() -> tuple[int, int]:
    """The network that this process is in: its cookie and the number of its file."""
    with socket.socket(socket.AF_UNIX) as own:
        return _number(own.fileno(), _SO_NETNS_COOKIE), os.stat("/proc/self/ns/net").st_ino  # noqa: PTH116


def _network(handle: int) -> int:
    """The number of a socket's network, where we may look at it; raises OSError."""
    found = fcntl.ioctl(handle, _SIOCGSKNS, 0)
    try:
        return os.fstat(found).st_ino
    finally:
        os.close(found)
