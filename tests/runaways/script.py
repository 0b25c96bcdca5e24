"""`script` in a session of its own: a recorded terminal that outlives who asked for it."""

import os
import shlex
import subprocess

from tests.runaways.kin import another, live, open_ledger

ledger = open_ledger()
subprocess.Popen(
    ["script", "-qfc", shlex.join(another("plain")), os.devnull],
    stdin=subprocess.DEVNULL,
    stdout=subprocess.DEVNULL,
    start_new_session=True,
)
live(ledger)
