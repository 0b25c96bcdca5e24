"""Kills every process of the supervision that it can reach, after leaving daemons about.

With "STOP" as its second word it stops them instead.
"""

import contextlib
import os
import signal
import sys

from tests.runaways.kin import daemon, live, open_ledger, within_reach

NUMBER = signal.SIGSTOP if sys.argv[2:] == ["STOP"] else signal.SIGKILL

ledger = open_ledger()
targets = within_reach()  # before the daemons, which may end up beside it
for _ in range(3):
    daemon(ledger)
for target in targets:
    with contextlib.suppress(PermissionError, ProcessLookupError):
        os.kill(target, NUMBER)
live(ledger)
