"""Undoing what one action changed: what stands against it, and the doing.

Owns the comparison of what is there now with what the action left, and the order in which paths
go back.  Whoever calls has recorded it first, and sees to it that nobody changes the tree
meanwhile.  What somebody else changed since is not touched without `force`; what was put into a
folder that the action made is never removed.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.keeping.putting import Putting
from agentwatch.keeping.reading import AFTER, Kept
from agentwatch.keeping.tree import NoWay, Tree
from agentwatch.keeping.values import Entry, Sort, Unkept, Was


@dataclass(frozen=True, slots=True)
class Undone:
    """What came of it."""

    restored: tuple[str, ...]
    left: tuple[str, ...]
    """What could not be put back, and why."""


class Undo:
    """The undoing of one action in one workspace."""

    def __init__(self, store: Path, kept: Kept, group: str, root: str) -> None:
        """Raises AgentwatchError where there is nothing to undo."""
        entries = kept.of(group)
        if not entries:
            raise AgentwatchError(
                f"nothing is kept of {group}",
                "list what can be undone with: agentwatch undo --list",
                ExitCode.NOT_FOUND,
            )
        if group in kept.undone:
            raise AgentwatchError(f"{group} is undone already", code=ExitCode.NO)
        self.group = group
        self.unkept = {entry.path: entry.unkept for entry in entries if entry.unkept}
        """What was let pass without being kept, and why."""
        self._store = store
        self._kept = kept
        self._tree = Tree(root)
        self._wanted = _wanted(entries)
        self._now: dict[str, Was] = {}

    def conflicts(self) -> list[str]:
        """What somebody else changed since, one sentence each."""
        found = [words for entry in self._wanted.values() if (words := self._conflict(entry))]
        return found + list(self._strangers())

    def carry_out(self) -> Undone:
        """Put everything back as it was; what fails is told, the rest goes on."""
        hands = Putting(self._tree, self._store)
        todo = [entry for entry in self._wanted.values() if not self._same(entry)]
        failed: dict[str, str] = {}

        def each(entries: list[Entry], do: str) -> None:
            for entry in (one for one in entries if one.path not in failed):
                try:
                    getattr(self, do)(hands, entry)
                except NoWay as error:
                    failed[entry.path] = f"{error} is no folder"
                except (OSError, Unkept) as error:
                    failed[entry.path] = f"{getattr(error, 'strerror', None) or error}"

        deep = sorted(todo, key=lambda entry: -entry.path.count("/"))
        folders = [entry for entry in deep if entry.was.sort is Sort.FOLDER]
        others = [e for e in todo if e.was.sort not in (Sort.FOLDER, Sort.ABSENT)]
        each(folders[::-1], "_open")
        each(deep, "_clear")
        each(folders[::-1], "_folder")
        each(others, "_put")
        each(folders, "_dress")
        self._note(time.time())
        back = tuple(entry.path for entry in todo if entry.path not in failed)
        return Undone(back, tuple(f"{path}: {why}" for path, why in failed.items()))

    # -- what stands against it -------------------------------------------------------------

    def _look(self, path: str) -> Was:
        """What is there now; nothing, where the action's own work stands in the way."""
        if path not in self._now:
            try:
                self._now[path] = self._tree.look(path)
            except NoWay as error:
                if str(error) not in self._wanted:
                    raise
                return Was(Sort.ABSENT)
        return self._now[path]

    def _same(self, entry: Entry) -> bool:
        """Whether it is as it was."""
        try:
            return self._look(entry.path).print == entry.was.print
        except (NoWay, OSError, Unkept):
            return False

    def _conflict(self, entry: Entry) -> str:
        """Why it cannot simply be put back."""
        path = entry.path
        try:
            now = self._look(path)
        except NoWay as error:
            return f"{path}: {error} is no folder any more"
        except (OSError, Unkept) as error:
            return f"{path}: {getattr(error, 'strerror', None) or error}"
        if now.print == entry.was.print:
            return ""
        left = self._kept.after.get((self.group, path))
        if left is None:
            return f"{path}: it is still written to, or nobody saw how the action left it"
        later = self._later(path, entry.number)
        if later:
            return f"{path}: {later} changed it since"
        return "" if left == now.print else f"{path}: it was changed since"

    def _later(self, path: str, number: int) -> str:
        """A later action that changed it and is not undone."""
        for entry in reversed(self._kept.entries):
            other = entry.group != self.group and entry.group not in self._kept.undone
            if other and entry.path == path and entry.number > number:
                return entry.group
        return ""

    def _strangers(self) -> Iterator[str]:
        """What lies in folders that would go, and is not the action's."""
        for entry in self._wanted.values():
            if entry.was.sort is not Sort.ABSENT:
                continue
            try:
                folder = self._look(entry.path).sort is Sort.FOLDER
                names = self._tree.names(entry.path) if folder else []
            except (NoWay, OSError, Unkept):
                continue
            for name in names:
                if f"{entry.path}/{name}" not in self._wanted:
                    yield f"{entry.path}: it holds {name}, which the action did not make"

    # -- the doing --------------------------------------------------------------------------

    def _open(self, hands: Putting, entry: Entry) -> None:
        if self._look(entry.path).sort is Sort.FOLDER:
            hands.open_up(entry.path)

    def _clear(self, hands: Putting, entry: Entry) -> None:
        """Remove what was not there, or was something else."""
        now = self._look(entry.path)
        if now.sort in (Sort.ABSENT, entry.was.sort) or entry.meta:
            return
        if not hands.remove(entry.path, now.sort):
            raise OSError(errno.ENOTEMPTY, "it holds what the action did not make")

    def _folder(self, hands: Putting, entry: Entry) -> None:
        hands.folder(entry.path)

    def _put(self, hands: Putting, entry: Entry) -> None:
        hands.put(entry, self._look(entry.path))

    def _dress(self, hands: Putting, entry: Entry) -> None:
        hands.dress(entry.path, entry.was)

    def _note(self, at: float) -> None:
        """Write down that it is undone, and how that leaves what earlier actions changed."""
        lines: list[dict[str, object]] = [{"undone": self.group, "at": at}]
        for path in self._wanted:
            earlier = [
                entry.group
                for entry in self._kept.entries
                if entry.path == path
                and entry.group != self.group
                and entry.group not in self._kept.undone
            ]
            if earlier:
                self._now.clear()
                print_ = self._look(path).print
                lines.append({"group": earlier[-1], "path": path, "print": print_})
        handle = os.open(
            self._store / AFTER,
            os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC,
            0o600,
        )
        try:
            os.write(handle, "".join(json.dumps(line) + "\n" for line in lines).encode())
        finally:
            os.close(handle)


def _wanted(entries: list[Entry]) -> dict[str, Entry]:
    """How each path was before the action, by path."""
    found: dict[str, Entry] = {}
    several: dict[tuple[int, int], list[Entry]] = {}
    for each in entries:
        if each.unkept:
            continue
        entry = _first_of_its_names(each, several) if each.object else each
        was = entry.was
        before = found.get(entry.path)
        if before is None:
            found[entry.path] = entry
        elif before.meta and not entry.meta:
            dress = before.was
            was = replace(
                was, mode=dress.mode, uid=dress.uid, gid=dress.gid, attributes=dress.attributes
            )
            found[entry.path] = replace(entry, was=was, number=before.number)
    return found


def _first_of_its_names(entry: Entry, several: dict[tuple[int, int], list[Entry]]) -> Entry:
    """A file as it was under the first of its names that the action came to.

    Written under one name, or taken one, it was kept under the next as it was then.  A number
    serves anew only once all its names are gone.
    """
    was = entry.was
    before = several.setdefault((was.device, was.inode), [])
    before.append(entry)
    first = before[0]
    if len(before) > max(1, first.was.names):
        return entry
    return replace(entry, object=first.object, was=replace(first.was, mode=was.mode))
