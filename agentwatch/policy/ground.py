"""Where a path lies, for what is seen below the agent: device, own folder, temp, workspace, ….

Owns the zones of one session.  Paths come resolved, as the kernel will use them; one that is not
absolute or not normal lies outside.  Does no I/O.

What does not work: which process a number below /proc means in another namespace is not known, so
that any but the first may be made a likelier victim when memory runs out.
"""

from __future__ import annotations

import functools
import posixpath
import re
from dataclasses import dataclass, field
from enum import StrEnum

from agentwatch.model import Mode
from agentwatch.policy.own import OwnFolders, below
from agentwatch.policy.places import OURS, RECORDS, steers


class Zone(StrEnum):
    """What sort of place a path is in."""

    OURS = "agentwatch's own files"
    DEVICE = "a device that keeps nothing"
    TERMINAL = "another terminal"
    PROTECTED = "protected"
    OWN = "the agent's own folder"
    CACHE = "a cache"
    TEMP = "a temporary folder"
    RECORDS = "git's own records"
    STEERING_RECORDS = "what git runs by itself"
    WORKSPACE = "the workspace"
    OUTSIDE = "outside the workspace"


_DEVICES = frozenset(
    {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx"}
    | {"/dev/pts/ptmx", "/dev/stdout", "/dev/stderr"}
)
_TERMINAL = re.compile(r"/dev/(?:pts/\d+|tty\w+|console)")
_OF_ITSELF = re.compile(
    r"/proc/(?P<pid>self|thread-self|\d+)/(?:task/\d+/)?"
    r"(?:oom_score_adj|oom_adj|comm|uid_map|gid_map|setgroups|coredump_filter|timerslack_ns)"
)
_NAMES_ITSELF = re.compile(r"/proc/\d+/(?:task/\d+/)?(?:comm|[ug]id_map|setgroups)")
"""The kernel lets a process name none but its own threads, whatever numbers it goes by, and settle
once whose user is whose in a namespace that was just made below its own."""
_GIT_RUNS = re.compile(
    r"/\.git/(?:.+/)?(?:config(?:\.\w+)?|hooks(?!/[^/]*\.sample$)|info/(?:attributes|grafts))"
)


@dataclass(frozen=True, slots=True)
class Ground:
    """The places of one session, every path absolute and resolved."""

    workspace: str
    home: str
    temp: tuple[str, ...] = ("/tmp", "/var/tmp", "/dev/shm")
    own: OwnFolders = field(default_factory=OwnFolders)
    ours: tuple[str, ...] = ()
    """Our own folders: run time, state, settings."""
    agent_socket: str = ""
    """The one socket of ours that the agent may speak to."""
    mode: Mode = Mode.ASK
    expects_hook: bool = False
    """Whether the agent should have declared what it does."""
    agent_programs: frozenset[str] = frozenset()
    """What the agent is made of: program files and scripts that it starts as itself."""
    hook: tuple[str, ...] = ()
    """How the agent starts our hook client."""
    hook_exe: str = ""
    """The program that this is, links followed."""
    tree_sockets: frozenset[str] = frozenset()
    """Sockets that the tree listens on: a path, or `port 8080` for loopback."""
    resolvers: frozenset[str] = frozenset()
    """Addresses that may be asked for names."""
    model_hosts: frozenset[str] = frozenset()
    """Names, addresses or `port 8080` of the model that the agent talks to."""
    terminals: frozenset[str] = frozenset()
    """The terminals of the agent's tree."""
    env: frozenset[str] = frozenset()
    """Variables that the agent was started with, as `NAME=value`."""

    def zone(self, path: str, pid: int = 0) -> tuple[Zone, str]:
        """The zone of a path, and in words what it is where it acts on its own."""
        if not path.startswith("/") or "\0" in path or posixpath.normpath(path) != path:
            return Zone.OUTSIDE, "a path that cannot be followed"
        if path.startswith(("/dev/", "/proc/")) and (found := self._special(path, pid)):
            return found
        what = steers(path)
        if what == OURS or self._below(path, self.ours):
            return Zone.OURS, OURS
        return self._kept(path) or self._steering(path, what) or (self._plain(path), "")

    def _kept(self, path: str) -> tuple[Zone, str] | None:
        """What the agent keeps for itself, and what is temporary."""
        if self.own.steering(path):
            return Zone.PROTECTED, "the agent's own settings"
        if self.own.private(path):
            return Zone.OWN, ""
        if self.own.cached(path):
            return Zone.CACHE, ""
        return (Zone.TEMP, "") if self._room(path) == "temp" else None

    def _steering(self, path: str, what: str | None) -> tuple[Zone, str] | None:
        """What acts on its own, and git's records, which do not."""
        if _GIT_RUNS.search(path):
            return Zone.STEERING_RECORDS, "what git runs by itself"
        if what == RECORDS or (what and "/.git/" in path and _is_record(path)):
            return (Zone.RECORDS, "") if self._room(path) == "workspace" else None
        return None if what is None else (Zone.PROTECTED, what)

    def _plain(self, path: str) -> Zone:
        """What is left."""
        return Zone.WORKSPACE if self._room(path) == "workspace" else Zone.OUTSIDE

    def loose(self, path: str) -> bool:
        """Whether the tree can put a program there without a question."""
        zone, _ = self.zone(path)
        return zone not in (Zone.OUTSIDE, Zone.PROTECTED)

    def notes(self, path: str) -> bool:
        """Whether it is where an agent keeps notes of its own: its folder, or a temporary one."""
        return self.zone(path)[0] in (Zone.OWN, Zone.TEMP, Zone.CACHE)

    def keeps(self, path: str) -> bool:
        """Whether what lies there is kept aside before it changes, where anything is."""
        kept = (Zone.WORKSPACE, Zone.RECORDS, Zone.STEERING_RECORDS, Zone.PROTECTED)
        return path.startswith(f"{self.workspace.rstrip('/')}/") and self.zone(path)[0] in kept

    def _special(self, path: str, pid: int) -> tuple[Zone, str] | None:
        """Devices, terminals, and a process's own switches."""
        if path in _DEVICES or path in self.terminals:
            return Zone.DEVICE, ""
        if _TERMINAL.fullmatch(path):
            return Zone.TERMINAL, "another terminal"
        found = _OF_ITSELF.fullmatch(path)
        own = found and found["pid"] in ("self", "thread-self", str(pid))
        if own or _NAMES_ITSELF.fullmatch(path):
            return Zone.DEVICE, ""
        if found and path.endswith("/oom_score_adj") and found["pid"] != "1":
            return Zone.DEVICE, ""  # agents set it for what they start, by the tree's own numbers
        return None

    def _room(self, path: str) -> str:
        """Whether workspace, home or temp is the nearest folder around a path."""
        whole = path + "/"
        for start, name in _rooms(self.workspace, self.home, self.temp):
            if whole.startswith(start):
                return name
        return ""

    @staticmethod
    def _below(path: str, folders: tuple[str, ...]) -> bool:
        return path in folders or path.startswith(below(folders))


@functools.lru_cache
def _rooms(workspace: str, home: str, temp: tuple[str, ...]) -> list[tuple[str, str]]:
    """How paths in each room begin, the nearest folder first."""
    around = [(workspace, "workspace"), (home, "home"), *((folder, "temp") for folder in temp)]
    found = [(folder.rstrip("/") + "/", name) for folder, name in around]
    return sorted(found, key=lambda one: -len(one[0]))


def _is_record(path: str) -> bool:
    """Whether the last `.git` of a path is what makes it steer."""
    return steers(path.replace("/.git/", "/git/")) is None
