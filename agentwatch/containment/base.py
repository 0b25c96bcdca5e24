"""The words of containment: what to start, what is running, what a kill works from.

Owns the values and the containment record's JSON.  Never starts, signals or reads a process.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Grade, Json
from agentwatch.paths import Places
from agentwatch.regular import document

COOKIE = "AGENTWATCH_COOKIE"
"""In the environment of everything the agent starts; marks, never authorises."""

LEASE_FREEZE = 5.0
"""Seconds without a heartbeat until the tree stands still."""

LEASE_KILL = 30.0
"""Seconds without a heartbeat until the tree dies."""

DAEMONS = (
    "what a daemon outside does at the agent's request (at, cron, systemd-run, docker, ssh, a "
    "running tmux server) is out of the kill's reach"
)
"""A gap of every means: a sentence for the user."""


NO_FLOOR = (
    "your shell's start-up files, agents' settings and your terminal can be written, and tmux "
    "(also to type your answer), ssh-agent, D-Bus and docker asked to act, unless a gate holds it"
)
"""A gap of every means without mounts of its own."""


@dataclass(frozen=True, slots=True)
class Proc:
    """One process, not mistaken for a later one with its number."""

    pid: int
    started: int
    """Start time in the kernel's own units (clock ticks since boot on Linux)."""


@dataclass(frozen=True, slots=True)
class Record:
    """What kill works from, without asking anybody."""

    session: str
    means: str
    grade: str
    cookie: str
    supervisor: Proc
    root: Proc | None
    """The namespace's init or the outer reaper, as the machine numbers it."""
    helpers: tuple[Proc, ...]
    """Our other processes: not members, not survivors."""
    agent: Proc | None
    runtime: str
    state: str
    cgroup: str = ""
    """The cgroup that holds the agent besides, where one could be had."""

    def to_json(self) -> Json:
        """The shape of the file."""
        return {
            "v": 1,
            "session": self.session,
            "means": self.means,
            "grade": self.grade,
            "cookie": self.cookie,
            "supervisor": _pair(self.supervisor),
            "root": _pair(self.root),
            "helpers": [_pair(helper) for helper in self.helpers],
            "agent": _pair(self.agent),
            "runtime": self.runtime,
            "state": self.state,
            "cgroup": self.cgroup,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read back what `to_json` wrote; raises KeyError, TypeError or ValueError."""
        if data["v"] != 1:
            raise ValueError(f"version {data['v']!r}")
        return cls(
            session=str(data["session"]),
            means=str(data["means"]),
            grade=str(data["grade"]),
            cookie=str(data["cookie"]),
            supervisor=_one(data["supervisor"]),
            root=_proc(data["root"]),
            helpers=tuple(_one(pair) for pair in data["helpers"]),
            agent=_proc(data["agent"]),
            runtime=str(data["runtime"]),
            state=str(data["state"]),
            cgroup=str(data.get("cgroup", "")),
        )

    def write(self, path: Path) -> None:
        """Replace the file in one step, for the user alone; raises OSError."""
        write_private(path, json.dumps(self.to_json()).encode())

    @classmethod
    def read(cls, path: Path) -> Self:
        """The record in a file; raises AgentwatchError when there is none that can be used."""
        try:
            return cls.from_json(document(path))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise AgentwatchError(
                f"no containment record can be read at {path} ({error})",
                "nothing of this session was started, or its folder was tampered with: "
                "look for its processes with `ps`",
                ExitCode.NOT_FOUND,
            ) from error


class Gating(Protocol):
    """Whoever holds and answers the agent's system calls."""

    def program(self, *, signals: bool) -> bytes:
        """The filter that is installed before the agent's exec.

        `signals`: hold those too, where the means does not keep them inside the tree.
        """

    def take(self, listener: int, agent: int, root: int) -> None:
        """Begin to answer; owns the descriptor from here on.  Raises AgentwatchError."""


@dataclass(frozen=True, slots=True)
class Walls:
    """What the tree must not change or reach, where the means has a way to forbid it."""

    kept: tuple[str, ...] = ()
    """Files and folders that are there, absolute, as named: readable, never written."""
    emptied: tuple[str, ...] = ()
    """Folders the tree gets empty ones of its own for."""
    shut: tuple[str, ...] = ()
    """Sockets and files that nobody inside opens."""
    terminals: bool = False
    """Whether the tree gets ptys of its own and none of the others'."""
    strict: bool = False
    """Whether to refuse to start where they cannot be had, and to use rules that cost more."""
    desktop: bool = False
    """Whether the tree may not open programs of the desktop or steer them."""

    @property
    def wanted(self) -> bool:
        """Whether more is asked for than our own files, which a namespace keeps anyway."""
        return self.terminals or self.desktop or bool(self.emptied or self.shut)


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start, and on which terminal."""

    session: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    stdin: int
    stdout: int
    stderr: int
    tty: bool
    """Whether stdin is a pty that becomes the controlling terminal."""
    cookie: str
    places: Places
    lease_freeze: float = LEASE_FREEZE
    lease_kill: float = LEASE_KILL
    gate: Gating | None = None
    """Who answers the agent's system calls, if anybody."""
    walls: Walls = field(default_factory=Walls)

    def order(self, *, scope: bool, rules: bool = False, signals: bool = False) -> bytes:
        """The launch as the helpers read it: a head line, then parts that end with NUL.

        `rules` has the agent keep its own walls, where nobody builds them around it; `signals`
        has its gate hold them.
        """
        env = {**self.env, COOKIE: self.cookie}
        filtering = self.gate.program(signals=signals).hex() if self.gate else "-"
        lease = f"{self.lease_freeze} {self.lease_kill}"
        own = (str(self.places.runtime), str(self.places.state))
        walls = self.walls
        lists = (tuple(dict.fromkeys((*own, *walls.kept))), walls.emptied, walls.shut, self.argv)
        counts = " ".join(str(len(items)) for items in lists)
        head = f"{self.tty:d} {scope:d} {lease} {filtering} {walls.terminals:d} {rules:d} {counts}"
        parts = [
            self.cwd,
            *(part for items in lists for part in items),
            *(f"{name}={value}" for name, value in env.items()),
        ]
        for part in parts:
            if "\0" in part:
                raise AgentwatchError("a NUL byte in the agent's command or environment")
        return b"".join(os.fsencode(part) + b"\0" for part in (head, *parts))


class Running(Protocol):
    """The live handle of a started agent; only the supervisor has one."""

    record: Record
    unwalled: tuple[str, ...]
    """What of the launch's walls could not be built."""
    left_behind: int
    """Processes alive when the agent's first one ended; killed since.  Known after `poll`."""

    def fileno(self) -> int:
        """Readable when there is news: call `poll`."""

    def poll(self) -> int | None:
        """The agent's exit status (128 + N for signal N), None while it runs."""

    def beat(self) -> None:
        """The lease's heartbeat, every second."""

    def close(self) -> None:
        """Give the lease up: whatever still runs dies."""


@dataclass(frozen=True, slots=True)
class Means:
    """One way to contain, as it works on this machine."""

    name: str
    grade: Grade
    cannot: tuple[str, ...]
    """What it does not cover or what stops working inside, a sentence each, for the user."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at this machine said about one means."""

    name: str
    grade: Grade
    available: bool
    why_not: str
    remedy: str
    cannot: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Blow:
    """What one means measured while killing."""

    before: int
    signalled: float
    """On the monotonic clock, when the first SIGKILL was sent."""
    empty: float | None
    """On the monotonic clock, when nothing was proven to be left; None if it never was."""
    left: tuple[Proc, ...]


class Unavailable(AgentwatchError):
    """A means that this machine does not give."""


def write_private(path: Path, data: bytes) -> None:
    """Replace a file in one step, readable by its owner alone; raises OSError."""
    # A name that nobody can have put a link or a pipe at.
    fresh = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(fresh, flags, 0o600)
    try:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
        finally:
            os.close(handle)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _pair(proc: Proc | None) -> list[int] | None:
    return [proc.pid, proc.started] if proc else None


def _proc(pair: Any) -> Proc | None:
    return _one(pair) if pair is not None else None


def _one(pair: Any) -> Proc:
    pid, started = map(int, pair)
    if not 0 < pid < 1 << 31:
        raise ValueError(f"no process has the number {pid}")
    return Proc(pid, started)
