"""What is kept of one path, and the bounds of keeping.

Owns the fields and their JSON.  Reads and writes nothing.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from os import stat_result
from typing import Any, Self

MIB = 1 << 20


class Unkept(Exception):
    """Why something cannot be kept aside, in words for a person."""


class Sort(StrEnum):
    """What was at a path."""

    ABSENT = "absent"
    FILE = "file"
    LINK = "link"
    FOLDER = "folder"
    FIFO = "fifo"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be kept, in bytes."""

    session: int = 1024 * MIB
    file: int = 64 * MIB
    """Of one file, or of one folder that is moved away with all that is in it."""


@dataclass(frozen=True, slots=True)
class Who:
    """The process that changes something; 0 where it is not known."""

    pid: int = 0
    started: int = 0


@dataclass(frozen=True, slots=True)
class Was:
    """What was at a path, all but the content."""

    sort: Sort
    mode: int = 0
    uid: int = 0
    gid: int = 0
    size: int = 0
    changed: int = 0
    """The time of the last write, in nanoseconds."""
    device: int = 0
    inode: int = 0
    names: int = 1
    """Hard links."""
    target: str = ""
    """LINK: where it leads."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Extended attributes, the values in base 64."""

    @classmethod
    def of(cls, found: stat_result, sort: Sort, **more: Any) -> Self:
        """From what the kernel says of it."""
        return cls(
            sort,
            stat.S_IMODE(found.st_mode),
            found.st_uid,
            found.st_gid,
            found.st_size,
            found.st_mtime_ns,
            found.st_dev,
            found.st_ino,
            found.st_nlink,
            **more,
        )

    @property
    def print(self) -> list[object]:
        """What tells this state from a later one."""
        if self.sort is Sort.ABSENT:
            return [self.sort.value]
        if self.sort is Sort.FOLDER:
            return [self.sort.value, self.mode, self.uid, self.gid]
        same = [self.device, self.inode, self.size, self.changed]
        return [self.sort.value, self.mode, self.uid, self.gid, *same, self.target]


GONE = Was(Sort.ABSENT)


@dataclass(frozen=True, slots=True)
class Entry:
    """One path before one action changed it."""

    number: int
    at: float
    group: str
    """The action it belongs to."""
    path: str
    was: Was
    object: str = ""
    """The file of the store that holds the content."""
    meta: bool = False
    """Only mode, owner and attributes were to change: the content was not kept."""
    unkept: str = ""
    """Why it could not be kept, where it was let pass all the same."""
    who: Who = Who()

    def to_json(self) -> dict[str, Any]:
        """One line of the index."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read back what `to_json` wrote; raises KeyError, TypeError or ValueError."""
        raw = dict(data)
        was = dict(raw["was"])
        was["sort"] = Sort(was["sort"])
        was["attributes"] = tuple((str(name), str(value)) for name, value in was["attributes"])
        raw["was"] = Was(**was)
        raw["who"] = Who(**raw["who"])
        return cls(**raw)
