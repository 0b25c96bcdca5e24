"""The leading thread ends, another lives on: the kernel shows a zombie that works."""

import ctypes
import os
import threading

from tests.runaways.kin import live, open_ledger

EXIT = {"x86_64": 60}.get(os.uname().machine, 93)

ledger = open_ledger()
if os.fork() == 0:
    threading.Thread(target=live, args=(ledger,)).start()
    ctypes.CDLL(None).syscall(ctypes.c_long(EXIT), ctypes.c_int(0))
live(ledger)
