"""The workspace as it is now, walked without following a link.

Owns the way from a path to the folder it lies in: every step is a real folder below the root, or
there is no way.  Changes nothing.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from agentwatch.keeping.looking import look
from agentwatch.keeping.values import GONE, Was

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
MOST_LOOKED_AT = 200_000
"""Names that are looked at in search of a file's other name."""


class NoWay(Exception):
    """Something that is no folder stands on the way, in words."""


class Tree:
    """The folders below one root."""

    def __init__(self, root: str) -> None:
        self._root = root

    @contextmanager
    def folder(self, path: str) -> Iterator[tuple[int, str]]:
        """The folder that a path lies in, and its name there; raises NoWay, FileNotFoundError."""
        parts = self._parts(path)
        at = os.open(self._root, _FOLDER)
        try:
            for number, part in enumerate(parts[:-1]):
                try:
                    step = os.open(part, _FOLDER, dir_fd=at)
                except OSError as error:
                    if error.errno in (errno.ENOTDIR, errno.ELOOP):
                        here = "/".join((self._root, *parts[: number + 1]))
                        raise NoWay(here) from None
                    raise
                os.close(at)
                at = step
            yield at, parts[-1]
        finally:
            os.close(at)

    def look(self, path: str) -> Was:
        """What is there now; raises NoWay, Unkept, OSError."""
        try:
            with self.folder(path) as (folder, name):
                return look(folder, name)
        except FileNotFoundError:
            return GONE

    def names(self, path: str) -> list[str]:
        """What lies in a folder; raises OSError."""
        with self.folder(path) as (folder, name):
            handle = os.open(name, _FOLDER, dir_fd=folder)
            try:
                return os.listdir(handle)  # noqa: PTH208 - a handle
            finally:
                os.close(handle)

    def another_name(self, was: Was) -> str | None:
        """A path of the same file, wherever below the root it is; None where none was found."""
        looked = 0
        for folder, _, names, handle in os.fwalk(self._root, follow_symlinks=False):
            for name in names:
                looked += 1
                if looked > MOST_LOOKED_AT:
                    return None
                found = os.stat(name, dir_fd=handle, follow_symlinks=False)
                if (found.st_dev, found.st_ino) == (was.device, was.inode):
                    return f"{folder}/{name}"
        return None

    def _parts(self, path: str) -> list[str]:
        """The steps from the root; raises NoWay for what does not lie below it."""
        start = self._root.rstrip("/") + "/"
        parts = path[len(start) :].split("/")
        if not path.startswith(start) or {"", ".", ".."} & set(parts):
            raise NoWay(path)
        return parts
