"""Held signals: to the agent's own tree they pass, to others they are judged.

Owns reading whom a signal is for.  Nothing here can change meanwhile: all of it is in registers.

What does not work: a number that ends and is given to another process between the look and the
signal.  A signal to a process group is judged as one to somebody outside.
"""

from __future__ import annotations

import os

from .acts import Deed, Observed
from .caller import Caller
from .descent import stat
from .files import Held, _folder
from .listener import GOES_ON, Answer, Call


def signalling(caller: Caller, name: str, call: Call, root: int) -> Held | Answer:
    """kill, tkill, tgkill and their kin; raises OSError."""
    if name == "pidfd_send_signal":
        target = _behind(caller, _folder(call.args[0]))
    else:
        target = _folder(call.args[0])
    number = _folder(call.args[2 if "tg" in name else 1])
    if number == 0 or target in (caller.pid, caller.tid) or (target > 0 and below(target, root)):
        return GOES_ON
    if target == 0:  # its own group, made by itself or by us for it
        return GOES_ON
    event = Observed(
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
    return Held(caller, event, lambda: GOES_ON)


def _behind(caller: Caller, number: int) -> int:
    path = f"/proc/{caller.tid}/fdinfo/{number}"
    with open(path, encoding="ascii") as lines:  # noqa: PTH123  # pathlib costs the start
        for line in lines:
            if line.startswith("Pid:"):
                return int(line.split()[1])
    raise OSError(os.EX_USAGE, "no pidfd")


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
