"""A chain of posix_spawn (vfork underneath), each link in a session of its own."""

import os
import sys

from tests.runaways.kin import another, live, open_ledger

left = int(sys.argv[2]) if len(sys.argv) > 2 else 3

ledger = open_ledger()
if left:
    argv = another("spawned", str(left - 1))
    os.posix_spawn(sys.executable, argv, os.environ, setsid=True)
live(ledger)
