"""Prints without end, and never looks whether anybody can follow."""

import os

from tests.runaways.kin import child, open_ledger

ledger = open_ledger()
child(ledger)
while True:
    os.write(1, b"deleting everything, as you asked\r\n" * 1000)
