"""Putting one path back as it was: into the folder that was walked to, never through a link.

Owns the making, overwriting and removing.  A file is made beside and renamed into place, so that
it is there whole or not at all; one with several names is written in place, so that they stay one.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import os
import secrets
from pathlib import Path

from agentwatch.keeping import copying
from agentwatch.keeping.looking import HANDLE, way
from agentwatch.keeping.tree import Tree
from agentwatch.keeping.values import Entry, Sort, Was

_WHOLE = 1 << 62


class Putting:
    """The hands of one undo."""

    def __init__(self, tree: Tree, store: Path) -> None:
        self._tree = tree
        self._store = store
        self._linked: dict[tuple[int, int], str] = {}
        """Files with several names that are back, by their old number."""

    def open_up(self, path: str) -> None:
        """Let the user work in a folder; its mode is put back last."""
        with self._tree.folder(path) as (folder, name):
            handle = os.open(name, HANDLE | os.O_NOFOLLOW | os.O_DIRECTORY, dir_fd=folder)
            try:
                mode = os.fstat(handle).st_mode
                if mode & 0o700 != 0o700:
                    os.chmod(way(handle), mode & 0o7777 | 0o700)  # noqa: PTH101 - a handle
            finally:
                os.close(handle)

    def remove(self, path: str, sort: Sort) -> bool:
        """Remove what is there; False for a folder that holds what nobody here made."""
        with self._tree.folder(path) as (folder, name):
            if sort is not Sort.FOLDER:
                os.unlink(name, dir_fd=folder)
                return True
            with contextlib.suppress(OSError):
                os.rmdir(name, dir_fd=folder)
                return True
            return False

    def folder(self, path: str) -> None:
        """Make a folder, its mode still open."""
        with self._tree.folder(path) as (folder, name), contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=folder)

    def put(self, entry: Entry, now: Was) -> None:
        """Put a file, link or fifo back; raises OSError."""
        was, several = entry.was, (entry.was.device, entry.was.inode)
        if entry.meta:
            self.dress(entry.path, was)
            return
        if was.sort is Sort.FILE and was.names > 1:
            back = self._linked.get(several)
            self._linked[several] = entry.path
            if back is not None:
                self._name(entry.path, back)
            elif (now.device, now.inode) == several:
                with self._tree.folder(entry.path) as (folder, name):
                    self._rewrite(folder, name, entry)
            else:
                self._beside_others(entry)
            return
        self._beside(entry)

    def _beside_others(self, entry: Entry) -> None:
        """A file that has other names still, or had."""
        other = self._tree.another_name(entry.was)
        if other is None:
            self._beside(entry)
            return
        there = self._tree.look(other)
        if (there.size, there.changed) == (entry.was.size, entry.was.changed):
            self._name(entry.path, other)
            return
        self._beside(entry)
        raise OSError(errno.EEXIST, f"put back apart from {other}, its other name, which differs")

    def dress(self, path: str, was: Was) -> None:
        """Give what is there its mode, owner and attributes back; raises OSError."""
        with self._tree.folder(path) as (folder, name):
            handle = os.open(name, HANDLE | os.O_NOFOLLOW, dir_fd=folder)
            try:
                _dress(way(handle), os.fstat(handle), was)
            finally:
                os.close(handle)

    def _name(self, path: str, other: str) -> None:
        """Make a path one more name of a file."""
        if other == path:
            return
        with self._tree.folder(other) as (theirs, name), self._tree.folder(path) as (ours, own):
            spare = _spare()
            os.link(name, spare, src_dir_fd=theirs, dst_dir_fd=ours, follow_symlinks=False)
            os.rename(spare, own, src_dir_fd=ours, dst_dir_fd=ours)
            # A rename of one name of a file onto another of its names does nothing.
            with contextlib.suppress(FileNotFoundError):
                os.unlink(spare, dir_fd=ours)

    def _rewrite(self, folder: int, name: str, entry: Entry) -> None:
        handle = os.open(name, HANDLE | os.O_NOFOLLOW, dir_fd=folder)
        try:
            found = os.fstat(handle)
            os.chmod(way(handle), found.st_mode & 0o7777 | 0o200)  # noqa: PTH101 - a handle
            target = os.open(way(handle), os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
            try:
                self._fill(target, entry)
            finally:
                os.close(target)
            _dress(way(handle), os.fstat(handle), entry.was)
        finally:
            os.close(handle)

    def _beside(self, entry: Entry) -> None:
        """Make it beside, then put it in its place."""
        was, spare = entry.was, _spare()
        with self._tree.folder(entry.path) as (folder, name):
            try:
                if was.sort is Sort.LINK:
                    os.symlink(was.target, spare, dir_fd=folder)
                elif was.sort is Sort.FIFO:
                    os.mkfifo(spare, 0o600, dir_fd=folder)
                else:
                    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                    target = os.open(spare, flags, 0o600, dir_fd=folder)
                    try:
                        self._fill(target, entry)
                    finally:
                        os.close(target)
                if was.sort is Sort.LINK:
                    times = (was.changed, was.changed)
                    os.utime(spare, ns=times, dir_fd=folder, follow_symlinks=False)
                else:
                    handle = os.open(spare, HANDLE | os.O_NOFOLLOW, dir_fd=folder)
                    try:
                        _dress(way(handle), os.fstat(handle), was)
                    finally:
                        os.close(handle)
                os.rename(spare, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(spare, dir_fd=folder)
                raise

    def _fill(self, target: int, entry: Entry) -> None:
        source = os.open(self._store / entry.object, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            copying.copy(source, target, _WHOLE)
        finally:
            os.close(source)


def _dress(path: str, now: os.stat_result, was: Was) -> None:
    """Mode, owner, attributes and time of what a path of ours leads to."""
    if (now.st_uid, now.st_gid) != (was.uid, was.gid):
        os.chown(path, was.uid, was.gid)
    if hasattr(os, "setxattr"):
        wanted = dict(was.attributes)
        for name in os.listxattr(path) if wanted or _has_some(path) else ():
            if name not in wanted and not name.startswith(("security.", "trusted.")):
                os.removexattr(path, name)
        for name, value in wanted.items():
            os.setxattr(path, name, base64.b64decode(value))
    os.chmod(path, was.mode)  # noqa: PTH101 - a handle's path
    os.utime(path, ns=(was.changed, was.changed))


def _has_some(path: str) -> bool:
    try:
        return bool(os.listxattr(path))
    except OSError:
        return False


def _spare() -> str:
    return f".agentwatch-undo-{secrets.token_hex(6)}"
