"""Takes the terminal's foreground for a group of its own, again and again."""

import os
import signal
import time

from tests.runaways.kin import BORN, LIFE, live, open_ledger, say

ledger = open_ledger()
terminal = os.open("/dev/tty", os.O_RDWR)
if os.fork() == 0:
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.setpgid(0, 0)
    while time.monotonic() < BORN + LIFE:
        os.tcsetpgrp(terminal, os.getpgrp())
        say(ledger)
        time.sleep(0.02)
    os._exit(0)
live(ledger)
