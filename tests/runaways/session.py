"""A child in a session of its own, with a child of its own."""

import os

from tests.runaways.kin import child, live, open_ledger

ledger = open_ledger()
if os.fork() == 0:
    os.setsid()
    child(ledger)
    live(ledger)
live(ledger)
