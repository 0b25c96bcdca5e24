"""The runaways of a fire drill: what an agent gone wrong leaves behind, each kind once.

Run as a file of its own, by the agent's side of the drill: `python runaway.py FOLDER`.  Owns
nothing and imports nothing of ours.  Every process holds one of the folder's FIFOs open for
writing, so that a reader outside sees that FIFO's end exactly when the last one is dead; each
says its pid there once a beat, ends when nobody reads any more, and lives 45 seconds at most.
There are 60 of them, never more than a few above that.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import NoReturn

LIFE = 45.0
BEAT = 0.2
HOP = 0.005
BORN = time.monotonic()
STORM = 50

SPEAKERS = {
    "agent": 1,
    "child": 1,
    "session": 1,
    "daemon": 1,
    "deaf": 1,
    "stopped": 1,
    "cleared": 1,
    "hopper": 3,
    "pair": 2,
    "storm": STORM,
}
"""Every runaway, and how many of its processes have spoken once it is up."""

WHAT = {
    "agent": "the agent's first process",
    "child": "a plain child",
    "session": "a child in a session of its own (setsid)",
    "daemon": "a daemon, forked twice with a session between",
    "deaf": "ignores every signal it may ignore",
    "stopped": "a child that has stopped itself",
    "cleared": "a daemon with an empty environment (env -i): nothing marks it",
    "hopper": "forks and ends without pause, never one process for long",
    "pair": "two that start each other again when one dies",
    "storm": f"{STORM} processes: plain, in own sessions, daemons",
}


def main() -> None:
    """Start them all, then be the agent."""
    folder = sys.argv[1]
    for name, act in ACTS.items():
        _fork(folder, name, act)
    ledger = _ledger(folder, "agent")
    while True:
        say(ledger)
        _reap()
        time.sleep(BEAT)


def say(ledger: int) -> None:
    """Speak; end when the life is over or nobody listens."""
    if time.monotonic() > BORN + LIFE:
        os._exit(0)
    try:
        os.write(ledger, b"%d\n" % os.getpid())
    except OSError:
        os._exit(0)


def live(ledger: int) -> NoReturn:
    """Speak until the end."""
    while True:
        say(ledger)
        time.sleep(BEAT)


def _session(ledger: int) -> NoReturn:
    os.setsid()
    live(ledger)


def _daemon(ledger: int) -> NoReturn:
    os.setsid()
    if os.fork():
        os._exit(0)
    live(ledger)


def _deaf(ledger: int) -> NoReturn:
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    live(ledger)


def _stopped(ledger: int) -> NoReturn:
    say(ledger)
    signal.raise_signal(signal.SIGSTOP)
    live(ledger)


def _cleared(ledger: int) -> NoReturn:
    os.setsid()
    if os.fork():
        os._exit(0)
    os.set_inheritable(ledger, True)
    again = [sys.executable, "-I", "-S", __file__, "", str(ledger)]
    os.execve(sys.executable, again, {})  # noqa: S606  # no shell: an empty environment is the point


def _hopper(ledger: int) -> NoReturn:
    os.setsid()
    while True:
        say(ledger)
        time.sleep(HOP)
        if os.fork():
            os._exit(0)


def _pair(ledger: int) -> NoReturn:
    os.setsid()
    while True:
        parent = os.getpid()
        partner = os.fork()
        if partner:
            say(ledger)
            os.waitpid(partner, 0)
            say(ledger)
            continue
        while os.getppid() == parent:
            say(ledger)
            time.sleep(0.01)
        os.setsid()


def _storm(ledger: int) -> NoReturn:
    for number in range(STORM - 1):
        if os.fork():
            continue
        if number % 3 > 0:
            os.setsid()
        if number % 3 > 1 and os.fork():
            os._exit(0)
        live(ledger)
    while True:
        say(ledger)
        _reap()
        time.sleep(BEAT)


ACTS: dict[str, Callable[[int], NoReturn]] = {
    "child": live,
    "session": _session,
    "daemon": _daemon,
    "deaf": _deaf,
    "stopped": _stopped,
    "cleared": _cleared,
    "hopper": _hopper,
    "pair": _pair,
    "storm": _storm,
}


def _ledger(folder: str, name: str) -> int:
    return os.open(os.path.join(folder, name), os.O_WRONLY)  # noqa: PTH118  # pathlib starts slowly


def _fork(folder: str, name: str, act: Callable[[int], NoReturn]) -> None:
    if os.fork() == 0:
        try:
            act(_ledger(folder, name))
        finally:
            os._exit(1)


def _reap() -> None:
    """Bury children that ended, so that only the living are counted."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return


if __name__ == "__main__":
    if sys.argv[1]:
        main()
    live(int(sys.argv[2]))
