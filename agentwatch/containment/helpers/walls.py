"""The walls inside the agent's mount namespace: files held, sockets gone, terminals its own.

Owns the mounts of the floor, made as pid 1 before the agent starts.  Held files stay readable; a
folder above one that could be renamed away becomes a mount of its own, as nothing renames those.

What does not work: the kernel refuses to unlink or rename a mount point only to a process that
has the mount in its namespace, and takes the mount away everywhere when somebody else does it.  So
saving a held file from outside with a rename frees its name inside, and an agent may do the same
with namespaces of its own (pivot_root, old root detached, unlink by a descriptor): it can replace
a held file, not write to it.  Rename and hard link between a held place and its surroundings
fail as between file systems.  What is not there cannot be held.
"""

# ruff: noqa: PTH115, PTH116, PTH120
# pathlib costs the start 5 ms

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import stat
from collections.abc import Callable
from functools import partial

from . import linux
from .agent import Walls

_PTN = 0x80045430
"""TIOCGPTN: the number of a pty, asked of its master."""
_MOST = 512
"""Terminals opened at most to get one with the agent's own number."""
_LINKS = 40
_GONE = (errno.ENOENT, errno.ENOTDIR)


def build(walls: Walls) -> list[str]:
    """Put them up; what could not be, by name.  Wants the old /proc still there."""
    failed: list[str] = []
    done: set[str] = set()
    for path in walls.kept:
        _try(failed, path, partial(_hold, path, done))
    for path in walls.emptied:
        _try(failed, path, partial(_empty, path))
    if walls.terminals:
        _try(failed, "terminals", _own_terminals)
    if walls.shut:
        _try(failed, "sockets", partial(_shut, walls.shut, failed))
    return failed


def read_only(folder: str) -> None:
    """Bind a place over itself, read-only; what its mount already forbids stays forbidden."""
    linux.mount(folder, folder, "", linux.MS_BIND | linux.MS_REC)
    now = os.statvfs(folder).f_flag
    keep = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC | linux.MS_NOATIME
    flags = now & (keep | linux.MS_NODIRATIME)  # these bits are the same in both worlds
    flags |= linux.MS_RELATIME if now & os.ST_RELATIME else 0
    linux.mount("none", folder, "", linux.MS_REMOUNT | linux.MS_BIND | linux.MS_RDONLY | flags)


def _try(failed: list[str], name: str, work: Callable[[], object]) -> None:
    try:
        work()
    except OSError as error:
        if error.errno not in _GONE:
            failed.append(name)


def _hold(path: str, done: set[str]) -> None:
    """Make a place read-only, and its name and all above it stay where they are."""
    parts = [part for part in path.split("/") if part][::-1]
    at = ""
    links = 0
    while parts:
        part = parts.pop()
        if part == "..":
            at = os.path.dirname(at)
            continue
        step = f"{at}/{part}"
        if stat.S_ISLNK(os.lstat(step).st_mode):
            links += 1
            if links > _LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            if step not in done and os.access(at or "/", os.W_OK):
                _hold_link(step)
                done.add(step)
            to = os.readlink(step)
            at = "" if to.startswith("/") else at
            parts.extend([item for item in to.split("/") if item not in ("", ".")][::-1])
            continue
        at = step
        if (
            parts
            and at.count("/") > 1
            and at not in done
            and os.access(os.path.dirname(at), os.W_OK)
        ):
            linux.mount(at, at, "", linux.MS_BIND | linux.MS_REC)
            done.add(at)
    if at and f"{at}//" not in done:
        read_only(at)
        done.update((at, f"{at}//"))


def _hold_link(path: str) -> None:
    """A link is a mount point like any other, by a handle of it."""
    handle = os.open(path, os.O_PATH | os.O_NOFOLLOW)
    try:
        linux.mount(f"/proc/self/fd/{handle}", f"/proc/self/fd/{handle}", "", linux.MS_BIND)
    finally:
        os.close(handle)


def _empty(folder: str) -> None:
    """Put an empty folder of the tree's own over it, of the same mode."""
    mode = os.stat(folder).st_mode & 0o7777
    flags = linux.MS_NOSUID | linux.MS_NODEV
    linux.mount("tmpfs", folder, "tmpfs", flags, f"mode={mode:o},size=64m")


def _shut(paths: list[str], failed: list[str]) -> None:
    """Put a file over each that nobody can connect to; it lives as long as its binds."""
    linux.mount("tmpfs", "/proc", "tmpfs", linux.MS_NOSUID | linux.MS_NODEV)
    try:
        os.close(os.open("/proc/shut", os.O_WRONLY | os.O_CREAT, 0))
        for path in paths:
            _try(failed, path, partial(linux.mount, "/proc/shut", path, "", linux.MS_BIND))
    finally:
        linux.unmount("/proc")


def _own_terminals() -> None:
    """New ptys of the tree's own; of the others only those it was started on."""
    own: dict[int, int] = {}
    for handle in (0, 1, 2):
        if os.isatty(handle):
            name = os.ttyname(handle)
            if name.startswith("/dev/pts/") and name[9:].isdigit():
                own[int(name[9:])] = os.open(name, os.O_PATH)
    options = "newinstance,ptmxmode=0666,mode=0620"
    linux.mount("devpts", "/dev/pts", "devpts", linux.MS_NOSUID | linux.MS_NOEXEC, options)
    spare: list[int] = []
    try:
        while own and len(spare) <= _MOST:
            master = os.open("/dev/pts/ptmx", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
            number = ctypes.c_uint()
            fcntl.ioctl(master, _PTN, number)
            if number.value in own:  # this one stays open: its name is where the old one goes
                old = own.pop(number.value)
                linux.mount(f"/proc/self/fd/{old}", f"/dev/pts/{number.value}", "", linux.MS_BIND)
                os.close(old)
            else:
                spare.append(master)
    finally:
        for handle in (*spare, *own.values()):
            os.close(handle)
