"""A process whose main thread hangs while its other threads live on: an event loop that is stuck.

The thread is held by the kernel's tracing stop, which is per thread; SIGSTOP would stop all.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import wait_for

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def _ptrace(request: int, pid: int) -> None:
    zero = ctypes.c_long(0)
    if libc.ptrace(ctypes.c_long(request), ctypes.c_long(pid), zero, zero) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _waits_in_poll(pid: int) -> bool:
    """Whether its main thread rests in the kernel, so that it holds no lock of the interpreter."""
    return "epoll" in Path(f"/proc/{pid}/wchan").read_text() or (
        Path(f"/proc/{pid}/syscall").read_text().split()[0] in EPOLL
    )


EPOLL = {"232", "281", "22"}
"""epoll_wait and epoll_pwait on x86_64, epoll_pwait elsewhere."""


@contextlib.contextmanager
def hung(pid: int) -> Iterator[None]:
    """Hold the main thread in the middle of its waiting, until the end of the block."""
    try:
        _ptrace(SEIZE, pid)
    except PermissionError:
        pytest.skip("this machine lets nobody trace the supervisor")
    try:
        wait_for(lambda: _held(pid), "the loop to be held while it waits")
        yield
    finally:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            _ptrace(DETACH, pid)


def _held(pid: int) -> bool:
    _ptrace(INTERRUPT, pid)
    os.waitpid(pid, WALL)
    if _waits_in_poll(pid):
        return True
    _ptrace(DETACH, pid)
    _ptrace(SEIZE, pid)
    return False
