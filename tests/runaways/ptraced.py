"""Two children that it traces: one held in a tracing stop, one let run under trace."""

import ctypes
import os
import signal

from tests.runaways.kin import live, open_ledger, say

TRACEME, CONTINUE = 0, 7
libc = ctypes.CDLL(None)


def ptrace(request: int, pid: int) -> None:
    zero = ctypes.c_long(0)
    libc.ptrace(ctypes.c_long(request), ctypes.c_long(pid), zero, zero)


def traced(ledger: int) -> int:
    pid = os.fork()
    if pid == 0:
        ptrace(TRACEME, 0)
        say(ledger)
        os.kill(os.getpid(), signal.SIGSTOP)
        live(ledger)
    os.waitpid(pid, 0)
    return pid


ledger = open_ledger()
traced(ledger)
ptrace(CONTINUE, traced(ledger))
live(ledger)
