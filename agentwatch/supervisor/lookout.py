"""Watching what the floor keeps: a file that changed or appeared is said within a second.

Owns remembering how the kept files looked.  Changes and prevents nothing: it is there for what no
wall holds, a file that was not there at the start, and one replaced in a way round the mounts.

What does not work: it cannot tell who did it, and a file below a kept folder is not looked at.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

Look = tuple[int, int, int, int]
"""Device, inode, size and time of change of what is written in it."""


class Lookout:
    """How the kept files looked last."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._last = {path: _look(path) for path in paths}

    def changed(self) -> list[str]:
        """Those that look otherwise than at the last call."""
        now = {path: _look(path) for path in self._last}
        found = [path for path, look in now.items() if look != self._last[path]]
        self._last = now
        return found


def _look(path: str) -> Look | None:
    """How it looks now; None where it is not there or may not be seen."""
    try:
        info = os.stat(path)  # noqa: PTH116 - looked at every second
    except OSError:
        return None
    if stat.S_ISDIR(info.st_mode):  # what its owner's programs do in it is not to be told
        return info.st_dev, info.st_ino, 0, 0
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns
