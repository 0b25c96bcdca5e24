"""Processes by number and start time: look, signal, wait, name.

Owns the rule that no signal is sent to a pid whose start time is not the recorded one.  Works
from /proc on Linux and through psutil elsewhere.

What does not work: without pidfds (not Linux) a pid may be reused between the check and the
signal; the window is microseconds and pids elsewhere are not reused at once.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Iterable, Iterator

from agentwatch.containment.base import COOKIE, Proc
from agentwatch.containment.helpers import tree

LINUX = sys.platform == "linux"


def identify(pid: int) -> Proc | None:
    """The process that has this number now."""
    if LINUX:
        found = tree.stat(pid)
        return Proc(pid, found.started) if found else None
    import psutil  # noqa: PLC0415  # only where there is no /proc

    try:
        return Proc(pid, int(psutil.Process(pid).create_time()))
    except psutil.Error:
        return None


def alive(proc: Proc) -> bool:
    """Whether it, and not a later process of that number, can still run."""
    if identify(proc.pid) != proc:
        return False
    return tree.alive(proc.pid) if LINUX else not _zombie(proc.pid)


def _zombie(pid: int) -> bool:
    import psutil  # noqa: PLC0415  # only where there is no /proc

    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return True


def fetch(pid: int, number: int) -> int:
    """A copy of a descriptor of another process; raises OSError."""
    from agentwatch.containment.helpers import linux  # noqa: PLC0415  # Linux only

    return linux.fetch(pid, number)


@contextlib.contextmanager
def handle(proc: Proc) -> Iterator[int | None]:
    """A pidfd that is surely this process; None where it is gone or there are no pidfds."""
    opened = None
    try:
        if sys.platform == "linux":
            opened = os.pidfd_open(proc.pid)
    except OSError:
        opened = None
    try:
        # read after opening: if the start time fits now, the handle is the right process's
        yield opened if opened is not None and identify(proc.pid) == proc else None
    finally:
        if opened is not None:
            os.close(opened)


def send(proc: Proc, number: int) -> bool:
    """Signal exactly this process; whether it was there and could be signalled."""
    with handle(proc) as opened:
        try:
            if opened is not None and sys.platform == "linux":
                signal.pidfd_send_signal(opened, number)
                return True
            if not LINUX and identify(proc.pid) == proc:
                os.kill(proc.pid, number)  # noqa: TID251  # no pidfds here
                return True
        except OSError:
            return False
    return False


def halt(proc: Proc | None) -> None:
    """Stop one process, before others are, and wait a moment until it stands.

    A shell that still runs would see its job stop and take the terminal back from it.
    """
    if proc is not None and send(proc, signal.SIGSTOP) and LINUX:
        tree.stands(proc.pid)


def ended(opened: int, until: float) -> bool:
    """Wait on a pidfd until its process is gone or the monotonic clock says so."""
    poll = select.poll()
    poll.register(opened, select.POLLIN)
    while True:
        left = until - time.monotonic()
        if poll.poll(max(0, int(left * 1000) + 1)):
            return True
        if left <= 0:
            return False


def pids() -> list[int]:
    """Every process of this machine, as far as we may see."""
    if LINUX:
        return tree.pids()
    import psutil  # noqa: PLC0415  # only where there is no /proc

    return psutil.pids()


def command(pid: int) -> str:
    """Its command line, or its name when that is empty; made of the process's own words."""
    if not LINUX:
        return _command_elsewhere(pid)
    try:
        words = tree.read(f"/proc/{pid}/cmdline").replace(b"\0", b" ").strip()
        return (words or tree.read(f"/proc/{pid}/comm").strip()).decode(errors="replace")[:500]
    except OSError:
        return "?"


def name(pid: int) -> str:
    """The name its program gave it; empty when unreadable."""
    if not LINUX:
        return _command_elsewhere(pid).split(" ", 1)[0].rsplit("/", 1)[-1]
    try:
        return tree.read(f"/proc/{pid}/comm").strip().decode(errors="replace")
    except OSError:
        return ""


def _command_elsewhere(pid: int) -> str:
    import psutil  # noqa: PLC0415  # only where there is no /proc

    try:
        found = psutil.Process(pid)
        return " ".join(found.cmdline())[:500] or found.name()
    except psutil.Error:
        return "?"


def carries(pid: int, cookie: str) -> bool | None:
    """Whether its environment has the session's cookie; None when that can't be read."""
    if LINUX:
        return tree.carries(pid, cookie)
    import psutil  # noqa: PLC0415  # only where there is no /proc

    try:
        return bool(psutil.Process(pid).environ().get(COOKIE) == cookie)
    except psutil.Error:
        return None


def uid(pid: int) -> int | None:
    """Its real user, as the kernel and not the owner of its files says; None when unreadable."""
    if not LINUX:
        import psutil  # noqa: PLC0415  # only where there is no /proc

        try:
            return int(psutil.Process(pid).uids().real)
        except psutil.Error:
            return None
    try:
        text = tree.read(f"/proc/{pid}/status")
        return int(text.split(b"\nUid:", 1)[1].split(None, 1)[0])
    except (OSError, IndexError, ValueError):
        return None


def carriers(cookie: str, excluded: Iterable[Proc]) -> tuple[Proc, ...]:
    """Every live process on this machine with the session's cookie."""
    skip = {proc.pid for proc in excluded} | {os.getpid()}
    found = []
    for pid in pids():
        if pid not in skip and carries(pid, cookie):
            known = identify(pid)
            if known is not None and alive(known):
                found.append(known)
    return tuple(found)
