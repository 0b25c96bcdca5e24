"""A daemon that clears its environment and is forked twice: nothing marks it."""

import os
import sys

from tests.runaways.kin import live, open_ledger, say

ledger = open_ledger()
os.set_inheritable(ledger, True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        code = (
            "import os, time\n"
            "for _ in range(1200):\n"
            f"    os.write({ledger}, b'%d\\n' % os.getpid())\n"
            "    time.sleep(0.05)"
        )
        os.execve(sys.executable, [sys.executable, "-I", "-S", "-c", code], {})
    os._exit(0)
os.wait()
say(ledger)
live(ledger)
