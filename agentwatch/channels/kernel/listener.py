"""The kernel's end of the gate: held calls come in, answers go out.

Owns the listener's descriptor and nothing else.  SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP is left off:
caller and answerer would share one processor, and each would find its caches full of the other's;
measured, a program start took a fifth longer with it.
"""

from __future__ import annotations

import errno
import fcntl
import os
from dataclasses import dataclass
from typing import NamedTuple

from . import abi


class Call(NamedTuple):
    """One held system call, as the kernel describes it."""

    id: int
    tid: int
    number: int
    args: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller gets: a number, an error, a descriptor, or its call goes on by itself."""

    value: int = 0
    error: int = 0
    handle: int | None = None
    """A descriptor of ours that is injected, and closed here."""
    cloexec: bool = False
    goes_on: bool = False


_EMPTY = bytes(abi.NOTIF.size)

GOES_ON = Answer(goes_on=True)
REFUSED = Answer(error=errno.EPERM)


def failed(error: OSError) -> Answer:
    """The caller gets this error; one without a number is a refusal."""
    return Answer(error=error.errno or errno.EPERM)


class Listener:
    """The descriptor that the filter was installed with."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self._room = bytearray(abi.NOTIF.size)

    def receive(self) -> Call | None:
        """The next held call; None if its caller died meanwhile.  Raises OSError at the end."""
        room = self._room
        room[:] = _EMPTY  # the kernel takes nothing else
        try:
            fcntl.ioctl(self.handle, abi.NOTIF_RECV, room)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):
                return None
            raise
        found = abi.NOTIF.unpack(room)
        return Call(found[0], found[1], found[3], found[6:])

    def valid(self, call: int) -> bool:
        """Whether the caller still waits: what was read under its pid was its own."""
        try:
            fcntl.ioctl(self.handle, abi.NOTIF_ID_VALID, call.to_bytes(8, "little"))
        except OSError:
            return False
        return True

    def answer(self, call: int, answer: Answer) -> bool:
        """Let the caller go; False if it died meanwhile.  Raises OSError for anything else."""
        try:
            if answer.handle is not None:
                self._inject(call, answer)
            else:
                flags = abi.FLAG_CONTINUE if answer.goes_on else 0
                packed = abi.RESPONSE.pack(call, answer.value, -answer.error, flags)
                fcntl.ioctl(self.handle, abi.NOTIF_SEND, packed)
        except OSError as error:
            if error.errno == errno.ENOENT:
                return False
            if answer.handle is not None:  # its table is full: it gets that error
                return self.answer(call, failed(error))
            raise
        return True

    def _inject(self, call: int, answer: Answer) -> None:
        handle = answer.handle or 0
        newfd_flags = os.O_CLOEXEC if answer.cloexec else 0
        packed = abi.ADDFD.pack(call, abi.ADDFD_SEND, handle, 0, newfd_flags)
        try:
            while True:
                try:
                    fcntl.ioctl(self.handle, abi.NOTIF_ADDFD, packed)
                except OSError as error:
                    if error.errno != errno.EINTR:
                        raise
                else:
                    return
        finally:
            os.close(handle)
