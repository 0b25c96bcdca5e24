"""Leaves three daemons behind and ends with status 7 when it is told to."""

import os
import sys

from tests.runaways.kin import daemon, open_ledger, say

ledger = open_ledger()
for _ in range(3):
    daemon(ledger)
say(ledger)
sys.stdin.buffer.read(1)
os._exit(7)
