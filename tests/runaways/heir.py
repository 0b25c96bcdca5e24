"""Asks to be told of its parent's death, and then forks two more of itself, detached."""

import ctypes
import os
import signal
import time

from tests.runaways.kin import BORN, LIFE, live, open_ledger, say

SET_PDEATHSIG = 1


def inherit(_number: int, _frame: object) -> None:
    for _ in range(2):
        if os.fork() == 0:
            os.setsid()
            await_death()


def await_death() -> None:
    signal.signal(signal.SIGUSR1, inherit)
    ctypes.CDLL(None).prctl(SET_PDEATHSIG, int(signal.SIGUSR1), 0, 0, 0)
    while time.monotonic() < BORN + LIFE:
        say(ledger)
        time.sleep(0.02)
    os._exit(0)


ledger = open_ledger()
for _ in range(3):
    if os.fork() == 0:
        await_death()
live(ledger)
