"""What an object that the caller's own mounts lead to is called outside of them.

Owns the reading of mounts: ours, where a name is what we and the person know an object by, and
the caller's.  Says of an object without a name of ours whether it can only be the caller's own.

What does not work: host names are found by device and root of a mount of the caller's own
namespace, or of its parents'.  What is reached through another one's, through a mount that was
taken off, or on a layered file system of the agent's own, may be any file of ours under any name:
it is lost, and nobody is asked about it, it is refused.  So is what btrfs subvolumes hide from this
look.  A root agent without a PID namespace can mount where we look ourselves, and give a file of
ours a second name there.
"""

# ruff: noqa: PTH123
# pathlib costs the start

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from . import abi, descent

_GENERATIONS = 4
"""Parents whose mounts are looked at."""
_OWN = frozenset({0x01021994, 0x858458F6, 0x958458F6, 0x1CD1})
"""tmpfs, ramfs, hugetlbfs and devpts: one that is not ours holds nothing of ours."""


def outside(handle: int, shown: str, found: os.stat_result, tid: int) -> str:
    """An object's name through a mount of ours; empty when there is none."""
    theirs = _mount(handle, tid)
    within = _within(theirs, shown) if theirs else ""
    if not theirs or not within:
        return ""
    for _, our_device, our_root, our_point in _mounts("self"):
        top = our_root.rstrip("/")
        if our_device != theirs[1] or not (within == our_root or within.startswith(top + "/")):
            continue
        candidate = our_point.rstrip("/") + within[len(top) :] or "/"
        with contextlib.suppress(OSError):
            here = os.lstat(candidate)
            if (here.st_dev, here.st_ino) == (found.st_dev, found.st_ino):
                return candidate
    return ""


def in_proc(handle: int, shown: str, tid: int) -> str:
    """What an object of a procfs is called where that is mounted in its place; else empty."""
    theirs = _mount(handle, tid)
    within = _within(theirs, shown) if theirs else ""
    return f"/proc{within}" if within else ""


def of_its_own(handle: int, found: os.stat_result) -> bool:
    """Whether an object without a name of ours cannot be one of ours; raises OSError.

    It has no name at all any more, or lies in memory that none of our mounts shows.
    """
    if found.st_nlink == 0:
        return True
    device = f"{os.major(found.st_dev)}:{os.minor(found.st_dev)}"
    return abi.file_system(handle) in _OWN and all(one[1] != device for one in _mounts("self"))


def mount_of(handle: int) -> str:
    """The number of the mount that an object was reached by; raises OSError."""
    with open(f"/proc/self/fdinfo/{handle}", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("mnt_id:"):
                return line.split()[1]
    return ""


_Mount = tuple[str, str, str, str]


def _mount(handle: int, tid: int) -> _Mount | None:
    """The mount of an object, among those that the caller sees, or that its parents see.

    Sandboxes (bwrap) open a folder, enter namespaces of their own, and go on from that folder.
    """
    number = mount_of(handle)
    for one in _mounts(str(tid)):
        if one[0] == number:
            return one
    with contextlib.suppress(OSError):  # a parent that ends meanwhile leaves it lost
        return next((one for one in _seen_by_parents(tid) if one[0] == number), None)
    return None


def _seen_by_parents(tid: int) -> Iterator[_Mount]:
    for _ in range(_GENERATIONS):
        tid = int(descent.stat(tid)[1])
        if tid <= 1:
            return
        yield from _mounts(str(tid))


def _within(mount: _Mount, shown: str) -> str:
    """Where an object lies in its file system; empty where that is not below the mount."""
    _, _, root, point = mount
    prefix = point.rstrip("/")
    if shown != point and not shown.startswith(prefix + "/"):
        return ""
    return root.rstrip("/") + shown[len(prefix) :] or "/"


def _mounts(whose: str) -> list[_Mount]:
    """Id, device, root and mount point of every mount that a process sees."""
    path = f"/proc/{whose}/mountinfo"
    with open(path, encoding="utf-8", errors="surrogateescape") as lines:
        found = [line.split(" ", 5) for line in lines]
    return [(one[0], one[2], _plain(one[3]), _plain(one[4])) for one in found]


def _plain(text: str) -> str:
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, char)
    return text
