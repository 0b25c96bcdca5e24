"""A shell with job control, jobs in groups of their own, one of them disowned."""

import shlex
import subprocess

from tests.runaways.kin import another, live, open_ledger

ledger = open_ledger()
job = shlex.join(another("session"))
subprocess.Popen(["bash", "-mc", f"{job} & {job} & disown; {job} | cat & wait"])
live(ledger)
