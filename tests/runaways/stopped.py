"""A child that stops itself, and one that a member stops again and again."""

import os
import signal
import time

from tests.runaways.kin import child, live, open_ledger, say

ledger = open_ledger()
if os.fork() == 0:
    say(ledger)
    os.kill(os.getpid(), signal.SIGSTOP)
    live(ledger)
victim = child(ledger)
if os.fork() == 0:
    for _ in range(600):
        say(ledger)
        os.kill(victim, signal.SIGSTOP)
        time.sleep(0.1)
    os._exit(0)
live(ledger)
