"""Becomes another program for ever: each link forks, ends, and the fork executes itself anew."""

import os
import sys
import time

from tests.runaways.kin import BORN, another, live, open_ledger, say

until = float(sys.argv[2]) if len(sys.argv) > 2 else BORN + 30

ledger = open_ledger()
if len(sys.argv) > 2:
    say(ledger)
    if os.fork() or time.monotonic() > until:
        os._exit(0)
    os.setsid()
    os.execv(sys.executable, another("exec_hopper", str(until)))
if os.fork() == 0:
    os.execv(sys.executable, another("exec_hopper", str(until)))
live(ledger)
