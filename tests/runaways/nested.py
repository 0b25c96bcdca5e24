"""Namespaces of its own inside: user and pid, with a daemon in them."""

import subprocess

from tests.runaways.kin import another, live, open_ledger

ledger = open_ledger()
subprocess.Popen(["unshare", "--user", "--map-root-user", "--pid", "--fork", *another("daemons")])
live(ledger)
