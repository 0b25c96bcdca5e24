"""What every runaway shares: saying "alive" to an outside ledger, and a bounded life.

The ledger is a FIFO that each process keeps open for writing: the reader outside sees its end
exactly when the last of them is dead.  Each says its pid, as it knows it, once a beat.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).parent
LIFE = 60.0
BEAT = 0.05
BORN = time.monotonic()


def open_ledger() -> int:
    """The FIFO from the command line, at a number that survives exec."""
    try:
        opened = os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK)
    except OSError:  # nobody reads it any more: the test is over, and so are we
        os._exit(0)
    os.set_blocking(opened, True)
    ledger = os.dup2(opened, 100)
    os.close(opened)
    return ledger


def say(ledger: int) -> None:
    """Be heard; the test that does not listen any more is over, and so are we."""
    try:
        os.write(ledger, f"{os.getpid()}\n".encode())
    except BrokenPipeError:
        os._exit(0)


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


def another(name: str, *words: str) -> list[str]:
    """The command of another runaway on the same ledger."""
    return [sys.executable, str(HERE / f"{name}.py"), sys.argv[1], *words]


def within_reach() -> list[int]:
    """Everybody above and beside it below the test's own process, nearest first.

    Nobody where that process is not above it: then these would be the user's own.
    """
    spared = int(os.environ["SPARED"])
    found: list[int] = []
    pid = os.getpid()
    while (parent := parent_of(pid)) != spared:
        if parent <= 1:
            return []
        found.append(parent)
        found += [near for near in children_of(parent) if near != pid]
        pid = parent
    return found


def parent_of(pid: int) -> int:
    stat = Path(f"/proc/{pid}/stat").read_bytes()
    return int(stat.rpartition(b")")[2].split()[1])


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def daemon(ledger: int) -> None:
    """Fork twice with a session between: the grandchild belongs to nobody."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        child(ledger)
        os._exit(0)
    os.waitpid(pid, 0)
