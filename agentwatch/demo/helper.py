"""The demo agent's helper: forked twice, in a session of its own, deleting without asking.

Owns the one behaviour that `propose` cannot hold: a process that does not ask.  Works from the
far end of the inbox; stops by itself only when the inbox is empty.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import NoReturn

from agentwatch.demo import inbox


def start(maildir: Path, every: float) -> int:
    """Fork it away; a descriptor that reaches its end when the helper does."""
    ours, its = os.pipe()
    child = os.fork()
    if child == 0:
        _detach(maildir, every)
    os.close(its)
    os.waitpid(child, 0)
    return ours


def _detach(maildir: Path, every: float) -> NoReturn:
    """In the first child: leave the session and the parent behind."""
    status = 1
    try:
        os.setsid()
        if os.fork() == 0:
            work(maildir, every)
        status = 0
    finally:
        os._exit(status)


def work(maildir: Path, every: float) -> None:
    """Delete one message after the other, asking nobody."""
    while left := inbox.messages(maildir):
        time.sleep(every)
        message = left[-1]
        with contextlib.suppress(FileNotFoundError):
            message.path.unlink()
        with contextlib.suppress(OSError):  # its terminal may be gone: it would not care
            print(f"    helper ({os.getpid()}): deleted {message.letter.subject!r}", flush=True)
