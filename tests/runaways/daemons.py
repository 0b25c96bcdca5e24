"""Three daemons, each forked twice with a session between."""

from tests.runaways.kin import daemon, live, open_ledger

ledger = open_ledger()
for _ in range(3):
    daemon(ledger)
live(ledger)
