"""Reading files in whose place an agent may have put something else.

Owns the opening: it never waits (for the writer of a pipe), takes no device and no folder for a
file, and reads no more than it was told to.  Standard library only, because the kill path needs it.

What does not work: what a plain file says may still be anybody's words.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any, Final

AT_ONCE: Final = 1 << 20
"""Bytes that are read at a time: journals are long."""
MOST: Final = 16 * 1024 * 1024
"""Bytes of a file that is read whole."""


def opened(path: Path) -> BufferedReader:
    """A plain file, open for reading; raises OSError for anything else."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is not a plain file", str(path))
    return BufferedReader(FileIO(handle), AT_ONCE)


def content(path: Path) -> bytes:
    """All of a file; raises OSError where it is none, or is too long."""
    with opened(path) as file:
        data = bytearray()
        while len(data) <= MOST and (part := file.read(MOST + 1 - len(data))):
            data += part
    if len(data) > MOST:
        raise OSError(errno.EFBIG, "it is too long", str(path))
    return bytes(data)


def document(path: Path) -> Any:
    """The JSON in a file; raises OSError, or ValueError for what is none."""
    try:
        return json.loads(content(path))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
