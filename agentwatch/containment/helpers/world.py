"""The agent's own namespaces: entering them, and the mounts that make them a normal world.

Owns unshare, the id maps and the mounts (propagation, ssh's files, /proc); the floor's are in
`walls`.  Everything else looks as it does outside.

What does not work: an ordinary user is mapped alone, so files of others look like nobody's and
setuid programs (sudo, su), file capabilities (ping) and chown to other groups have no effect.
Root's agent gets a second user namespace, in which the mounts of the first cannot be undone; it
still is the machine's root to files and devices that no mount covers.
"""

from __future__ import annotations

import os

from . import linux, walls
from .agent import Walls

SSH_CONFIG = "/etc/ssh/ssh_config"


class Refused(Exception):
    """The kernel does not give us this step."""

    def __init__(self, step: str, code: int) -> None:
        super().__init__(step)
        self.step = step
        self.code = code


def enter() -> None:
    """Unshare user, mount and pid namespaces; the next fork is pid 1.  Raises Refused."""
    _unshare(linux.CLONE_NEWPID)


def furnish(built: Walls) -> list[str]:
    """As pid 1: make /proc ours, ssh's files acceptable, and build the floor's walls.

    The record a kill works from and the journal lie in folders that are held, and the agent has
    our uid.  Sockets in them can still be connected to.  What could not be walled off is returned;
    raises Refused where the rest cannot be had.
    """
    step = "propagation"
    try:
        linux.mount("none", "/", "", linux.MS_REC | linux.MS_SLAVE)
        step = "ssh"
        if os.geteuid() != 0:
            _own_ssh_files()
        step = "floor"
        open_still = walls.build(built)
        step = "proc"
        linux.mount("proc", "/proc", "proc", linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    except OSError as error:
        raise Refused(step, error.errno or 0) from error
    if (
        os.geteuid() == 0
    ):  # root could undo the mounts of its own user namespace, not of the one above
        _unshare(0)
    return open_still


def _unshare(more: int) -> None:
    """New user and mount namespaces, with every id we have mapped to itself.  Raises Refused."""
    uid, gid = os.geteuid(), os.getegid()
    maps = _identity() if uid == 0 else (f"{uid} {uid} 1", f"{gid} {gid} 1")
    writer = _second_writer(*maps) if uid == 0 else None
    try:
        linux.unshare(linux.CLONE_NEWUSER | linux.CLONE_NEWNS | more)
    except OSError as error:
        if writer:
            writer.finish(write=False)
        raise Refused("namespaces", error.errno or 0) from error
    try:
        if writer:
            writer.finish(write=True)
        else:
            _write("/proc/self/setgroups", "deny")
            _write_maps("self", *maps)
    except OSError as error:
        raise Refused("id-map", error.errno or 0) from error


class _Writer:
    """A process left in the old user namespace, where root still may write a whole map."""

    def __init__(self, pid: int, line: int) -> None:
        self.pid = pid
        self.line = line

    def finish(self, *, write: bool) -> None:
        """Let it write the maps of our new namespace, or only end; raises OSError if it failed."""
        if write:
            os.write(self.line, b"w")
        os.close(self.line)
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        if code:
            raise OSError(code, os.strerror(code))


def _second_writer(uids: str, gids: str) -> _Writer:
    reader, line = os.pipe()
    target = str(os.getpid())
    pid = os.fork()
    if pid:
        os.close(reader)
        return _Writer(pid, line)
    code = 1
    try:
        os.close(line)
        if os.read(reader, 1) == b"w":
            _write_maps(target, uids, gids)
        code = 0
    except OSError as error:
        code = error.errno or 1
    finally:
        os._exit(code)


def _identity() -> tuple[str, str]:
    """Every id we can name here, mapped to itself."""
    return _same("/proc/self/uid_map"), _same("/proc/self/gid_map")


def _same(path: str) -> str:
    with open(path) as lines:  # noqa: PTH123  # pathlib costs the start 5 ms
        extents = [line.split() for line in lines]
    return "\n".join(f"{first} {first} {count}" for first, _, count in extents)


def _write_maps(target: str, uids: str, gids: str) -> None:
    _write(f"/proc/{target}/uid_map", uids)
    _write(f"/proc/{target}/gid_map", gids)


def _write(path: str, text: str) -> None:
    handle = os.open(path, os.O_WRONLY)
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)


def _own_ssh_files() -> None:
    """Put copies of our own over the files ssh includes: it refuses those of an unmapped owner.

    The copies live in a tmpfs that is unmounted again at once; the binds keep it alive.
    """
    files = _included(SSH_CONFIG, depth=0)
    if not files:
        return
    linux.mount("tmpfs", "/proc", "tmpfs", linux.MS_NOSUID | linux.MS_NODEV)
    for number, (path, data) in enumerate(files.items()):
        copy = f"/proc/{number}"
        handle = os.open(copy, os.O_WRONLY | os.O_CREAT, 0o644)
        os.write(handle, data)
        os.close(handle)
        linux.mount(copy, path, "", linux.MS_BIND)
    linux.unmount("/proc")


def _included(config: str, depth: int) -> dict[str, bytes]:
    """Every readable file that this ssh configuration includes, real path to contents."""
    found: dict[str, bytes] = {}
    for line in _read(config).decode(errors="replace").splitlines():
        words = line.replace("=", " ", 1).split()
        if depth > 4 or len(words) < 2 or words[0].lower() != "include":
            continue
        for pattern in words[1:]:
            for path in _matches(pattern.strip('"')):
                found[os.path.realpath(path)] = _read(path)
                found.update(_included(path, depth + 1))
    return found


def _matches(pattern: str) -> list[str]:
    """The files a pattern with at most one star in its last part names."""
    folder, name = os.path.split(os.path.join("/etc/ssh", pattern))  # noqa: PTH118  # see _same
    before, star, after = name.partition("*")
    try:
        names = os.listdir(folder)  # noqa: PTH208  # see _same
    except OSError:
        return []
    if not star:
        return [f"{folder}/{name}"] if name in names else []
    return [f"{folder}/{n}" for n in sorted(names) if n.startswith(before) and n.endswith(after)]


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123  # see _same
            return file.read()
    except OSError:
        return b""
