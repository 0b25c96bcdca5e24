"""What a file was when an action that stands on it was shown.

Owns the fields, and what counts as the same.  Looks at no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class FileState:
    """One file at one moment."""

    path: str
    """Absolute, as the action names it."""
    size: int = -1
    """Bytes; -1 where there is no plain file."""
    device: int = 0
    inode: int = 0
    written: int = 0
    """Nanoseconds since the epoch of its last write."""
    changed: int = 0
    """Likewise, of its last change of any kind."""
    sha256: str = ""
    """Over its content; empty for a large one."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read back what was written field by field."""
        return cls(**{name: data[name] for name in cls.__dataclass_fields__})

    def same(self, other: FileState) -> bool:
        """Whether nothing of it that counts has changed: the content, where that is known."""
        if self.sha256 or other.sha256:
            return self.sha256 == other.sha256
        return self == other
