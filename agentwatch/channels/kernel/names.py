"""By which names the agent's tree knows an address: what its own look-ups were answered.

Owns reading a look-up as it is sent and its answer as it arrives, without taking it: the caller is
held in its send until the answer is there or time is up.  Sends nothing, asks nobody, and never
changes what became of a send.  Only the answers of the resolvers it was told of count, only for the
name that was asked for, and what the machine's own list of hosts says.

What does not work: no name is known for what is looked up by other ways: with write() or send() on
a connected socket (Go programs; C programs that ask for one family of addresses alone), over TCP or
HTTPS, through nscd or systemd-resolved.  One address may belong to many names, and whoever
connects may mean any of them.  Who is root beside us can answer in a local resolver's place.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import select
import socket
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 1.0
"""Seconds a look-up's send may take until its answer has come."""
AT_ONCE = 32
"""Look-ups that are listened to at one time; more go unheard."""
MOST = 4096
"""Addresses that are remembered; the oldest is forgotten first."""
MOST_NAMES = 16
"""Names of one address."""
STUBS = frozenset({"127.0.0.53", "127.0.0.54", "127.0.0.11"})
"""Where resolvers of this machine and of containers listen."""

_PEEK_OFF = 42
_LONGEST = 65536
_JUMPS = 32
_HEAD = struct.Struct("!6H")
_RECORD = struct.Struct("!HHIH")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?")
_ADDRESS, _ALIAS, _ADDRESS6, _INTERNET = 1, 5, 28, 1
_SIZES = {_ADDRESS: 4, _ADDRESS6: 16}


@dataclass(frozen=True, slots=True)
class Question:
    """One look-up of an address."""

    number: int
    name: str
    kind: int
    server: str


def hosts() -> str:
    """This machine's own list of hosts, empty where there is none to read."""
    with contextlib.suppress(OSError, ValueError):
        return Path("/etc/hosts").read_text()
    return ""


class Names:
    """The names of one tree."""

    def __init__(self, resolvers: Iterable[str] = (), *, hosts: str = "", port: int = 53) -> None:
        self._resolvers = {*map(str, resolvers), *STUBS}
        self._port = port
        self._known: dict[str, dict[str, None]] = {}
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        for address, name in _listed(hosts):
            self._learn(name, [address])

    def of(self, address: str) -> tuple[str, ...]:
        """The names that an address was given as the answer for, oldest first."""
        plain = _plain(address)
        with self._lock:
            return tuple(self._known.get(plain, ()))

    def asked(self, handle: int, data: Iterable[bytes]) -> list[Question]:
        """The look-ups among datagrams that are sent on a socket to where it is connected."""
        with contextlib.suppress(OSError), _borrowed(handle) as line:
            return self.asked_of(line.getpeername(), data)
        return []

    def asked_of(self, to: object, data: Iterable[bytes]) -> list[Question]:
        """The look-ups among datagrams that are sent to an address."""
        if not isinstance(to, tuple) or to[1] != self._port:
            return []
        server = _plain(str(to[0]))
        if server not in self._resolvers:
            return []
        found = (_question(item, server) for item in data)
        return [item for item in found if item is not None]

    def listen(self, handle: int, questions: list[Question]) -> None:
        """Wait for the answers that arrive on a socket, and leave them there; raises nothing."""
        if not self._turns.acquire(blocking=False):
            return
        try:
            with contextlib.suppress(OSError, ValueError), _borrowed(handle) as line:
                self._hear(line, list(questions))
        finally:
            self._turns.release()

    def _hear(self, line: socket.socket, questions: list[Question]) -> None:
        until = time.monotonic() + PATIENCE
        before = line.getsockopt(socket.SOL_SOCKET, _PEEK_OFF)
        with select.epoll() as news:
            news.register(line, select.EPOLLIN | select.EPOLLET)
            line.setsockopt(socket.SOL_SOCKET, _PEEK_OFF, 0)
            try:
                while questions and (left := until - time.monotonic()) > 0:
                    for _, what in news.poll(left):
                        if what & (select.EPOLLERR | select.EPOLLHUP):
                            return  # it is for the caller to hear of that
                        self._take(line, questions)
            finally:
                line.setsockopt(socket.SOL_SOCKET, _PEEK_OFF, before)

    def _take(self, line: socket.socket, questions: list[Question]) -> None:
        """Look at what came since the last look."""
        for _ in range(AT_ONCE):
            try:
                data, source = line.recvfrom(_LONGEST, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            for question in list(questions):
                if source[1] != self._port or _plain(source[0]) != question.server:
                    continue
                addresses = _answer(data, question)
                if addresses is not None:
                    questions.remove(question)
                    self._learn(question.name, addresses)

    def _learn(self, name: str, addresses: Iterable[str]) -> None:
        with self._lock:
            for address in addresses:
                names = self._known.pop(address, {})
                if len(names) < MOST_NAMES:
                    names.setdefault(name)
                self._known[address] = names
            while len(self._known) > MOST:
                self._known.pop(next(iter(self._known)))


@contextlib.contextmanager
def _borrowed(handle: int) -> Iterator[socket.socket]:
    """A socket by its handle, which stays open."""
    line = socket.socket(fileno=handle)
    try:
        yield line
    finally:
        line.detach()


def _question(data: bytes, server: str) -> Question | None:
    """The address that a datagram asks for, if it does."""
    try:
        number, flags, questions, *_ = _HEAD.unpack_from(data)
        if flags & 0xF800 or questions != 1:
            return None
        name, at = _name(data, _HEAD.size)
        kind, internet = struct.unpack_from("!HH", data, at)
    except (ValueError, struct.error, IndexError):
        return None
    if kind not in _SIZES or internet != _INTERNET or not _NAME.fullmatch(name):
        return None
    return Question(number, name, kind, server)


def _answer(data: bytes, question: Question) -> list[str] | None:
    """The addresses in the answer to a question; None where it is none."""
    try:
        number, flags, questions, answers, *_ = _HEAD.unpack_from(data)
        if number != question.number or not flags & 0x8000 or questions != 1:
            return None
        name, at = _name(data, _HEAD.size)
        if (name, struct.unpack_from("!H", data, at)[0]) != (question.name, question.kind):
            return None
        return list(_addresses(data, at + 4, answers, question))
    except (ValueError, struct.error, IndexError):
        return None


def _addresses(data: bytes, at: int, answers: int, question: Question) -> Iterator[str]:
    """The addresses of the name that was asked for, and of what it stands for."""
    meant = {question.name}
    for _ in range(answers):
        name, at = _name(data, at)
        kind, internet, _, size = _RECORD.unpack_from(data, at)
        at += _RECORD.size
        if name in meant and internet == _INTERNET:
            if kind == _ALIAS:
                meant.add(_name(data, at)[0])
            elif kind == question.kind and size == _SIZES[kind]:
                yield str(ipaddress.ip_address(data[at : at + size]))
        at += size


def _name(data: bytes, at: int) -> tuple[str, int]:
    """The name at a place in a message, and where the message goes on; raises for no name."""
    labels: list[bytes] = []
    end, jumps = -1, 0
    while size := data[at]:
        if size & 0xC0 == 0xC0:
            end = at + 2 if end < 0 else end
            at = (size & 0x3F) << 8 | data[at + 1]
            jumps += 1
        elif size & 0xC0:
            raise ValueError("no such label")
        else:
            labels.append(data[at + 1 : at + 1 + size])
            at += 1 + size
        if jumps > _JUMPS or len(labels) > 128:
            raise ValueError("a name without an end")
    return b".".join(labels).decode("ascii").casefold(), at + 1 if end < 0 else end


def _plain(address: str) -> str:
    """One spelling of an address; itself where it is none."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(getattr(found, "ipv4_mapped", None) or found)


def _listed(text: str) -> Iterator[tuple[str, str]]:
    """The addresses and names in a list of hosts, this machine's own apart."""
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        try:
            address = ipaddress.ip_address(words[0]) if words else None
        except ValueError:
            continue
        if address is None or address.is_loopback:
            continue
        for name in map(str.casefold, words[1:]):
            if _NAME.fullmatch(name):
                yield str(address), name
