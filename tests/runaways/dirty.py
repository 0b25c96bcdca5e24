"""Three hundred megabytes of memory that was really written to."""

from tests.runaways.kin import child, live, open_ledger

ledger = open_ledger()
heap = bytearray(b"x") * (300 << 20)
child(ledger)
live(ledger)
