"""Reading a store: what was kept, how each action left what it changed, and what was undone.

Owns the reading of both files.  A line that cannot be read is left out, and with it the undoing
of what it was about: nothing is guessed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentwatch.keeping.store import INDEX
from agentwatch.keeping.values import Entry
from agentwatch.regular import opened

AFTER = "after.jsonl"


@dataclass(slots=True)
class Kept:
    """The store of one session, as read."""

    entries: list[Entry] = field(default_factory=list)
    after: dict[tuple[str, str], list[object]] = field(default_factory=dict)
    """By action and path: how the action left it."""
    undone: dict[str, float] = field(default_factory=dict)
    """When, by action."""

    def of(self, group: str) -> list[Entry]:
        """What one action changed, in order."""
        return [entry for entry in self.entries if entry.group == group]


@dataclass(frozen=True, slots=True)
class Group:
    """What one action changed, counted."""

    id: str
    at: float
    paths: tuple[str, ...]
    bytes: int
    unkept: int
    """Paths that were let pass without being kept."""
    undone: float | None


def read(folder: Path) -> Kept:
    """All of it; empty where nothing was kept.  Raises OSError for what cannot be read."""
    found = Kept()
    gone: set[int] = set()
    for data in _lines(folder / INDEX):
        if "retract" in data:
            gone.update(data["retract"])
            continue
        try:
            found.entries.append(Entry.from_json(data))
        except (KeyError, TypeError, ValueError):
            continue
    found.entries = [entry for entry in found.entries if entry.number not in gone]
    for data in _lines(folder / AFTER):
        if "undone" in data:
            found.undone[str(data["undone"])] = float(data["at"])
        elif {"group", "path", "print"} <= data.keys():
            found.after[str(data["group"]), str(data["path"])] = data["print"]
    return found


def groups(kept: Kept) -> list[Group]:
    """The actions that changed something, oldest first."""
    found: dict[str, list[Entry]] = {}
    for entry in kept.entries:
        found.setdefault(entry.group, []).append(entry)
    return [
        Group(
            name,
            entries[0].at,
            tuple(dict.fromkeys(entry.path for entry in entries)),
            sum(entry.was.size for entry in entries if entry.object),
            len({entry.path for entry in entries if entry.unkept}),
            kept.undone.get(name),
        )
        for name, entries in found.items()
    ]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with opened(path) as file:
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return
    for line in text.split("\n"):
        try:
            data = json.loads(line) if line else None
        except (ValueError, RecursionError):
            continue
        if isinstance(data, dict):
            yield data
