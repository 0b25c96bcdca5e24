"""What every runaway shares: saying "alive" to an outside ledger, and a bounded life.

The ledger is a FIFO that each process keeps open for writing: the reader outside sees its end
exactly when the last of them is dead.  Each says its pid, as it knows it, once a beat.
"""

from __future__ import annotations

import os
import sys
import time
from typing import NoReturn

LIFE = 60.0
BEAT = 0.05
BORN = time.monotonic()


def open_ledger() -> int:
    """The FIFO from the command line, at a number that survives exec."""
    opened = os.open(sys.argv[1], os.O_WRONLY)
    ledger = os.dup2(opened, 100)
    os.close(opened)
    return ledger


def say(ledger: int) -> None:
    os.write(ledger, f"{os.getpid()}\n".encode())


def live(ledger: int, until: float = BORN + LIFE) -> NoReturn:
    """Beat until the bounded life is over."""
    while time.monotonic() < until:
        say(ledger)
        time.sleep(BEAT)
    os._exit(0)


def child(ledger: int) -> int:
    """Fork one that only lives; its pid."""
    pid = os.fork()
    if pid == 0:
        live(ledger)
    return pid


def daemon(ledger: int) -> None:
    """Fork twice with a session between: the grandchild belongs to nobody."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        child(ledger)
        os._exit(0)
    os.waitpid(pid, 0)
