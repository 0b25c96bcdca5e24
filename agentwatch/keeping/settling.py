"""How an action left what it changed, seen once nobody writes to it any more.

Owns what was touched and not yet seen at rest.  A later change by anybody else is told by the
difference to this.  What changes between the last write and our look (a second at most) counts as
the action's own, as does what is written through a mapping after its descriptor was closed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from agentwatch.keeping.reading import AFTER
from agentwatch.keeping.store import INDEX
from agentwatch.keeping.tree import NoWay, Tree
from agentwatch.keeping.values import GONE, Entry, Unkept, Who
from agentwatch.regular import opened

AT_ONCE = 1000
"""Paths that one look may cost."""


class Settling:
    """What one session has touched."""

    def __init__(self, store: Path, root: str) -> None:
        self._store = store
        self._tree = Tree(root)
        self._read = 0
        self._round = 0
        self._touched: dict[tuple[str, str], tuple[Who, int]] = {}
        """By action and path: who came to it last, and before which look."""
        self._known: set[tuple[str, str]] = set()

    def touched(self, group: str, paths: Iterable[str], who: Who) -> None:
        """An action has come to these paths once more, where they are among what it changed."""
        for path in paths:
            if (group, path) in self._known:
                self._touched[group, path] = who, self._round

    def look(self, *, all_of_it: bool = False) -> None:
        """Write down what is at rest; raises OSError where it cannot be written.

        What was touched since the last look may only be about to happen: it is for the next.
        """
        self._learn()
        lines = []
        for key, (who, since) in list(self._touched.items())[: None if all_of_it else AT_ONCE]:
            group, path = key
            del self._touched[key]
            if (since == self._round and not all_of_it) or _writes(who, path):
                self._touched[key] = who, since  # behind the others
                continue
            try:
                found = self._tree.look(path)
            except NoWay:
                found = GONE  # it lay in a folder that is none any more
            except (OSError, Unkept):
                continue
            lines.append(json.dumps({"group": group, "path": path, "print": found.print}) + "\n")
        self._round += 1
        if lines:
            self._write("".join(lines).encode())

    def _learn(self) -> None:
        """The lines of the index that came since the last look."""
        try:
            with opened(self._store / INDEX) as file:
                file.seek(self._read)
                data = file.read()
        except FileNotFoundError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            try:
                entry = Entry.from_json(json.loads(line))
            except (ValueError, TypeError, KeyError):
                continue
            self._known.add((entry.group, entry.path))
            self._touched[entry.group, entry.path] = entry.who, self._round

    def _write(self, data: bytes) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(self._store / AFTER, flags, 0o600)
        try:
            if os.write(handle, data) != len(data):
                raise OSError("only a part was written")
        finally:
            os.close(handle)


def _writes(who: Who, path: str) -> bool:
    """Whether the process that changed it still has it open for writing."""
    folder = f"/proc/{who.pid}"
    try:
        stat = Path(f"{folder}/stat").read_bytes()
        if who.pid == 0 or int(stat.rpartition(b")")[2].split()[19]) != who.started:
            return False
        for handle in Path(f"{folder}/fd").iterdir():
            if str(handle.readlink()) == path:
                info = Path(f"{folder}/fdinfo/{handle.name}").read_text()
                flags = next(line for line in info.splitlines() if line.startswith("flags:"))
                if int(flags.split()[1], 8) & os.O_ACCMODE != os.O_RDONLY:
                    return True
    except (OSError, IndexError, StopIteration):
        return False
    return False
