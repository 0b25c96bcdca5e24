"""Whether those who listen at a local address are all in the agent's own tree: quickly.

Owns the look at the kernel's own list of listeners, and the memory of which process of the tree
was last seen holding one.  That memory is proven anew at every use: the process must still be that
one, still in the tree, and still hold that socket.  Yes or no; no is only "not by this look", and
the supervisor then looks more slowly.

What does not work: as `supervisor.listening`, whose answer this is for streams of our own network.
Where orphans leave the tree (the portable containment), a listener that is one is not known.
"""

# ruff: noqa: PTH115
# pathlib costs the start

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

from . import network
from .acts import Family, Flag, Observed
from .descent import Process, alive, started
from .signals import below

MOST = 1024
"""Listeners that are remembered."""

_SOCK_DIAG, _BY_FAMILY, _DUMP, _DONE, _ERROR = 4, 20, 0x301, 3, 2
_LISTEN = 1 << 10
_SHOW_VFS, _VFS = 2, 1
_HEADER = struct.Struct("=IHHII")
_INET = struct.Struct("=BBBxI2s46x")
_UNIX = struct.Struct("=BBHIIIII")
_INODE_AT = 68
_FOUND = struct.Struct("=BBBxIII")
_ATTRIBUTE = struct.Struct("=HH")
_WHOLE = struct.Struct("=II")
_PATIENCE = struct.pack("@ll", 1, 0)


class _Holder(NamedTuple):
    """Who was seen holding a socket."""

    process: Process
    link: str


class Nearby:
    """The listeners of this machine that one agent's tree holds."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._holders: dict[int, _Holder] = {}
        self._line: socket.socket | None = None

    def inside(self, event: Observed) -> bool:
        """Whether an event reaches nobody but the tree; no, where this look cannot tell."""
        if Flag.STREAM not in event.flags:
            return False
        try:
            found = set(self._listening(event))
            return bool(found) and all(self._held(number) for number in found)
        except (OSError, ValueError, struct.error):
            self.close()
            return False

    def _listening(self, event: Observed) -> Iterator[int]:
        """The sockets that whoever connects there could reach, by their numbers."""
        if event.family is Family.UNIX:
            if Flag.ABSTRACT not in event.flags and event.file:
                yield from self._at_file(event.file)
        elif network.local(event.address):
            # Whoever listens at another address of this port might be the nearer one.
            for family in (socket.AF_INET, socket.AF_INET6):
                port = event.port.to_bytes(2, "big")
                said = _INET.pack(family, socket.IPPROTO_TCP, 0, _LISTEN, port)
                for answer in self._answers(said):
                    if answer[4:6] == port:
                        yield int.from_bytes(answer[_INODE_AT : _INODE_AT + 4], "little")

    def _at_file(self, file: str) -> Iterator[int]:
        major, minor, inode = map(int, file.split(":"))
        wanted = (inode & 0xFFFFFFFF, major << 20 | minor)
        said = _UNIX.pack(socket.AF_UNIX, 0, 0, _LISTEN, 0, _SHOW_VFS, 0, 0)
        for answer in self._answers(said):
            at = _FOUND.size
            while at + _ATTRIBUTE.size <= len(answer):
                size, kind = _ATTRIBUTE.unpack_from(answer, at)
                if kind == _VFS and _WHOLE.unpack_from(answer, at + _ATTRIBUTE.size) == wanted:
                    yield _FOUND.unpack_from(answer)[3]
                at += max((size + 3) & ~3, _ATTRIBUTE.size)

    def _answers(self, said: bytes) -> list[bytes]:
        """All that the kernel says to one question; raises OSError."""
        line = self._line or self._ask()
        line.send(_HEADER.pack(_HEADER.size + len(said), _BY_FAMILY, _DUMP, 1, 0) + said)
        found: list[bytes] = []
        while True:
            data = line.recv(1 << 16)
            while data:
                size, kind, *_ = _HEADER.unpack_from(data)
                if kind == _DONE:
                    return found
                if kind == _ERROR or size < _HEADER.size:
                    raise OSError(errno.EOPNOTSUPP, "it does not tell who listens")
                found.append(data[_HEADER.size : size])
                data = data[(size + 3) & ~3 :]

    def _ask(self) -> socket.socket:
        self._line = line = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _PATIENCE)
        return line

    def close(self) -> None:
        """Ask anew the next time: the rest of an answer must not be taken for the next one's."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _held(self, number: int) -> bool:
        """Whether a process of the tree has this socket open, now."""
        known = self._holders.get(number)
        if known is not None:
            with contextlib.suppress(OSError, ValueError):
                if _leads(known.link) == _name(number) and self._is_ours(known.process):
                    return True
            del self._holders[number]
        return self._search(number)

    def _is_ours(self, process: Process) -> bool:
        """Looked at after its descriptor: it was this process's if it is this process now."""
        return started(process.pid) == process.started and self._below(process.pid)

    def _below(self, pid: int) -> bool:
        return pid != self._root and below(pid, self._root)

    def _search(self, number: int) -> bool:
        """Look for who holds it, and remember what else the tree holds."""
        wanted = _name(number)
        for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib costs the start
            if not name.isdecimal():
                continue
            with contextlib.suppress(OSError, ValueError):
                pid = int(name)
                if not self._below(pid):
                    continue
                process = Process(pid, started(pid))
                for link in _links(pid):
                    if _leads(link) == wanted and self._is_ours(process):
                        if len(self._holders) >= MOST:
                            self._holders.clear()
                        self._holders[number] = _Holder(process, link)
                        return True
        return False


def _links(pid: int) -> list[str]:
    folder = f"/proc/{pid}/fd"
    return [f"{folder}/{name}" for name in os.listdir(folder)] if alive(pid) else []  # noqa: PTH208


def _leads(link: str) -> str:
    try:
        return os.readlink(link)
    except OSError:  # it was closed meanwhile
        return ""


def _name(number: int) -> str:
    return f"socket:[{number}]"
