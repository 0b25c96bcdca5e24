"""Who belongs to an agent when the kernel keeps no list: descendants, sessions, known members.

Owns the process table, the closure over it and the file of members that outlives the supervisor.

What does not work: a process whose parent died between two looks, in a session we never saw and
without the cookie, is not found.  Where there is no /proc, start times are only second-exact.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
import time
from collections.abc import Callable

from . import tree


class Row:
    """One process in the table."""

    __slots__ = ("parent", "session", "started", "state")

    def __init__(self, parent: int, session: int, started: int, state: str) -> None:
        self.parent = parent
        self.session = session
        self.started = started
        self.state = state


Table = dict[int, Row]
Members = dict[int, int]
"""Pid to start time."""


LARGEST = 16 * 1024 * 1024
"""Bytes of the file of members that are read."""

LINUX = sys.platform == "linux"


def table() -> Table:
    """Every process of this machine, as far as we may see."""
    if not LINUX:
        return _from_ps()
    rows = {}
    for pid in tree.pids():
        found = tree.stat(pid)
        if found is not None:
            rows[pid] = Row(found.parent, found.session, found.started, tree.mode(pid, found))
    return rows


def _from_ps() -> Table:
    """The table as `ps` tells it."""
    import subprocess  # noqa: PLC0415  # only where there is no /proc

    command = ["/bin/ps", "-axo", "pid=,ppid=,state=,lstart="]
    text = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"LC_ALL": "C"}
    ).stdout
    rows = {}
    for line in text.splitlines():
        pid, parent, state, *when = line.split()
        started = int(time.mktime(time.strptime(" ".join(when))))
        rows[int(pid)] = Row(int(parent), session_of(int(pid)), started, state[0])
    return rows


def session_of(pid: int) -> int:
    """Its session's number; 0, which is nobody's, when that can't be told."""
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def closure(rows: Table, known: Members, ours: frozenset[int]) -> Members:
    """The known members still there, all below them, and all in sessions that are theirs."""
    inside = {pid: row.started for pid, row in rows.items() if known.get(pid) == row.started}
    grown = True
    while grown:
        # whose leader is alive outside, like the user's own shell, is not the agent's session
        sessions = {
            rows[pid].session
            for pid in inside
            if rows[pid].session in inside or rows[pid].session not in rows
        } - {0}
        fresh = {
            pid: row.started
            for pid, row in rows.items()
            if pid not in inside
            and pid not in ours
            and (row.parent in inside or row.session in sessions)
        }
        inside.update(fresh)
        grown = bool(fresh)
    return inside


def youngest_first(members: Members) -> list[tuple[int, int]]:
    """Children before their parents: a shell must not see that its job was stopped."""
    return sorted(members.items(), key=lambda item: (item[1], item[0]), reverse=True)


def running(rows: Table, members: Members) -> Members:
    """Those members with a thread that can run or be continued."""
    return {pid: born for pid, born in members.items() if rows[pid].state not in "ZX"}


def carriers(rows: Table, cookie: str, ours: frozenset[int]) -> Members:
    """Everybody with the session's cookie in the environment; nobody where there is no /proc."""
    if not LINUX:
        return {}
    pids = (pid for pid in rows if pid not in ours and tree.carries(pid, cookie))
    return {pid: rows[pid].started for pid in pids}


class Hunt:
    """One look after another at an agent's family, and signals to all of it."""

    def __init__(
        self,
        known: Members,
        ours: frozenset[int],
        cookie: str,
        look: Callable[[], Table] = table,
        carrying: Callable[[Table, str, frozenset[int]], Members] = carriers,
        forked: Callable[[Table, Members], Members] | None = None,
    ) -> None:
        self.members = known
        self._ours = ours | {os.getpid()}
        self._cookie = cookie
        self._look = look
        self._carrying = carrying
        self._forked = forked
        self.rows: Table = {}

    def again(self, *, thorough: bool = True) -> Members:
        """Look: who of the family is alive now."""
        self.rows = self._look()
        known = dict(self.members)
        if thorough:
            known.update(self._carrying(self.rows, self._cookie, self._ours))
        if self._forked is not None:
            known.update(self._forked(self.rows, known))
        self.members = closure(self.rows, known, self._ours)
        return running(self.rows, self.members)

    def hold(self, until: float) -> Members | None:
        """Stop everybody until two looks find nobody running; who was stopped, None if endless."""
        held: Members = {}
        quiet = 0
        while quiet < 2:
            awake = {pid: b for pid, b in self.again().items() if self.rows[pid].state != "T"}
            for pid, born in reversed(youngest_first(awake)):
                send(pid, born, signal.SIGSTOP)
            held.update(awake)
            quiet = 0 if awake else quiet + 1
            if time.monotonic() > until:
                return None
        return held

    def slay(self, until: float) -> Members:
        """Kill everybody until two looks find nobody, or until the clock says so; who is left."""
        quiet = 0
        left = self.again()
        while quiet < 2 and time.monotonic() < until:
            for pid, born in left.items():
                send(pid, born, signal.SIGKILL)
            left = self.again()
            quiet = 0 if left else quiet + 1
        return left


def send(pid: int, born: int, number: int) -> None:
    """Signal one process if its start time is still the one we saw."""
    try:
        if not LINUX:
            os.kill(pid, number)  # noqa: TID251  # seen a moment ago; numbers are not reused at once
            return
        handle = os.pidfd_open(pid)
        try:
            found = tree.stat(pid)
            if found is not None and found.started == born:
                signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)
    except OSError:
        return  # gone, or another user's: the next look tells


def read_members(path: str) -> Members:
    """The members as last written; empty when there is no such file.

    The agent may have written it, or put a pipe there: what is no member is passed over.
    """
    found: Members = {}
    try:
        lines = _plain(path).decode("ascii", "replace").splitlines()
    except OSError:
        return found
    for line in lines:
        pid, _, born = line.partition(" ")
        numbers = pid.isdecimal() and born.isdecimal() and max(len(pid), len(born)) < 20
        if numbers and 0 < int(pid) < 1 << 31:
            found[int(pid)] = int(born)
    return found


def _plain(path: str) -> bytes:
    """A plain file, as far as it can be members; raises OSError for anything else."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(f"{path} is no plain file")
        data = b""
        while len(data) < LARGEST and (part := os.read(handle, LARGEST)):
            data += part
        return data
    finally:
        os.close(handle)


def write_members(path: str, members: Members) -> None:
    """Replace the file in one step; raises OSError."""
    # A name that the agent cannot have put a pipe at, whose opening would end the following.
    fresh = f"{path}.{os.urandom(8).hex()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(fresh, flags, 0o600)
    try:
        try:
            os.write(handle, "".join(f"{pid} {born}\n" for pid, born in members.items()).encode())
        finally:
            os.close(handle)
        os.replace(fresh, path)  # noqa: PTH105  # pathlib costs the start 5 ms
    except OSError:
        os.unlink(fresh)  # noqa: PTH108  # likewise
        raise
