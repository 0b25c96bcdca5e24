"""Two detached processes, each of which forks the other anew when it dies."""

import os
import time

from tests.runaways.kin import BORN, LIFE, live, open_ledger, say


def guard(ledger: int) -> None:
    """Keep a partner: when it is gone, fork another that guards in turn."""
    while time.monotonic() < BORN + LIFE:
        parent = os.getpid()
        partner = os.fork()
        if partner == 0:
            while os.getppid() == parent:
                say(ledger)
                time.sleep(0.003)
            os.setsid()
            continue
        os.waitpid(partner, 0)
    os._exit(0)


ledger = open_ledger()
if os.fork() == 0:
    os.setsid()
    guard(ledger)
live(ledger)
