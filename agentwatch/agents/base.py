"""What every known agent tells us: how to start it gated, and what its hook's words mean.

Owns the shapes.  Starts nothing and decides nothing; the only files it writes are our own, which a
prepared start says it needs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from agentwatch.model import Json, Proposal


@dataclass(frozen=True, slots=True)
class About:
    """What is known of an agent before it is started."""

    name: str
    """The word its hook client is started with."""
    programs: tuple[str, ...]
    """Names that its program may have."""
    packages: tuple[str, ...]
    """Its names in the registries that npx, uvx and their like fetch from."""
    tested: str
    """The version with which everything said here was tried."""
    channel: str
    """How its tool calls reach us, in words."""
    title: str = ""
    """What people call it; empty where that is its name."""
    misses: tuple[str, ...] = ()
    """What that channel does not see, one phrase each."""
    hosts: tuple[str, ...] = ()
    """Where its model is, unless the user's settings say otherwise."""
    takes_input: bool = False
    """Whether another input that its hook hands back is what then runs, tried with that version."""
    plainly: tuple[str, ...] = ()
    """Flags by which it starts its commands in a form that the kernel gate can follow."""
    plainly_env: Mapping[str, str] = field(default_factory=dict)
    """Variables by which it does."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A command as it must be started so that the agent's tool calls are asked about."""

    name: str
    """The agent's name, or the program's where the agent is not known."""
    argv: tuple[str, ...]
    env_add: Mapping[str, str] = field(default_factory=dict)
    env_drop: tuple[str, ...] = ()
    """Variables that would switch its hooks off."""
    files: Mapping[Path, str] = field(default_factory=dict)
    """Files of ours that this start needs, below `Start.sealed` or `Start.home`."""
    links: Mapping[Path, Path] = field(default_factory=dict)
    """Links of ours below `Start.home`, to the user's own files."""
    own: tuple[str, ...] = ()
    """Folders that it keeps for itself in this session, beside those it always has."""
    parts: tuple[str, ...] = ()
    """Program files that it starts as itself, beside the one in `argv`."""
    models: tuple[str, ...] = ()
    """Addresses of its models that its own settings name, beside those in the environment."""
    hosts: tuple[str, ...] = ()
    """Where its model is."""
    expects_arm: bool = False
    """Whether its hook must be seen alive before anything it does counts as gated."""
    arm_within: float = 0.0
    """Seconds after the start by which that must have happened."""
    probe: tuple[str, ...] = ()
    """A command that makes the same hook arm and then ends, without a model: run in the same
    place before the start, it tells whether the hook will be there.  Empty where none is."""
    trial_within: float = 30.0
    """Seconds in which the hook must be seen alive in that trial."""
    unheld: str = ""
    """Why its system calls are not held unless a person insists; empty where they are."""
    notes: tuple[str, ...] = ()
    """What this way of starting it costs or leaves open, one sentence each."""

    def lay(self) -> None:
        """Write the files and links, for the user alone."""
        for path, text in self.files.items():
            _private(path.parent)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(text)
        for path, target in self.links.items():
            _private(path.parent)
            path.symlink_to(target)


def _private(folder: Path) -> None:
    """Make a folder and those around it, for the user alone."""
    missing = [item for item in (folder, *folder.parents) if not item.exists()]
    for item in reversed(missing):
        item.mkdir(mode=0o700, exist_ok=True)


@dataclass(frozen=True, slots=True)
class Found:
    """An agent installed here, for `doctor`."""

    name: str
    version: str
    channel: str
    """How its tool calls reach us, in words."""
    tested: str = ""
    """The version with which that was tried."""
    misses: tuple[str, ...] = ()
    """What that channel does not see."""
    remark: str = ""
    """What the difference of the two versions means; empty where there is none."""

    def to_json(self) -> Json:
        """The shape scripts read."""
        return {
            "name": self.name,
            "version": self.version,
            "channel": self.channel,
            "tested": self.tested,
            "misses": list(self.misses),
            "remark": self.remark,
        }


@dataclass(frozen=True, slots=True)
class Start:
    """A start as asked for, before anything is put in."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    hook: tuple[str, ...]
    """The command, without the agent's name, that its hooks shall run; empty where none will."""
    socket: str | None
    """The agent socket's address, given to the hook in a place the agent's settings cannot
    rewrite; None leaves it to the environment."""
    sealed: Path = Path("/nonexistent")
    """A folder for our files that the agent reads and nothing in its tree may write."""
    home: Path = Path("/nonexistent")
    """A folder for a private config home, which the agent writes; gone with the session."""
    answers: int = 0
    """The process that answers at the socket, 0 where any may: the hook believes no other."""

    def hook_for(self, name: str) -> tuple[str, ...]:
        """The whole command of the hook, for an agent of this name."""
        believed = f"#{self.answers}" if self.answers else ""
        return (*self.hook, name, *([f"{self.socket}{believed}"] if self.socket else []))


class Agent(Protocol):
    """One agent we know how to gate, its own arguments beginning at some place of the command."""

    @property
    def about(self) -> About:
        """What is known of it."""

    def prepare(self, start: Start) -> Prepared:
        """The gated form of a start; raises AgentwatchError where it cannot be gated."""

    def proposal(self, event: Json, *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
        """What a hook's event proposes; raises WireError for one that cannot be read."""
