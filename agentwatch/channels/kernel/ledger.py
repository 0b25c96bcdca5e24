"""The record of what passed without a person: one line each, written before the call goes on.

Owns the lines and their order.  A line that cannot be written whole is an OSError, and its call is
refused.  What a person decided, and every start that begins a cover, is in the session's journal
before it happens; this record is for what belongs to it, some thousands for one `make`.

Written means handed to the kernel by write(): it is in the page cache when the call goes on, and
outlives each of our processes.  It is not waited for until it is on the disk, which would cost
more than the call; what a crash of the whole machine takes is at most the last second or so.  The
supervisor folds the lines into the journal's chain by their digest.

A file that is full is followed by another one, named as the writer finds it: `passed.jsonl`,
`passed.jsonl.2`, and so on.  Nothing is written to a file once the next one is there, so a reader
that has seen the next one can read the one before to its end.  The supervisor removes what is
folded and old; as long as it does not, too many files are an OSError here.
"""

from __future__ import annotations

import errno
import json
import os
import time

from .acts import Observed

LARGEST = 64 * 1024 * 1024
"""Bytes of one file."""
BACKLOG = 8
"""Files there may be at one time: the supervisor keeps fewer, unless it hangs."""

_encode = json.JSONEncoder(separators=(",", ":")).encode


class Ledger:
    """The open file, and the ones that follow it where a path is given."""

    def __init__(self, handle: int, path: str = "", largest: int = LARGEST) -> None:
        import msgspec  # noqa: PLC0415 - where it lies is heard after the gate process has begun

        self._quickly = msgspec.json.Encoder().encode
        self._handle = handle
        self._path = path
        self._largest = largest
        self._number = 1
        self._size = 0
        self._torn = False

    def write(self, event: Observed, started: int, rule: str, cover: str) -> None:
        """Write down that an event passes, and by what; raises OSError when it could not be."""
        said = [round(time.time(), 3), started, rule, cover, event.to_json()]
        try:
            line = self._quickly(said) + b"\n"
        except UnicodeEncodeError:  # a name that is no text
            line = (_encode(said) + "\n").encode()
        if self._path and self._size + len(line) > self._largest and self._size:
            self._follow()
        if self._torn:  # the rest of the line that did not fit must not be taken for this one's
            line = b"\n" + line
        self._torn = True
        if os.write(self._handle, line) != len(line):
            raise OSError(errno.ENOSPC, "only a part was written")
        self._torn = False
        self._size += len(line)

    def _follow(self) -> None:
        """Go on in the next file; raises OSError."""
        number = self._number + 1
        if os.path.lexists(part(self._path, number - BACKLOG)):
            raise OSError(errno.ENOSPC, "nobody has taken up what passed before")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(part(self._path, number), flags, 0o600)
        os.close(self._handle)
        self._handle, self._number = handle, number
        self._size, self._torn = 0, False


def part(path: str, number: int) -> str:
    """The name of one of the files; counted from 1."""
    return path if number == 1 else f"{path}.{number}"
