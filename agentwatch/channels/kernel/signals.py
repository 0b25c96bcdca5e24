"""Held signals: to the agent's own tree they pass, to others they are judged.

Owns reading whom a signal, a tracer or a write into another's memory is for.  Nothing here can
change meanwhile: all of it is in registers.

What does not work: a number that ends and is given to another process between the look and the
signal, and a process that joins a group meanwhile.  A signal from a pid namespace of the caller's
own passes: whom it reaches there is not looked up.
"""

from __future__ import annotations

import contextlib
import errno
import os

from .acts import Deed, Observed
from .caller import Caller
from .descent import alive, stat
from .files import Held, _folder
from .listener import GOES_ON, Answer, Call

_HERE = len(Caller(os.getpid()).inside)
TAKES_HOLD = {"ptrace": 1, "process_vm_writev": 0}
"""Calls that are no signals, and which argument says whom they are for."""


def signalling(caller: Caller, name: str, call: Call, root: int) -> Held | Answer:
    """kill, tkill, tgkill and their kin; raises OSError.

    `root` is our helper that holds the agent: it is nobody of the tree itself.
    """
    target = _folder(call.args[TAKES_HOLD.get(name, 0)])
    number = -1 if name in TAKES_HOLD else _folder(call.args[2 if "tg" in name else 1])
    if number == 0 or len(caller.inside) > _HERE or target in (0, caller.pid, caller.tid):
        return GOES_ON  # 0 is its own group, made by itself or by us for it
    whose = [target] if target > 0 else _in_group(-target)
    if target != -1 and not any(map(alive, whose)):
        raise OSError(errno.ESRCH, os.strerror(errno.ESRCH))
    if target != -1 and all(pid != root and below(pid, root) for pid in whose):
        return GOES_ON
    return Held(caller, event(caller, name, target, max(0, number)), lambda: GOES_ON)


def event(caller: Caller, name: str, target: int, number: int = 0) -> Observed:
    """The value to judge."""
    return Observed(
        Deed.SIGNAL,
        caller.pid,
        caller.tid,
        caller.ppid,
        exe=caller.exe(),
        comm=caller.comm,
        signal=number,
        target=target,
        call=name,
    )


def taken(caller: Caller, name: str, call: Call) -> list[int]:
    """Whom a caller takes hold of, as we number processes: all that it may mean by its number."""
    target, depth = _folder(call.args[TAKES_HOLD[name]]), len(caller.inside) - 1
    if depth < _HERE:
        return [target]
    found = []
    for other in os.listdir("/proc"):  # noqa: PTH208 - pathlib costs the start
        with contextlib.suppress(OSError, ValueError):
            inside = Caller(int(other)).inside
            if inside[depth : depth + 1] == (target,):
                found.append(int(other))
    return found


def numbered(caller: Caller, number: int) -> list[int]:
    """Who has this number in any procfs that a caller can reach, as we number processes."""
    first = _HERE if len(caller.inside) > _HERE else _HERE - 1
    found = []
    for other in os.listdir("/proc"):  # noqa: PTH208 - pathlib costs the start
        with contextlib.suppress(OSError, ValueError):
            if number in Caller(int(other)).inside[first:]:
                found.append(int(other))
    return found


def _in_group(group: int) -> list[int]:
    numbers = [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208
    return [pid for pid in numbers if _group_of(pid) == group]


def _group_of(pid: int) -> int:
    try:
        return int(stat(pid)[2])
    except (OSError, IndexError, ValueError):  # it has just ended
        return 0


def below(pid: int, root: int) -> bool:
    """Whether a process descends from another; unknown is no."""
    for _ in range(4096):
        if pid == root:
            return True
        if pid <= 1:
            return False
        pid = parent_of(pid)
    return False


def parent_of(pid: int) -> int:
    """A process's parent; 0 when it is not there."""
    try:
        return int(stat(pid)[1])
    except (OSError, IndexError, ValueError):
        return 0
