"""The files that mean something else for everybody who opens them.

Owns the caller's terminal and the files of procfs that look at their opener's user namespace.

What does not work: `/dev/tty` comes as the terminal's own device, so ttyname() shows that.
"""

# ruff: noqa: PTH115, PTH116
# pathlib costs the start

from __future__ import annotations

import errno
import os
import socket
import stat

from . import abi
from .caller import Caller

_MAPS = ("uid_map", "gid_map", "projid_map", "setgroups")
_CLONE_NEWUSER = 0x10000000


def terminal(caller: Caller) -> bytes:
    """A path that leads the caller to its controlling terminal; raises OSError (ENXIO)."""
    handle = os.open(f"/proc/{caller.tid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    try:
        number = int(os.read(handle, 4096).rpartition(b")")[2].split()[4])
    finally:
        os.close(handle)
    device = os.makedev((number >> 8) & 0xFFF, (number & 0xFF) | ((number >> 12) & 0xFFF00))
    ways = [b"/dev/pts/%d" % os.minor(device)]
    ways += [b"/proc/self/fd/%d" % own for own in (0, 1, 2)]
    looks = [f"/proc/{caller.tid}/root/dev/pts/{os.minor(device)}"]
    looks += [f"/proc/{caller.tid}/fd/{own}" for own in (0, 1, 2)]
    for way, look in zip(ways, looks, strict=True):
        try:
            found = os.stat(look)
        except OSError:
            continue
        if number and stat.S_ISCHR(found.st_mode) and found.st_rdev == device:
            return way
    raise OSError(errno.ENXIO, os.strerror(errno.ENXIO))


def needs_own_namespace(handle: int) -> bool:
    """Whether the kernel looks at the opener's own user namespace, for a file of procfs."""
    return os.readlink(f"/proc/self/fd/{handle}").rpartition("/")[2] in _MAPS


def opened_inside(caller: Caller, handle: int, flags: int) -> int:
    """Open by a process that enters the caller's user namespace first; raises OSError."""
    namespace = os.open(f"/proc/{caller.tid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        _open_and_send(theirs, namespace, handle, flags)
    theirs.close()
    os.close(namespace)
    try:
        said, handles, _, _ = socket.recv_fds(ours, 8, 1)
    finally:
        ours.close()
        os.waitpid(pid, 0)
    if not handles:
        code = int(said or b"1")
        raise OSError(code, os.strerror(code))
    os.set_inheritable(handles[0], False)
    return handles[0]


def _open_and_send(line: socket.socket, namespace: int, handle: int, flags: int) -> None:
    try:
        abi.enter(namespace, _CLONE_NEWUSER)
        opened = os.open(f"/proc/self/fd/{handle}", flags & ~os.O_NOFOLLOW)
        socket.send_fds(line, [b"0"], [opened])
    except OSError as error:
        line.send(str(error.errno or errno.EPERM).encode())
    finally:
        os._exit(0)
