"""Threads that never rest, in three processes."""

import os
import threading

from tests.runaways.kin import live, open_ledger


def turn() -> None:
    while True:
        pass


ledger = open_ledger()
for _ in range(2):
    if os.fork() == 0:
        break
for _ in range(8):
    threading.Thread(target=turn, daemon=True).start()
live(ledger)
