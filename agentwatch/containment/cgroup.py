"""A cgroup of the agent's own: what the kernel can add to the pair of reapers.

Owns finding a place where we may make one, putting the agent into it before it runs, and the
calls on it: who is in it, kill, freeze, thaw, remove.  Where there is none the pair does it all.

What does not work: cgroup.kill never kills a process whose first thread has ended, so what is
still listed afterwards is killed one by one; and a process may move itself elsewhere, so the
sweep below the reapers follows always.  An ordinary user has a cgroup of their own only in a
delegated one: by `systemd-run --user --scope -p Delegate=yes agentwatch run ...` (tried with
systemd 252), or where root made one by hand.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from agentwatch.containment.base import Unavailable
from agentwatch.containment.helpers import tree

WITHOUT = (
    "no cgroup of its own here ({}): the sweep alone kills and freezes, which takes longer with "
    "many processes; where systemd runs, `systemd-run --user --scope -p Delegate=yes agentwatch "
    "run …` gives one"
)
"""What is missing without it: a sentence for the user."""

FREEZING = 1.0
"""Seconds until a freeze that the kernel does not report counts as not done."""

SLOW = 0.01
"""Seconds after which those who still live may be those that the kernel passes over."""

_NAME = "agentwatch"


def make(session: str) -> str:
    """A new empty cgroup; raises Unavailable with the reason where none may be had."""
    if sys.platform != "linux":
        raise Unavailable("cgroups exist on Linux only")
    try:
        parent = _own()
        _remove_stale(parent)
        path = parent / f"{_NAME}-{session}-{os.getpid()}"
        path.mkdir(mode=0o700, exist_ok=True)  # one of ours that is still emptying
    except OSError as error:
        raise Unavailable(error.strerror or str(error)) from error
    if os.access(path / "cgroup.kill", os.W_OK) and os.access(path / "cgroup.freeze", os.W_OK):
        return str(path)
    remove(str(path))
    raise Unavailable("this kernel's cgroups cannot kill")


def why_not() -> str:
    """Why none may be had here, found out by making one; empty where it may."""
    try:
        remove(make("probe"))
    except Unavailable as error:
        return error.what
    return ""


def put(path: str, pid: int) -> bool:
    """Move a process in; whether that was allowed."""
    return _write(path, "cgroup.procs", str(pid))


def pids(path: str) -> list[int]:
    """Everybody in it and below it, who is dead apart."""
    found: list[int] = []
    for folder in _below(path):
        with contextlib.suppress(OSError):
            found += map(int, tree.read(f"{folder}/cgroup.procs").split())
    return found


def kill(path: str) -> None:
    """Kill everybody in it at once; what the kernel does not do is left to `finish`."""
    _write(path, "cgroup.kill", "1")


def finish(path: str, until: float) -> None:
    """Wait until it is empty, and kill by hand who is still listed: their first thread is dead."""
    while not _reported(path, b"populated 0", min(until, time.monotonic() + SLOW)):
        if time.monotonic() > until:
            return
        for pid in pids(path):
            _kill(pid)


def freeze(path: str) -> bool:
    """Stop everybody in it at once; whether the kernel says they stand still."""
    asked = _write(path, "cgroup.freeze", "1")
    return asked and _reported(path, b"frozen 1", time.monotonic() + FREEZING)


def thaw(path: str) -> None:
    """Let them go on."""
    _write(path, "cgroup.freeze", "0")


def remove(path: str) -> None:
    """Take the empty cgroup away, with those that the agent made in it."""
    for folder in reversed(list(_below(path))):
        with contextlib.suppress(OSError):
            os.rmdir(folder)  # noqa: PTH106  # not a folder of files: unlink would fail


def _own() -> Path:
    """The cgroup we are in ourselves, where cgroups of version 2 are mounted; raises OSError."""
    mounts = (line.split() for line in tree.read("/proc/self/mounts").decode().splitlines())
    lines = tree.read("/proc/self/cgroup").decode().splitlines()
    for words in mounts:
        if words[2] == "cgroup2":
            for line in lines:
                if line.startswith("0::"):
                    return Path(words[1] + line[3:])
    raise FileNotFoundError(2, "cgroups of version 2 are not mounted")


def _remove_stale(parent: Path) -> None:
    """Take away what killed supervisors left; one that is in use can't be removed anyway."""
    for old in parent.glob(f"{_NAME}-*"):
        maker = old.name.rpartition("-")[2]
        if maker.isdigit() and not Path("/proc", maker).exists():
            remove(str(old))


def _below(path: str) -> Iterator[str]:
    """It and every cgroup below it, parents first."""
    for folder, _, _ in os.walk(path):
        yield folder


def _write(path: str, name: str, word: str) -> bool:
    try:
        handle = os.open(f"{path}/{name}", os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.write(handle, word.encode())
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _reported(path: str, state: bytes, until: float) -> bool:
    """Sleep until the kernel reports this state, or the clock says so; gone is empty."""
    try:
        handle = os.open(f"{path}/cgroup.events", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return state == b"populated 0"
    try:
        poll = select.poll()
        poll.register(handle, select.POLLPRI)
        while state not in os.pread(handle, 4096, 0):
            left = until - time.monotonic()
            if left <= 0:
                return False
            poll.poll(left * 1000)
    except OSError:
        return state == b"populated 0"
    finally:
        os.close(handle)
    return True


def _kill(pid: int) -> None:
    """Kill one that the cgroup listed a moment ago, if it is still in it."""
    with contextlib.suppress(OSError):
        handle = os.pidfd_open(pid)
        try:
            if f"/{_NAME}-".encode() in tree.read(f"/proc/{pid}/cgroup"):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)
