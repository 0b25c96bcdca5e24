"""Starts a screen server of its own, with a program in it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.runaways.kin import another, live, open_ledger

ledger = open_ledger()
folder = Path(f"{sys.argv[1]}.screens")
folder.mkdir(mode=0o700)
subprocess.run(
    ["screen", "-c", "/dev/null", "-dmS", "runaway", *another("plain")],
    env={**os.environ, "SCREENDIR": str(folder)},
    check=True,
)
live(ledger)
