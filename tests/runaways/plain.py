"""Three children that do nothing but live."""

from tests.runaways.kin import child, live, open_ledger

ledger = open_ledger()
for _ in range(3):
    child(ledger)
live(ledger)
