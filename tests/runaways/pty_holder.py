"""A program on a terminal of its own, and a daemon that keeps the other end of it open."""

import pty

from tests.runaways.kin import daemon, live, open_ledger

ledger = open_ledger()
pid, _master = pty.fork()
if pid == 0:
    live(ledger)
daemon(ledger)
live(ledger)
