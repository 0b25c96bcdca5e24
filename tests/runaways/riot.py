"""Many runaways at once: their names follow the ledger."""

import subprocess
import sys

from tests.runaways.kin import another, live, open_ledger

ledger = open_ledger()
for name in sys.argv[2:]:
    subprocess.Popen(another(*name.split("=")))
live(ledger)
