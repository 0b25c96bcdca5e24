"""The floor by Landlock, where no namespace is to be had and a person asked for a strict one.

Owns the ruleset.  Landlock only knows what is allowed, with all below it: so everything is allowed
beside the way to what is kept, entry by entry, and nothing on that way itself.

What does not work, and why it is not the rule: in every folder above something kept (`/`, the home
folder, `~/.config`) nothing can be made or removed, so an agent that saves `~/.x` by way of a
temporary file fails.  Whoever is under such rules may not mount, so an agent's own bubblewrap
fails.  Sockets and terminals are not held, nor what lies in /tmp: agentwatch's own sockets do,
where there is no XDG_RUNTIME_DIR.  Reading is not touched.
"""

# ruff: noqa: PTH116, PTH118, PTH120
# pathlib costs the start

from __future__ import annotations

import contextlib
import os
import stat
from typing import Any

from . import linux

_WRITE_FILE = 1 << 1
_TRUNCATE = 1 << 14
_CHANGES = _WRITE_FILE | _TRUNCATE | sum(1 << bit for bit in range(4, 14))
"""Removing, making of every kind, moving between folders (bits 4 to 13), writing, cutting off."""

Way = dict[str, Any]
"""Names on the way to what is kept; an empty one is kept itself."""


def forbid(kept: list[str], home: str) -> None:
    """From here on nobody in the tree changes these; raises OSError where the kernel can't.

    What lies in a folder for everybody, like /tmp, is left out: nobody could work there.
    """
    way: Way = {}
    for path in map(os.path.realpath, kept):
        if f"{path}/".startswith(f"{os.path.realpath(home)}/") or not _shared(path):
            _lay(way, [part for part in path.split("/") if part])
    ruleset = linux.new_rules(_CHANGES)
    try:
        _allow_beside("/", way, ruleset)
        linux.restrict_to(ruleset)
    finally:
        os.close(ruleset)


def _shared(path: str) -> bool:
    """Whether it lies below a folder in which everybody makes things."""
    while (path := os.path.dirname(path)) != "/":
        with contextlib.suppress(OSError):
            if os.stat(path).st_mode & stat.S_ISVTX:
                return True
    return False


def _lay(way: Way, parts: list[str]) -> None:
    """Note one path; what lies below something kept is kept with it."""
    for number, part in enumerate(parts):
        known = part in way
        deeper = way.setdefault(part, {})
        if known and not deeper:
            return
        if number == len(parts) - 1:
            deeper.clear()
        way = deeper


def _allow_beside(folder: str, way: Way, ruleset: int) -> None:
    """Allow every entry of a folder that does not lead to something kept."""
    try:
        names = os.listdir(folder)  # noqa: PTH208  # see above
    except OSError:
        return  # what we may not look into, the agent may not either
    for name in names:
        path = os.path.join(folder, name)
        if name not in way:
            with contextlib.suppress(OSError):  # gone meanwhile: then it stays forbidden
                _allow(path, ruleset)
        elif way[name]:
            _allow_beside(path, way[name], ruleset)


def _allow(path: str, ruleset: int) -> None:
    handle = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISLNK(mode):
            rights = _CHANGES if stat.S_ISDIR(mode) else _WRITE_FILE | _TRUNCATE
            linux.allow_beneath(ruleset, handle, rights)
    finally:
        os.close(handle)
