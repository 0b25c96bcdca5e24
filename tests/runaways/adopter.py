"""Makes itself the adopter of orphans, and has some; the adopter is detached as well."""

import ctypes
import os

from tests.runaways.kin import daemon, live, open_ledger

SET_CHILD_SUBREAPER = 36

ledger = open_ledger()
if os.fork() == 0:
    os.setsid()
    ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for _ in range(3):
        daemon(ledger)
    live(ledger)
live(ledger)
