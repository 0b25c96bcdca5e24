"""Two hundred processes, or as many as the second word says.

A third is plain, a third in sessions of their own, a third daemons.
"""

import os
import sys
import time

from tests.runaways.kin import BORN, LIFE, live, open_ledger, say

COUNT = (int(sys.argv[2]) if len(sys.argv) > 2 else 200) - 1


def sleeper() -> None:
    say(ledger)
    time.sleep(BORN + LIFE - time.monotonic())
    os._exit(0)


ledger = open_ledger()
for number in range(COUNT):
    pid = os.fork()
    if pid == 0:
        if number % 3 > 0:
            os.setsid()
        if number % 3 > 1 and os.fork():
            os._exit(0)
        sleeper()
    if number % 3 > 1:
        os.waitpid(pid, 0)
live(ledger)
