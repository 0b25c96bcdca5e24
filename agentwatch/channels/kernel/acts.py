"""What a process of the agent's was seen trying to do: the value that is judged.

Owns its fields and their JSON.  Every path names the object itself, as we reach it from outside:
resolved through the caller's cwd, descriptors, root, symlinks and mounts, never as it was spelled
(unless the field says so).  Reads nothing, decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple, Self


class Deed(StrEnum):
    """What sort of system call was held."""

    EXEC = "exec"
    """A program start."""
    WRITE = "write"
    """A file opened for writing; `flags` says whether it is made or emptied.  A folder, fifo,
    socket or device that is made."""
    DELETE = "delete"
    """unlink, rmdir."""
    RENAME = "rename"
    """`path` becomes `path2`."""
    TRUNCATE = "truncate"
    """truncate by path."""
    LINK = "link"
    """A hard link or symlink: `path2` is the new name, `path` what it leads to."""
    MODE = "mode"
    """Mode, owner or an extended attribute changed."""
    CONNECT = "connect"
    """connect, TCP, UDP or a unix socket."""
    DATAGRAM = "datagram"
    """sendto or sendmsg with an address."""
    SIGNAL = "signal"
    """A signal to a process outside the agent's tree."""


class Flag(StrEnum):
    """Circumstances that a judgement may turn on."""

    CREATE = "create"
    """The file is not there yet and would be made."""
    TRUNCATE = "truncate"
    """What the file holds would be emptied."""
    APPEND = "append"
    EXCLUSIVE = "exclusive"
    """It fails if the file is there."""
    REPLACE = "replace"
    """`path2` exists and would be replaced."""
    EXCHANGE = "exchange"
    """`path` and `path2` change places."""
    FOLDER = "folder"
    """The object is a folder; WRITE with CREATE: it will be."""
    DEVICE = "device"
    """The object is a device, a named fifo or a socket; WRITE with CREATE: a device is made."""
    SYMBOLIC = "symbolic"
    """LINK: a symlink, else a hard link.  MODE: of the link itself."""
    OWNER = "owner"
    """MODE: the owner, not the mode."""
    SETID = "setid"
    """MODE: the new mode has setuid or setgid, or the attribute gives capabilities."""
    ATTRIBUTE = "attribute"
    """MODE: an extended attribute, not the mode."""
    EXECUTABLE = "executable"
    """MODE: the new mode lets it be executed."""
    ABSTRACT = "abstract"
    """A unix socket in the abstract name space: `path` is its name."""
    INSIDE = "inside"
    """CONNECT: the listener was proven to be in the agent's own tree."""
    STREAM = "stream"
    """CONNECT, DATAGRAM to this machine: the socket is TCP or a unix stream, in our own network."""
    ELSEWHERE = "elsewhere"
    """CONNECT, DATAGRAM to this machine: the socket is not in the network its process is in."""
    TRACED = "traced"
    """EXEC: another process has hold of this one, and can make it do anything."""
    SCRIPT = "script"
    """EXEC: `path` is a script; `exe` is the interpreter its first line names."""
    PROC = "proc"
    """The object lies in a procfs: `path` is its name there, by that procfs's own numbers."""
    PIPE = "pipe"
    """The object is an open pipe, socket or the like without a name: `path` is `pipe:[…]`."""
    PRIVATE = "private"
    """The object cannot be named from outside: deleted, or on a mount of the agent's own."""
    LOST = "lost"
    """Nor can it be told what it is: it may be any file of ours.  Always with PRIVATE."""
    TEMPORARY = "temporary"
    """O_TMPFILE: a nameless file in the folder `path`."""


class Family(StrEnum):
    """What sort of address a CONNECT or DATAGRAM names."""

    INET = "inet"
    INET6 = "inet6"
    UNIX = "unix"
    OTHER = "other"


class Observed(NamedTuple):
    """One held system call.  Text may hold lone surrogates for bytes that are not UTF-8.

    A tuple, because every held call waits for one to be made.
    """

    kind: Deed
    pid: int
    """The process, as the supervisor numbers it."""
    tid: int
    """The thread that made the call; the kernel holds this one."""
    ppid: int = 0
    argv: tuple[str, ...] = ()
    """EXEC: the arguments of the new program, whole."""
    exe: str = ""
    """EXEC: the file that the kernel will run (a script's interpreter); else the caller's."""
    path: str = ""
    """The object, as we name it from outside; with Flag.PRIVATE, as the caller names it."""
    path2: str = ""
    """RENAME, LINK: the second name, resolved the same way."""
    spelled: str = ""
    """`path` as the caller wrote it: for showing, never for judging."""
    flags: tuple[Flag, ...] = ()
    address: str = ""
    """CONNECT, DATAGRAM: the IP address as text."""
    port: int = 0
    names: tuple[str, ...] = ()
    """CONNECT, DATAGRAM: the names by which the tree looked the address up."""
    family: Family | None = None
    cwd: str = ""
    comm: str = ""
    """The caller's name for itself: never for judging."""
    mode: int = 0
    """MODE: the new permission bits.  WRITE with CREATE: those asked for."""
    signal: int = 0
    target: int = 0
    """SIGNAL: whom it is for."""
    call: str = ""
    """The system call's name."""
    file: str = ""
    """CONNECT, DATAGRAM to a unix socket's file: which one, as `major:minor:inode`."""
    attribute: str = ""
    """MODE with ATTRIBUTE: its name."""
    size: int = 0
    """DELETE, RENAME with REPLACE, WRITE with TRUNCATE: bytes of the file that would be lost."""
    inside_path: str = ""
    """`path` as the caller reaches it, where own mounts or a chroot make that differ."""
    unkept: str = ""
    """Why what is there cannot be kept aside, where that was tried."""

    def to_json(self) -> dict[str, Any]:
        """The shape that travels from the gate process to the supervisor."""
        pairs = zip(self._fields, self, strict=True)
        return {name: value for name, value in pairs if value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read back what `to_json` wrote; a missing kind or an unknown word raises."""
        raw = {name: data[name] for name in cls._fields if name in data}
        raw["kind"] = Deed(raw["kind"])
        raw["flags"] = tuple(Flag(word) for word in raw.get("flags", ()))
        raw["family"] = Family(raw["family"]) if raw.get("family") else None
        for name in ("argv", "names"):
            raw[name] = tuple(map(str, raw.get(name, ())))
        return cls(**raw)
