"""Taking hold of processes and signalling them through their handles.

Owns the rule that a process is looked at, or found on its parent's list, after its handle was
opened: what can still be signalled through it is that process, and none that has its number now.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
from collections.abc import Collection, Iterable

from . import tree

GRIP = 256
"""Processes held by a handle at one time; an ordinary user may have 1024 handles."""

THREAD = 1
"""PIDFD_SIGNAL_THREAD, since Linux 6.9."""


def stop_children(parents: Iterable[int], keep: Collection[int]) -> set[int]:
    """Stop all children of some processes by their parents' lists, with no look at any; who.

    A list is read again once the handles are open: whoever is on it then, and can still be
    signalled through its handle, is the child that it was opened for.
    """
    struck: set[int] = set()
    for parent in parents:
        below = [pid for pid in tree.children(parent) if pid not in keep]
        for at in range(0, len(below), GRIP):
            if not _stop_some(parent, below[at : at + GRIP], struck):
                return struck
    return struck


def _stop_some(parent: int, pids: list[int], struck: set[int]) -> bool:
    """Stop these children of one parent; False where the kernel cannot do it this way."""
    held = [(pid, _open(pid)) for pid in pids]
    try:
        ours = set(tree.children(parent))
        for pid, handle in held:
            if handle >= 0 and pid in ours:
                if not _stop_unseen(handle):
                    return False
                struck.add(pid)
    finally:
        for _, handle in held:
            let_go(handle)
    return True


def _open(pid: int) -> int:
    """A handle of a process, -1 when it is gone."""
    try:
        return os.pidfd_open(pid)
    except OSError:
        return -1


def _stop_unseen(handle: int) -> bool:
    """Stop one by its first thread, where a stop that must wait is seen by one look.

    False where the kernel knows no such signal; who is gone or another's is a matter for a look.
    """
    try:
        signal.pidfd_send_signal(handle, signal.SIGSTOP, None, THREAD)
    except OSError as error:
        return error.errno != errno.EINVAL
    return True


def take(pid: int) -> tuple[int, tree.Stat | None]:
    """A handle of a process, and a look at it after that; -1 and None when it is gone."""
    handle = _open(pid)
    found = tree.stat(pid) if handle >= 0 else None
    if found is None:
        let_go(handle)
        return -1, None
    return handle, found


def let_go(handle: int) -> None:
    """Close a handle, if it is one."""
    if handle >= 0:
        os.close(handle)


def send(handle: int, number: int) -> None:
    """Signal one process; who is gone or another user's by now is a matter for the next look."""
    with contextlib.suppress(OSError):
        signal.pidfd_send_signal(handle, number)
