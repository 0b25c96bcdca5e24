"""A workspace, a store, and somebody who keeps aside before each thing it does."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agentwatch.keeping import Keeper, Limits, Place, Settling, Undo, Undone, Who, read
from agentwatch.keeping.looking import HANDLE


class Workspace:
    """What is done here is done as the gate process does it: kept by its handle, then done."""

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        self.root = folder / "work"
        self.store = folder / "kept"
        self.root.mkdir()
        self.keeper = Keeper(self.store, limits or Limits())
        self.settling = Settling(self.store, str(self.root))

    def path(self, name: str) -> Path:
        return self.root / name

    def write(self, name: str, text: str, group: str = "a") -> Any:
        self._keep(group, name)
        self.path(name).write_text(text)

    def remove(self, name: str, group: str = "a") -> Any:
        self._keep(group, name)
        path = self.path(name)
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()

    def folder(self, name: str, group: str = "a") -> Any:
        self._keep(group, name)
        self.path(name).mkdir()

    def link(self, name: str, target: str, group: str = "a") -> Any:
        self._keep(group, name)
        self.path(name).symlink_to(target)

    def hard(self, old: str, new: str, group: str = "a") -> Any:
        self._keep(group, old, new)
        self.path(new).hardlink_to(self.path(old))

    def mode(self, name: str, mode: int, group: str = "a") -> Any:
        self._keep(group, name, meta=True)
        self.path(name).chmod(mode)

    def rename(self, old: str, new: str, group: str = "a") -> Any:
        below = self.path(old).is_dir() and not self.path(old).is_symlink()
        self._keep(group, old, new, below=below)
        self.path(old).rename(self.path(new))

    def remove_tree(self, name: str, group: str = "a") -> Any:
        for folder, folders, files in os.walk(self.path(name), topdown=False):
            here = str(Path(folder).relative_to(self.root))
            for item in (*files, *folders):
                self.remove(f"{here}/{item}", group)
        self.remove(name, group)

    def undo(self, group: str = "a") -> Undone:
        undo = self.plan(group)
        assert undo.conflicts() == []
        return undo.carry_out()

    def plan(self, group: str = "a") -> Undo:
        self.settling.look(all_of_it=True)
        return Undo(self.store, read(self.store), group, str(self.root))

    def _keep(self, group: str, *names: str, meta: bool = False, below: bool = False) -> None:
        handles = [self._handle(name) for name in names]
        paths = [str(self.path(name)) for name in names]
        to = paths[-1] if below else ""
        places = [Place(paths[0], handles[0], meta, below=below, to=to)]
        places += [Place(path, handle) for path, handle in zip(paths[1:], handles[1:], strict=True)]
        try:
            self.keeper.keep(places, group, Who())
        finally:
            for handle in handles:
                if handle >= 0:
                    os.close(handle)

    def _handle(self, name: str) -> int:
        try:
            return os.open(self.path(name), HANDLE | os.O_NOFOLLOW)
        except FileNotFoundError:
            return -1


def picture(root: Path) -> dict[str, Any]:
    """Everything below a folder: sort, mode, content or target, times of files, and same files."""
    found: dict[str, Any] = {}
    first: dict[int, str] = {}
    for path in sorted(root.rglob("*")):
        name, info = str(path.relative_to(root)), path.lstat()
        said: list[Any] = [stat.filemode(info.st_mode)]
        if stat.S_ISREG(info.st_mode):
            same = first.setdefault(info.st_ino, name)
            said += [_content(path), info.st_mtime_ns, same]
        elif stat.S_ISLNK(info.st_mode):
            said.append(str(path.readlink()))
        found[name] = said
    return found


def _content(path: Path) -> bytes:
    mode = path.stat().st_mode
    path.chmod(0o600)
    try:
        return path.read_bytes()
    finally:
        path.chmod(stat.S_IMODE(mode))


Act = Callable[[Workspace], object]
