"""A fork bomb: 64 processes that fork on and on.

At most three hundred at one time, and twenty seconds in all.
"""

import os
import time

from tests.runaways.kin import BORN, open_ledger, say

UNTIL = BORN + 20

ledger = open_ledger()
for _ in range(6):
    os.fork()
say(ledger)
while time.monotonic() < UNTIL:
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            say(ledger)
            time.sleep(0.2)
        os._exit(0)
    os.waitpid(child, 0)
    time.sleep(0.1)
os._exit(0)
