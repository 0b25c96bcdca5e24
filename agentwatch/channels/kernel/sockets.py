"""Held calls that reach somebody: connections and addressed datagrams.

Owns reading the address once, and connecting or sending on the caller's own socket from here.

What does not work: the other end of a unix socket sees our process as its peer.  A datagram by
unix socket with descriptors in it is refused, and so is connecting on the way of a send (TCP fast
open).  A send on a stream passes without judgement, as its address counts for nothing: a thread
that puts another socket in its place at that very moment sends one unjudged datagram.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from . import abi, names, network, readmem, resolve
from .acts import Deed, Family, Flag, Observed
from .caller import Caller
from .files import Held, _folder
from .listener import GOES_ON, Answer, Call
from .resolve import Spot

_NETLINK = (16).to_bytes(2, "little")
_FASTOPEN = 0x20000000
_SO_TYPE = 3
_SO_DOMAIN = 39
_HEADER = struct.Struct("<QI4xQQQQi4x")
"""struct msghdr."""
_STRIDE = _HEADER.size + 8
"""From one struct mmsghdr to the next."""
_LONGEST = 65536
_AT_ONCE = struct.pack("<qq", 0, 4000)
"""A struct timeval of one clock tick or so."""

_AT_A_TIME = 8
"""Look-ups that are sent in one call."""

_libc = ctypes.CDLL(None, use_errno=True)

known = names.Names()
"""By which names the tree knows its addresses; the loop says whom to believe."""


class Later(Exception):
    """It may block: to be done by a thread of its own."""

    def __init__(self, work: Callable[[], Answer]) -> None:
        super().__init__()
        self.work = work


class Line(Spot):
    """A copy of the caller's socket, and a handle of what its address names."""

    def __init__(self, handle: int) -> None:
        super().__init__(handle=handle)

    def option(self, name: int) -> int:
        """One number the socket knows of itself; raises OSError."""
        value, size = ctypes.c_int(0), ctypes.c_uint(4)
        where = (ctypes.byref(value), ctypes.byref(size))
        if _libc.getsockopt(self.handle, socket.SOL_SOCKET, name, *where) < 0:
            raise abi.fail()
        return value.value

    def patience(self, wanted: bytes) -> bytes:
        """Set how long its connecting may wait, a struct timeval; what it was.  Raises OSError."""
        room, size = ctypes.create_string_buffer(16), ctypes.c_uint(16)
        where = (ctypes.byref(room), ctypes.byref(size))
        if _libc.getsockopt(self.handle, socket.SOL_SOCKET, socket.SO_SNDTIMEO, *where) < 0:
            raise abi.fail()
        value = (wanted, len(wanted))
        if _libc.setsockopt(self.handle, socket.SOL_SOCKET, socket.SO_SNDTIMEO, *value) < 0:
            raise abi.fail()
        return room.raw[: size.value]

    def blocks(self) -> bool:
        """Whether its calls wait."""
        return not fcntl.fcntl(self.handle, fcntl.F_GETFL) & os.O_NONBLOCK


def connecting(caller: Caller, name: str, call: Call) -> Held:
    """connect; raises OSError."""
    size = _folder(call.args[2])
    if not 2 <= size <= 128:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    address = readmem.memory(caller.tid, call.args[1], size)
    line = Line(caller.take(_folder(call.args[0])))
    try:
        event, ours = _addressed(Deed.CONNECT, caller, name, line, address)
    except BaseException:
        line.close()
        raise
    return Held(caller, event, lambda: _connect(line, ours), line)


def _connect(line: Line, address: bytes) -> Answer:
    def connect(handle: int) -> Answer:
        if _libc.connect(handle, address, len(address)) < 0:
            raise abi.fail()
        return Answer()

    if not line.blocks() or line.option(_SO_TYPE) == socket.SOCK_DGRAM:
        return connect(line.handle)
    # Most connections on this machine are there at once; a thread costs more than they do.
    before = line.patience(_AT_ONCE)
    try:
        return connect(line.handle)
    except BlockingIOError:
        pass
    finally:
        line.patience(before)
    raise Later(lambda: connect(line.handle))


def _addressed(
    kind: Deed, caller: Caller, name: str, line: Line, address: bytes
) -> tuple[Observed, bytes]:
    """The value to judge, and the address as we must spell it; raises OSError."""
    number = int.from_bytes(address[:2], "little")
    said: dict[str, object] = {"family": Family.OTHER, "address": f"family {number}"}
    if number == socket.AF_INET and len(address) >= 8:
        port = int.from_bytes(address[2:4], "big")
        text = socket.inet_ntop(socket.AF_INET, address[4:8])
        said = {"family": Family.INET, "address": text, "port": port, "names": known.of(text)}
    elif number == socket.AF_INET6 and len(address) >= 24:
        port = int.from_bytes(address[2:4], "big")
        text = socket.inet_ntop(socket.AF_INET6, address[8:24])
        said = {"family": Family.INET6, "address": text, "port": port, "names": known.of(text)}
    elif number == socket.AF_UNIX:
        said, address = _unix(caller, line, address)
    if "names" in said and network.local(str(said["address"])):
        said["flags"] = network.said(line.handle, caller.tid, Family.INET)
    seen = Observed(
        kind,
        caller.pid,
        caller.tid,
        caller.ppid,
        exe=caller.exe(),
        comm=caller.comm,
        call=name,
        **said,  # type: ignore[arg-type]
    )
    return seen, address


def _unix(caller: Caller, line: Line, address: bytes) -> tuple[dict[str, object], bytes]:
    said: dict[str, object] = {"family": Family.UNIX}
    path = address[2:]
    if not path or path[0] == 0:
        said |= {"path": os.fsdecode(path[1:]), "flags": (Flag.ABSTRACT,)}
        return said, address
    path = path.split(b"\0", 1)[0]
    with caller.rights():
        line.folder = resolve.find(caller, abi.AT_FDCWD, path)
    name = resolve.name(line.folder, caller)
    said |= {"path": name.path, "spelled": os.fsdecode(path), "inside_path": name.inside}
    found = os.fstat(line.folder)
    said["file"] = f"{os.major(found.st_dev)}:{os.minor(found.st_dev)}:{found.st_ino}"
    flags = network.said(line.handle, caller.tid, Family.UNIX)
    more = ((Flag.PRIVATE, name.private), (Flag.LOST, name.lost))
    said["flags"] = (*flags, *(flag for flag, is_so in more if is_so))
    own = f"/proc/self/fd/{line.folder}".encode()
    return said, address[:2] + own + b"\0"


def sending(caller: Caller, name: str, call: Call) -> Held | Answer:
    """sendto, sendmsg, sendmmsg; raises OSError."""
    flags = call.args[3 if name != "sendmsg" else 2] & 0xFFFFFFFF
    if flags & _FASTOPEN:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
    line = Line(caller.take(_folder(call.args[0])))
    try:
        if line.option(_SO_TYPE) in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
            line.close()
            return GOES_ON
        return _datagram(caller, name, call, line, flags)
    except BaseException:
        line.close()
        raise


def _datagram(caller: Caller, name: str, call: Call, line: Line, flags: int) -> Held | Answer:
    if name == "sendto":
        data = readmem.memory(caller.tid, call.args[1], call.args[2])
        letters = [_Letter(_address(caller, call.args[4], call.args[5]), data)]
    elif name == "sendmmsg" and call.args[2] == 0:
        line.close()
        return Answer()
    else:
        letters = [_letter(caller, call.args[1], many=name == "sendmmsg")]
    if letters[0].control and line.option(_SO_DOMAIN) == socket.AF_UNIX:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
    if letters[0].address and not _is_the_kernel(letters[0].address):
        event, address = _addressed(Deed.DATAGRAM, caller, name, line, letters[0].address)
        letters[0] = replace(letters[0], address=address)
        looked = known.asked_of((event.address, event.port), [letters[0].data])
    else:
        event = Observed(Deed.DATAGRAM, caller.pid, caller.tid, caller.ppid, call=name)
        looked = known.asked(line.handle, [letters[0].data])
        if looked and name == "sendmmsg":
            letters += _rest(caller, call)
            looked = known.asked(line.handle, [letter.data for letter in letters])
    work = _Sending(caller, letters, flags, looked)
    return Held(caller, event, lambda: work.run(line), line)


def _is_the_kernel(address: bytes) -> bool:
    """Whether it goes by netlink to nobody but the kernel, which asks for rights by itself."""
    return address[:2] == _NETLINK and address[4:8] == bytes(4)


@dataclass(frozen=True, slots=True)
class _Letter:
    """One datagram, whole."""

    address: bytes
    data: bytes
    control: bytes = b""
    report: int = 0
    """Where the caller wants to read how much was sent."""


def _letter(caller: Caller, header_at: int, *, many: bool) -> _Letter:
    """One datagram by its header; raises OSError."""
    header = readmem.memory(caller.tid, header_at, _HEADER.size)
    at, size, vectors, count, control_at, control_size, _ = _HEADER.unpack(header)
    return _Letter(
        _address(caller, at, size) if at else b"",
        _gather(caller, vectors, count),
        readmem.memory(caller.tid, control_at, control_size) if control_size else b"",
        header_at + _HEADER.size if many else 0,
    )


def _rest(caller: Caller, call: Call) -> Iterator[_Letter]:
    """Further datagrams of the same call that go the same way; raises OSError."""
    for number in range(1, min(call.args[2] & 0xFFFFFFFF, _AT_A_TIME)):
        letter = _letter(caller, call.args[1] + number * _STRIDE, many=True)
        if letter.address or letter.control:
            return
        yield letter


class _Sending:
    """Datagrams on their way, and the look-ups among them."""

    def __init__(
        self, caller: Caller, letters: list[_Letter], flags: int, looked: list[names.Question]
    ) -> None:
        self._tid = caller.tid
        self._letters = letters
        self._flags = flags
        self._looked = looked

    def run(self, line: Line) -> Answer:
        """Send them; raises Later when that would hold us up."""
        try:
            answer = self._send_all(line.handle, self._flags | socket.MSG_DONTWAIT)
        except BlockingIOError:
            if self._flags & socket.MSG_DONTWAIT or not line.blocks():
                raise
        else:
            if not self._looked:
                return answer
            raise Later(lambda: self._heard(line.handle, answer))
        raise Later(lambda: self._heard(line.handle, self._send_all(line.handle, self._flags)))

    def _heard(self, handle: int, answer: Answer) -> Answer:
        """Before the caller goes on, and takes them, hear what the look-ups are answered."""
        if self._looked:
            known.listen(handle, self._looked)
        return answer

    def _send_all(self, handle: int, flags: int) -> Answer:
        answer = self._send(handle, self._letters[0], flags)
        for number, letter in enumerate(self._letters[1:], 2):
            try:
                self._send(handle, letter, flags)
            except OSError:
                break
            answer = Answer(value=number)
        return answer

    def _send(self, handle: int, letter: _Letter, flags: int) -> Answer:
        parts = (letter.address, letter.data, letter.control)
        address, data, control = (ctypes.create_string_buffer(p, len(p)) for p in parts)
        vector = abi.Iovec(ctypes.addressof(data), len(data))
        header = _HEADER.pack(
            ctypes.addressof(address) if len(address) else 0,
            len(address),
            ctypes.addressof(vector),
            1,
            ctypes.addressof(control) if len(control) else 0,
            len(control),
            0,
        )
        sent = int(_libc.sendmsg(handle, header, flags | socket.MSG_NOSIGNAL))
        if sent < 0:
            raise abi.fail()
        if letter.report:
            readmem.poke(self._tid, letter.report, sent.to_bytes(4, "little"))
            return Answer(value=1)
        return Answer(value=sent)


def _address(caller: Caller, at: int, size: int) -> bytes:
    size = _folder(size)
    if not 2 <= size <= 128:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return readmem.memory(caller.tid, at, size)


def _gather(caller: Caller, at: int, count: int) -> bytes:
    if count > 1024:
        raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
    found = b""
    raw = readmem.memory(caller.tid, at, 16 * count) if count else b""
    for base, size in struct.iter_unpack("<QQ", raw):
        if size and len(found) + size <= _LONGEST:
            found += readmem.memory(caller.tid, base, size)
        elif size:
            raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
    return found
