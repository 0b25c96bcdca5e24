"""What /proc says about processes: parents, children, start times, who is really alive.

Owns the parsing of /proc, and the sweep that kills a tree by it.  Reads only what is
world-readable, so it works for helpers, the supervisor and a late `kill` alike.

What does not work: a `children` file may miss a sibling while processes come and go, so one
look proves nothing; a sweep is over only when two looks in a row find nobody.
"""

from __future__ import annotations

import os
import signal

CHUNK = 65536


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
    found = stat(pid, root)
    if found is None:
        return False
    return found.state not in "ZX" or _threads_live(pid, root)


def _threads_live(pid: int, root: str) -> bool:
    try:
        threads = os.listdir(f"{root}/{pid}/task")  # noqa: PTH208  # pathlib costs the start 5 ms
    except OSError:
        return False
    for thread in threads:
        found = stat(int(thread), f"{root}/{pid}/task")
        if found is not None and found.state not in "ZX":
            return True
    return False


def pids(root: str = "/proc") -> list[int]:
    """Every process in this /proc."""
    try:
        return [int(name) for name in os.listdir(root) if name.isdigit()]  # noqa: PTH208
    except OSError:
        return []


def children(pid: int) -> list[int]:
    """The children of all its threads, dead ones included."""
    found: list[int] = []
    try:
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


def send(pid: int, number: int) -> None:
    """Signal one process of a tree that was read a moment ago; its end in between is fine."""
    try:
        os.kill(pid, number)  # noqa: TID251  # this is the containment
    except ProcessLookupError:
        return
    except PermissionError:
        return  # another user's by now: the look that follows names it


def sweep(root: int, keep: frozenset[int], number: int = signal.SIGKILL) -> list[int]:
    """Signal every live descendant except `keep`; who was there."""
    found = [pid for pid in descendants(root) if pid not in keep and alive(pid)]
    for pid in found:
        send(pid, number)
    return found
