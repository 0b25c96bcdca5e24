"""nohup and a shell's background jobs that outlive the shell."""

import os
import subprocess

from tests.runaways.kin import live, open_ledger, say

ledger = open_ledger()
os.set_inheritable(ledger, True)
shell = "for i in 1 2; do nohup sleep 60 >/dev/null 2>&1 & done"
subprocess.run(["/bin/sh", "-c", shell], pass_fds=(ledger,), check=True)
say(ledger)
live(ledger)
