"""Forks and ends for ever: never the same process for longer than two milliseconds."""

import os
import time

from tests.runaways.kin import BORN, LIFE, live, open_ledger, say

ledger = open_ledger()
if os.fork() == 0:
    os.setsid()
    while time.monotonic() < BORN + LIFE:
        say(ledger)
        time.sleep(0.002)
        if os.fork():
            os._exit(0)
    os._exit(0)
live(ledger)
