"""Files that editors write beside the one they mean, and rename over it.

Owns the shapes of their names.
"""

from __future__ import annotations

import posixpath
import re

_CHANCE = r"(?:[0-9a-f]{8,16}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_SHAPES = (
    re.compile(rf"(?P<target>[^/.][^/]*?)\.{_CHANCE}\.tmp"),
    re.compile(r"\.(?P<target>[^/]+?)\.[0-9A-Za-z_]{6,16}\.tmp"),
    re.compile(r"(?P<target>[^/]+?)\.tmp(?:[.-][0-9A-Za-z]+){0,3}"),
)
LONGEST = 255
"""Bytes of a name."""


def temporary(path: str, target: str) -> bool:
    """Whether a file is where an editor writes before it renames it to the target."""
    folder, name = posixpath.split(target)
    beside, other = posixpath.split(path)
    bare = other.lstrip(".#~")
    return beside == folder and other != name and bare.startswith(name) and len(other) < LONGEST


def becomes(path: str) -> str:
    """The file that an editor's copy will take the place of, by its name; empty for no copy."""
    folder, name = posixpath.split(path)
    for shape in _SHAPES:
        if len(name) < LONGEST and (found := shape.fullmatch(name)):
            return posixpath.join(folder, found["target"])
    return ""
