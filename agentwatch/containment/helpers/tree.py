"""What /proc says about processes: parents, children, start times, who is really alive.

Owns the parsing of /proc, and the sweep that kills a tree by it.  Reads only what is
world-readable, so it works for helpers, the supervisor and a late `kill` alike.

What does not work: a `children` file may miss a sibling while processes come and go, so one
look proves nothing; a sweep is over only when two looks in a row find nobody.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable

CHUNK = 65536

ALONE = 3
"""Links of a task folder with one thread in it."""

COUNTING = 0.0005
"""Seconds that a count may hold up the SIGKILL that follows it."""

GRIP = 256
"""Processes held by a handle at one time; an ordinary user may have 1024 handles."""

DYING = 0.01
"""Seconds to sleep, at most, until the killed are dead and the next look is worth its time."""

SETTLING = 0.005
"""Seconds that a freeze may wait for the agent itself before it stops the others."""

RUNNING, STILL, DEAD = "R", "T", "X"


class Stat:
    """One process as /proc/PID/stat has it."""

    __slots__ = ("group", "parent", "session", "started", "state")

    def __init__(self, raw: bytes) -> None:
        # the name before the last ")" may hold spaces, brackets and digits of the agent's choice
        words = raw[raw.rindex(b")") + 2 :].split(None, 20)
        self.state = words[0].decode()
        self.parent = int(words[1])
        self.group = int(words[2])
        self.session = int(words[3])
        self.started = int(words[19])


def read(path: str) -> bytes:
    """A whole small file; raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = b""
        while chunk := os.read(handle, CHUNK):
            data += chunk
        return data
    finally:
        os.close(handle)


def stat(pid: int, root: str = "/proc") -> Stat | None:
    """The process now, None when there is none."""
    try:
        return Stat(read(f"{root}/{pid}/stat"))
    except (OSError, ValueError, IndexError):
        return None


def alive(pid: int, root: str = "/proc") -> bool:
    """Whether any thread of it can still run; a dead leader may have live threads."""
    return mode(pid, stat(pid, root), root) != DEAD


def mode(pid: int, found: Stat | None, root: str = "/proc") -> str:
    """Whether it is dead, stands still or runs; a dead leader is judged by its other threads."""
    if found is None:
        return DEAD
    if found.state not in "ZX":
        stopping = found.state == "D" and _stops_next(f"{root}/{pid}/status")
        return STILL if found.state in "Tt" or stopping else RUNNING
    try:
        threads = os.listdir(f"{root}/{pid}/task")  # noqa: PTH208  # pathlib costs the start 5 ms
    except OSError:
        return DEAD
    states = {thread.state for name in threads if (thread := stat(int(name), f"{root}/{pid}/task"))}
    living = states - {"Z", "X"}
    if not living:
        return DEAD
    return STILL if living <= {"T", "t"} else RUNNING


def _stops_next(status: str) -> bool:
    """Whether SIGSTOP waits for it: held in a system call, it stops before it runs again."""
    try:
        text = read(status)
        pending = text.split(b"\nSigPnd:", 1)[1].split(None, 3)  # SigPnd's, "ShdPnd:", its own
        return bool((int(pending[0], 16) | int(pending[2], 16)) >> (signal.SIGSTOP - 1) & 1)
    except (OSError, IndexError, ValueError):
        return False


def stands(pid: int, seconds: float = SETTLING) -> None:
    """Wait a moment until a process that was sent SIGSTOP really stands.

    A shell that still runs when its job stops takes the terminal back from it.
    """
    until = time.monotonic() + seconds
    while mode(pid, stat(pid)) == RUNNING and time.monotonic() < until:
        time.sleep(0.0001)


def carries(pid: int, cookie: str) -> bool | None:
    """Whether its environment has the session's cookie; None when that can't be read."""
    try:
        words = read(f"/proc/{pid}/environ").split(b"\0")
    except OSError:
        return None
    return f"AGENTWATCH_COOKIE={cookie}".encode() in words


def pids(root: str = "/proc") -> list[int]:
    """Every process in this /proc."""
    try:
        return [int(name) for name in os.listdir(root) if name.isdigit()]  # noqa: PTH208
    except OSError:
        return []


def count(pids: list[int], root: str = "/proc", seconds: float = COUNTING) -> int:
    """How many of them live; those not looked at in time are taken to."""
    until = time.monotonic() + seconds
    dead = 0
    for pid in pids:
        if time.monotonic() > until:
            break
        dead += not alive(pid, root)
    return len(pids) - dead


def children(pid: int) -> list[int]:
    """The children of all its threads, dead ones included."""
    found: list[int] = []
    try:
        if os.stat(f"/proc/{pid}/task").st_nlink == ALONE:  # noqa: PTH116  # pathlib costs 5 ms
            return [int(word) for word in read(f"/proc/{pid}/task/{pid}/children").split()]
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
            found += map(int, read(f"/proc/{pid}/task/{thread}/children").split())
    except OSError:
        return found
    return found


def descendants(pid: int) -> list[int]:
    """Everything below a process, nearest first, dead ones included."""
    found: list[int] = []
    todo = [pid]
    seen = {pid}
    while todo:
        for child in children(todo.pop()):
            if child not in seen:
                seen.add(child)
                found.append(child)
                todo.append(child)
    return found


def below(pid: int, root: int) -> bool | None:
    """Whether `root` is among the ancestors; None when the chain can't be read to its end."""
    born = None
    while pid != root:
        found = stat(pid)
        if found is None or (born is not None and found.started > born):
            return None  # gone, or its number already belongs to someone younger than its child
        if found.parent == 0:
            return False
        pid, born = found.parent, found.started
    return True


def sweep(root: int, keep: frozenset[int], number: int, *, see: bool = False) -> list[int]:
    """Signal every live descendant except `keep` that needs it; who that was.

    With `see`, come back when those signalled last are dead, or do not die at once.
    """
    known = descendants(root)
    family = {root, *known}
    prey = [pid for pid in known if pid not in keep]
    if number == signal.SIGCONT:
        prey.reverse()  # a shell that runs before its job would see that it was stopped
    hit: list[int] = []
    for first in range(0, len(prey), GRIP):
        last = first + GRIP >= len(prey)
        hit += _strike(prey[first : first + GRIP], family, number, see=see and last)
    return hit


def _strike(pids: list[int], family: set[int], number: int, *, see: bool) -> list[int]:
    """Take hold of each, look who needs the signal, then signal them with nothing in between.

    Whoever dies needs a processor for it: a look between two signals would wait for that.
    """
    held: list[tuple[int, int]] = []
    try:
        for pid in pids:
            with contextlib.suppress(OSError):  # gone
                held.append((pid, os.pidfd_open(pid)))
        due = [(pid, handle) for pid, handle in held if _due(pid, family, number)]
        for _, handle in due:
            _signal(handle, number)
        if see:
            _await_end([handle for _, handle in due])
        return [pid for pid, _ in due]
    finally:
        for _, handle in held:
            os.close(handle)


def _await_end(handles: list[int]) -> None:
    """Sleep until they are dead: looking on meanwhile would keep them from a processor."""
    until = time.monotonic() + DYING
    poll = select.poll()
    for handle in handles:
        poll.register(handle, select.POLLIN)
    left = len(handles)
    while left and (wait := until - time.monotonic()) > 0:
        for handle, _ in poll.poll(wait * 1000):
            poll.unregister(handle)
            left -= 1


def _due(pid: int, family: set[int], number: int) -> bool:
    """Whether it needs the signal, and its number does not belong to somebody else by now."""
    found = stat(pid)
    return found is not None and found.parent in family and _needs(found, pid, number)


def _signal(handle: int, number: int) -> None:
    """Signal one process; who is gone or another user's by now is a matter for the next look."""
    with contextlib.suppress(OSError):
        signal.pidfd_send_signal(handle, number)


def _needs(found: Stat, pid: int, number: int) -> bool:
    """Whether the signal would change anything."""
    now = mode(pid, found)
    if number == signal.SIGSTOP:
        # One that sleeps in a frozen cgroup takes its stop when that thaws.
        asleep = found.state == "S" and _stops_next(f"/proc/{pid}/status")
        return now == RUNNING and not asleep
    if number == signal.SIGCONT:
        return now == STILL
    return now != DEAD


def clear(root: int, keep: frozenset[int], until: float, reap: Callable[[], object]) -> None:
    """Kill until two looks in a row find nobody, or the monotonic clock says `until`."""
    quiet = 0
    while quiet < 2 and time.monotonic() < until:
        quiet = 0 if sweep(root, keep, signal.SIGKILL, see=True) else quiet + 1
        reap()
