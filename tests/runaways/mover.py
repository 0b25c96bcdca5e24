"""Moves into the cgroup whose folder is its second word, and has daemons there."""

import os
import sys
from pathlib import Path

from tests.runaways.kin import daemon, live, open_ledger

ledger = open_ledger()
if os.fork() == 0:
    Path(sys.argv[2], "cgroup.procs").write_text("0")
    os.setsid()
    daemon(ledger)
    live(ledger)
live(ledger)
