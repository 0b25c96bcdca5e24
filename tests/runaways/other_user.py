"""Becomes another user: what belongs to nobody any more is not signalled by its former self."""

import os

from tests.runaways.kin import daemon, live, open_ledger

NOBODY = 65534

ledger = open_ledger()
if os.fork() == 0:
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    os.setsid()
    daemon(ledger)
    live(ledger)
live(ledger)
