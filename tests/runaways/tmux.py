"""Starts a tmux server of its own, with a shell in it."""

import subprocess
import sys

from tests.runaways.kin import another, live, open_ledger

ledger = open_ledger()
socket = f"{sys.argv[1]}.tmux"
subprocess.run(
    ["tmux", "-f", "/dev/null", "-S", socket, "new-session", "-d", *another("plain")], check=True
)
live(ledger)
