"""Whenever one of its three heads dies, another grows at once; heads die often."""

import os
import signal
import time

from tests.runaways.kin import BORN, LIFE, live, open_ledger, say


def grow() -> None:
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        say(ledger)
        time.sleep(0.02)
        os._exit(0)


def regrow(_number: int, _frame: object) -> None:
    while os.waitpid(-1, os.WNOHANG)[0]:
        grow()


ledger = open_ledger()
if os.fork() == 0:
    os.setsid()
    grow()
    grow()
    signal.signal(signal.SIGCHLD, regrow)
    grow()
    while time.monotonic() < BORN + LIFE:
        say(ledger)
        time.sleep(0.05)
    os._exit(0)
live(ledger)
