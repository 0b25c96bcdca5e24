"""A screen for the guard to guard: draws, beats, shows the keys it gets, and fails on request.

With "once" it waits to be let go, and beats a single time.
Keys: q leaves, x crashes, z stops beating and answering, m prints megabytes.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from pathlib import Path

IN, OUT = 0, 1


def out(text: str) -> None:
    os.write(OUT, text.encode())


def beat() -> None:
    os.write(int(os.environ["AGENTWATCH_BEAT"]), b".")


def size(*_: object) -> None:
    columns, rows = os.get_terminal_size(OUT)
    out(f"<size {rows}x{columns}>")


def flood(megabytes: int) -> None:
    block = b"0123456789abcde\n" * 4096
    left = megabytes << 20
    while left:
        left -= os.write(OUT, block[:left])
    out("<flooded>")


def begin() -> None:
    """Draw, as far as the words on the command line let it."""
    signal.signal(signal.SIGWINCH, size)
    if "once" in sys.argv:
        Path("here").touch()
        while not Path("go").exists():
            time.sleep(0.01)
    if "plain" not in sys.argv:
        out("\x1b[?1049h\x1b[?1000h\x1b[?2004h\x1b[>1u\x1b[?25l")
    if "deaf" in sys.argv:
        for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
    size()
    if "mute" not in sys.argv:
        beat()
    out(f"<pid {os.getpid()}>")
    if "once" in sys.argv:
        Path("drawn").touch()
    if "crash" in sys.argv:
        sys.exit(3)


def pressed(keys: bytes) -> None:
    """Do what the keys say."""
    out(f"<{keys.hex() if len(keys) < 100 else len(keys)}>")
    if b"q" in keys and "deaf" not in sys.argv:
        out("\x1b[?25h\x1b[<u\x1b[?2004l\x1b[?1000l\x1b[?1049l")
        sys.exit(0)
    if b"x" in keys:
        sys.exit(3)
    if b"m" in keys:
        flood(int(sys.argv[1]))
    while b"z" in keys:
        time.sleep(60)


begin()
while True:
    if not {"mute", "once"} & set(sys.argv):
        beat()
    if select.select([IN], [], [], 0.1)[0]:
        pressed(os.read(IN, 65536))
