"""The record of what passed without a person: one line each, written before the call goes on.

Owns the lines and their order.  A line that cannot be written whole is an OSError, and its call is
refused.  What a person decided, and every start that begins a cover, is in the session's journal
before it happens; this record is for what belongs to it, some thousands for one `make`.

Written means handed to the kernel by write(): it is in the page cache when the call goes on, and
outlives each of our processes.  It is not waited for until it is on the disk, which would cost
more than the call; what a crash of the whole machine takes is at most the last second or so.  The
supervisor folds the lines into the journal's chain by their digest.
"""

from __future__ import annotations

import errno
import json
import os
import time

from .acts import Observed

_encode = json.JSONEncoder(separators=(",", ":")).encode


class Ledger:
    """The open file."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._torn = False

    def write(self, event: Observed, started: int, rule: str, cover: str) -> None:
        """Write down that an event passes, and by what; raises OSError when it could not be."""
        said = [round(time.time(), 3), started, rule, cover, event.to_json()]
        line = (_encode(said) + "\n").encode()
        if self._torn:  # the rest of the line that did not fit must not be taken for this one's
            line = b"\n" + line
        self._torn = True
        if os.write(self._handle, line) != len(line):
            raise OSError(errno.ENOSPC, "only a part was written")
        self._torn = False
