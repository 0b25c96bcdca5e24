"""What /proc says about processes: parents, children, start times, who is really alive.

Owns the parsing of /proc.  Reads only what is world-readable, so it works for helpers, the
supervisor and a late `kill` alike.  Signals nobody.

What does not work: a `children` file may miss a sibling while processes come and go, so one
look proves nothing.
"""

from __future__ import annotations

import os
import signal
import time

CHUNK = 4096

WHOLE = 1024
"""A first read that gives less is all there is: the kernel hands these files out by the page."""

ALONE = 3
"""Links of a task folder with one thread in it."""

COUNTING = 0.00025
"""Seconds that a count may hold up the SIGKILL that follows it."""

SETTLING = 0.005
"""Seconds that a freeze may wait for the agent itself before it stops the others."""

STOP_WAITS = b" %d " % (1 << signal.SIGSTOP - 1)
"""In the line of one that was stopped already when its first thread was sent SIGSTOP."""
WAITING = 29
"""Behind the name, the place of the signals that wait for the first thread."""

RUNNING, STILL, DEAD = "R", "T", "X"


class Stat:
    """One process as /proc/PID/stat has it."""

    __slots__ = ("_words", "parent", "state")

    def __init__(self, raw: bytes) -> None:
        # the name before the last ")" may hold spaces, brackets and digits of the agent's choice
        self._words = raw[raw.rindex(b")") + 2 :].split(None, 20)
        self.state = self._words[0].decode()
        self.parent = int(self._words[1])
        if len(self._words) < 20:
            raise ValueError("not a whole line")

    @property
    def group(self) -> int:
        """Its process group."""
        return int(self._words[2])

    @property
    def session(self) -> int:
        """Its session."""
        return int(self._words[3])

    @property
    def threads(self) -> int:
        """How many threads are not reaped, a dead leader included."""
        return int(self._words[17])

    @property
    def started(self) -> int:
        """Its start, in clock ticks since boot."""
        return int(self._words[19])


def read(path: str) -> bytes:
    """A whole small file; raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = os.read(handle, CHUNK)
        if len(data) < WHOLE:
            return data
        while chunk := os.read(handle, CHUNK):
            data += chunk
        return data
    finally:
        os.close(handle)


def stat(pid: int, root: str = "/proc") -> Stat | None:
    """The process now, None when there is none."""
    try:
        return told(read(f"{root}/{pid}/stat"))
    except OSError:
        return None


def told(raw: bytes) -> Stat | None:
    """What such a line says, None where it is not whole."""
    try:
        return Stat(raw)
    except (ValueError, IndexError):
        return None


def stop_waits(behind: bytes) -> bool:
    """Whether SIGSTOP waits for the first thread alone, by what stands behind the name."""
    return STOP_WAITS in behind and behind.split()[WAITING] == STOP_WAITS.strip()


def stopped(pid: int, root: str = "/proc") -> bytes:
    """Its line, behind the name, if it surely stands still: the quick question, not who it is."""
    try:
        raw = read(f"{root}/{pid}/stat")
        end = raw.rindex(b")")
        return raw[end:] if raw.startswith(b"T", end + 2) else b""
    except (OSError, ValueError):
        return b""


def alive(pid: int, root: str = "/proc") -> bool:
    """Whether any thread of it can still run; a dead leader may have live threads."""
    return mode(pid, stat(pid, root), root) != DEAD


def mode(pid: int, found: Stat | None, root: str = "/proc") -> str:
    """Whether it is dead, stands still or runs; a dead leader is judged by its other threads."""
    if found is None:
        return DEAD
    if found.state not in "ZX":
        stopping = found.state == "D" and stops_next(f"{root}/{pid}/status")
        return STILL if found.state in "Tt" or stopping else RUNNING
    if found.threads < 2:
        return DEAD
    try:
        threads = os.listdir(f"{root}/{pid}/task")  # noqa: PTH208  # pathlib costs the start 5 ms
    except OSError:
        return DEAD
    states = {thread.state for name in threads if (thread := stat(int(name), f"{root}/{pid}/task"))}
    living = states - {"Z", "X"}
    if not living:
        return DEAD
    return STILL if living <= {"T", "t"} else RUNNING


def stops_next(status: str) -> bool:
    """Whether SIGSTOP waits for it: held in a system call, it stops before it runs again."""
    try:
        text = read(status)
        pending = text.split(b"\nSigPnd:", 1)[1].split(None, 3)  # SigPnd's, "ShdPnd:", its own
        return bool((int(pending[0], 16) | int(pending[2], 16)) >> (signal.SIGSTOP - 1) & 1)
    except (OSError, IndexError, ValueError):
        return False


def stood(pid: int, root: str = "/proc") -> bool:
    """Whether it stood still already when it was sent SIGSTOP: then that one still waits."""
    return bool(stopped(pid, root)) and stops_next(f"{root}/{pid}/status")


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


def children(pid: int, threads: int | None = None) -> list[int]:
    """The children of all its threads, dead ones included; quicker for who knows their number."""
    found: list[int] = []
    try:
        if threads == 1 or (
            threads is None and os.stat(f"/proc/{pid}/task").st_nlink == ALONE  # noqa: PTH116
        ):
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
