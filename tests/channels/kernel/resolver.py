"""A resolver for tests: answers look-ups of addresses as a test says, on a thread."""

from __future__ import annotations

import ipaddress
import socket
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

A, CNAME, AAAA = 1, 5, 28
Zone = Mapping[str, Sequence[str]]
"""Addresses of a name; what is no address is the name that it stands for."""


def labels(name: str) -> bytes:
    """A name as it travels, without any shortening."""
    parts = (bytes([len(part)]) + part.encode() for part in name.split("."))
    return b"".join(parts) + b"\0"


def query(name: str, kind: int = A, number: int = 7) -> bytes:
    """A look-up."""
    return (
        struct.pack("!6H", number, 0x100, 1, 0, 0, 0) + labels(name) + struct.pack("!2H", kind, 1)
    )


def records(name: str, kind: int, zone: Zone) -> Iterator[bytes]:
    """What belongs to a name, and to what it stands for."""
    for value in zone.get(name, ()):
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            yield record(name, CNAME, labels(value))
            yield from records(value, kind, zone)
            continue
        if kind == (A if address.version == 4 else AAAA):
            yield record(name, kind, address.packed)


def record(name: str, kind: int, data: bytes) -> bytes:
    """One record of an answer."""
    return labels(name) + struct.pack("!2HIH", kind, 1, 60, len(data)) + data


def answer(asked: bytes, zone: Zone) -> bytes:
    """The answer to a look-up."""
    at, words = 12, []
    while size := asked[at]:
        words.append(asked[at + 1 : at + 1 + size].decode())
        at += 1 + size
    (kind,) = struct.unpack_from("!H", asked, at + 1)
    found = list(records(".".join(words).lower(), kind, zone))
    head = struct.pack("!6H", *struct.unpack_from("!H", asked), 0x8180, 1, len(found), 0, 0)
    return head + asked[12 : at + 5] + b"".join(found)


@contextmanager
def resolving(zone: Zone, address: tuple[str, int]) -> Iterator[tuple[str, int]]:
    """A resolver at an address; raises OSError where it may not listen there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(address)

        def serve() -> None:
            while True:
                data, who = line.recvfrom(4096)
                if not data:
                    return
                line.sendto(answer(data, zone), who)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield line.getsockname()
        finally:
            line.sendto(b"", line.getsockname())
            thread.join(5)
