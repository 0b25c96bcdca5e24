"""Ignores every signal it may, and so do its children."""

import signal

from tests.runaways.kin import child, live, open_ledger

for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
    signal.signal(number, signal.SIG_IGN)
ledger = open_ledger()
for _ in range(2):
    child(ledger)
live(ledger)
