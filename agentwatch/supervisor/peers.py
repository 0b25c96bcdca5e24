"""Who is on the other end of a socket, and whether it is one of the agent's own.

Owns the reading of peer credentials.  The answer comes from the kernel and the containment,
never from a secret: the agent runs as the same user and can read what the user can.

What does not work:
- A token, a file mode or the peer's user id: all are the agent's as well.
- Trusting the pid alone: it may have been reused since the peer connected.  The kernel's pidfd of
  the peer is held open while its ancestors are read; where there is none (Linux before 6.5), the
  process must have started before the connection was taken.
- A process outside that passes its open connection to one inside: that is the user's own act.
- Whoever speaks first (`speaking`) is named by the kernel, but a process that is root over its own
  namespace can name another one of that namespace: it is for showing who asks, never for trust.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import sys
from dataclasses import dataclass

import psutil

from agentwatch import containment
from agentwatch.containment.base import Record

INSIDE = "it is inside the agent's containment"

_CREDENTIALS = struct.Struct("iII")
_SO_PEERPIDFD = 77
_SOL_LOCAL, _LOCAL_PEERCRED, _LOCAL_PEERPID = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Peer:
    """The process that connected."""

    pid: int
    uid: int
    name: str
    parents: tuple[str, ...]
    """Ancestors, nearest first, as `name(pid)`."""

    @property
    def label(self) -> str:
        """For a sentence: `name(pid)`."""
        return f"{self.name}({self.pid})"


def stamp(listening: socket.socket) -> None:
    """Have the kernel put the sender on what comes over connections to this socket, if it can."""
    if sys.platform == "linux":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)


def speaking(connection: socket.socket, record: Record | None = None) -> Peer:
    """Whoever sent what waits to be read, on a socket that was stamped; else whoever connected.

    The gate process connects for the agent, so that the one who connected may be nobody to show.
    """
    if sys.platform == "linux":
        room = socket.CMSG_SPACE(_CREDENTIALS.size)
        try:
            _, found, _, _ = connection.recvmsg(1, room, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except OSError:
            found = []
        for level, kind, data in found:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                pid, uid, _ = _CREDENTIALS.unpack_from(data)
                return _peer(pid, uid, record)
    return of(connection, record)


def of(connection: socket.socket, record: Record | None = None) -> Peer:
    """Whoever connected; unknown parts are empty, an unknown pid is 0."""
    return _peer(*_credentials(connection), record)


def _peer(pid: int, uid: int, record: Record | None) -> Peer:
    """A process; of its ancestors those that the agent started, ours and the user's left out."""
    try:
        process = psutil.Process(pid) if pid > 0 else None
        name = process.name() if process else "unknown"
        parents = _ancestors(process, record) if process else ()
    except (psutil.Error, OSError):
        name, parents = "unknown", ()
    return Peer(pid, uid, name, parents)


def _ancestors(process: psutil.Process, record: Record | None) -> tuple[str, ...]:
    """Nearest first, up to the first process of ours."""
    ours = {os.getpid()}
    if record is not None:
        ours |= {one.pid for one in (record.root, *record.helpers) if one is not None}
    found = []
    for parent in process.parents():
        if parent.pid in ours:
            break
        found.append(f"{parent.name()}({parent.pid})")
    return tuple(found)


def refusal(connection: socket.socket, record: Record | None, *, gate_pid: int = 0) -> str | None:
    """Why this peer may not give orders, or None if it may; in doubt it may not.

    `gate_pid` connects sockets for the agent, so it counts as inside.
    """
    pid, uid = _credentials(connection)
    if record is None:
        return "the agent is only starting"
    if pid <= 0:
        return "the process cannot be identified"
    if pid == gate_pid:
        return INSIDE
    if uid not in (os.getuid(), 0):
        return f"it belongs to another user ({uid})"
    held = _peer_pidfd(connection)
    try:
        return _why_inside(record, pid, held)
    except (OSError, ValueError, psutil.Error) as error:
        return f"where it runs cannot be told ({error})"
    finally:
        if held is not None:
            os.close(held)


def _why_inside(record: Record, pid: int, held: int | None) -> str | None:
    if containment.contains(record, pid):
        return INSIDE
    # Looked at last: a process that ended before may have left its number to another one.
    ended = held is not None and select.select([held], [], [], 0)[0]
    return "the process that connected has ended" if ended else None


def _credentials(connection: socket.socket) -> tuple[int, int]:
    """The peer's pid and user id when it connected; (0, -1) where the system does not say."""
    try:
        if sys.platform == "darwin":
            pid = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID)
            xucred = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 76)
            return pid, struct.unpack_from("=II", xucred)[1]
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        pid, uid, _gid = _CREDENTIALS.unpack(raw)
    except (OSError, struct.error):
        return 0, -1
    return pid, uid


def _peer_pidfd(connection: socket.socket) -> int | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        return connection.getsockopt(socket.SOL_SOCKET, _SO_PEERPIDFD)
    except OSError:
        return None
