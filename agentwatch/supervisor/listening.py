"""Whether those who listen at an address are all in the agent's own tree.

Owns the reading of who listens where.  Decides nothing; in doubt the answer is no.

What does not work:
- Who listens is looked at before the connection is made: somebody outside who comes to listen at
  the same address in between is connected to without a question.
- A listening socket that a process outside shares with one inside counts as inside.
- A unix socket of another network namespace is not seen; so a file that nobody seems to listen at
  is asked about, unless it lies in a folder of the agent's own.
- A port that the machine hands on without a listener (a container's, by translation of addresses)
  has nobody to be found, so it is asked about.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import struct
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from agentwatch.channels.kernel.acts import Deed, Family, Flag, Observed

_SOCKET = re.compile(r"socket:\[(\d+)\]")
_LISTENS = "0A"
_TABLES = ("tcp", "tcp6", "udp", "udp6")
_SOCK_DIAG, _BY_FAMILY, _DUMP, _DONE, _ERROR = 4, 20, 0x301, 3, 2
_SHOW_VFS, _VFS = 2, 1
_HEADER = struct.Struct("=IHHII")
_FOUND = struct.Struct("=BBBxIII")
_ATTRIBUTE = struct.Struct("=HH")


def inside(event: Observed, pids: Collection[int], *, left: bool = False) -> bool:
    """Whether all who listen where this event reaches are among these processes.

    Somebody must, but at a file that is known to be the agent's own and only `left` there.
    """
    if event.kind not in (Deed.CONNECT, Deed.DATAGRAM) or Flag.ELSEWHERE in event.flags:
        return False
    try:
        sockets = set(_local(event) if event.family is not Family.UNIX else _unix(event))
    except (OSError, ValueError, struct.error):
        return False
    return bool(sockets or left) and sockets <= set(_held(pids))


def _local(event: Observed) -> Iterator[int]:
    """The sockets of this machine at a port, as the caller's network has them."""
    address = ipaddress.ip_address(event.address.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None) or address
    if not (mapped.is_loopback or mapped.is_unspecified):
        return
    for name in _TABLES:
        table = Path(f"/proc/{event.pid}/net/{name}")
        with suppress(FileNotFoundError):
            for line in table.read_text().splitlines()[1:]:
                words = line.split()
                _, _, port = words[1].partition(":")
                bound = name.startswith("udp") or words[3] == _LISTENS
                # Whoever listens at another address of this port might be the nearer one.
                if bound and int(port, 16) == event.port:
                    yield int(words[9])


def _unix(event: Observed) -> Iterator[int]:
    """The sockets that are bound to a file, by the file that the gate holds: names are moved."""
    if Flag.ABSTRACT in event.flags or not event.file:
        return
    major, minor, inode = map(int, event.file.split(":"))
    wanted = (inode & 0xFFFFFFFF, major << 20 | minor)
    for number, file in _bound():
        if file == wanted:
            yield number


def _bound() -> Iterator[tuple[int, tuple[int, int]]]:
    """Every unix socket that has a file: its number, and the file's number and device."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as ask:
        said = struct.pack("=BBHIIIII", socket.AF_UNIX, 0, 0, 0xFFFFFFFF, 0, _SHOW_VFS, 0, 0)
        ask.settimeout(1)
        ask.send(_HEADER.pack(_HEADER.size + len(said), _BY_FAMILY, _DUMP, 1, 0) + said)
        while True:
            data = ask.recv(1 << 16)
            while data:
                size, kind, *_ = _HEADER.unpack_from(data)
                if kind in (_DONE, _ERROR):
                    return
                yield from _one(data[_HEADER.size : size])
                data = data[(size + 3) & ~3 :]


def _one(data: bytes) -> Iterator[tuple[int, tuple[int, int]]]:
    """The number and the file in one answer, where it has a file."""
    number = _FOUND.unpack_from(data)[3]
    at = _FOUND.size
    while at + _ATTRIBUTE.size <= len(data):
        size, kind = _ATTRIBUTE.unpack_from(data, at)
        if kind == _VFS:
            ino, dev = struct.unpack_from("=II", data, at + _ATTRIBUTE.size)
            yield number, (ino, dev)
        at += max((size + 3) & ~3, _ATTRIBUTE.size)


def _held(pids: Collection[int]) -> Iterator[int]:
    """The sockets that these processes have open."""
    for pid in pids:
        with suppress(OSError):
            for entry in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    if found := _SOCKET.fullmatch(str(entry.readlink())):
                        yield int(found[1])
