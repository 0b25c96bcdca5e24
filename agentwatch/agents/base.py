"""What every known agent tells us: how to start it gated, and what its hook's words mean.

Owns the shapes.  Starts nothing and decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from agentwatch.model import Json, Proposal


@dataclass(frozen=True, slots=True)
class Prepared:
    """A command as it must be started so that the agent's tool calls are asked about."""

    name: str
    """The agent's name, or the program's where the agent is not known."""
    argv: tuple[str, ...]
    env_add: Mapping[str, str] = field(default_factory=dict)
    env_drop: tuple[str, ...] = ()
    """Variables that would switch its hooks off."""
    expects_arm: bool = False
    """Whether its hook must be seen alive before anything it does counts as gated."""
    arm_within: float = 0.0
    """Seconds after the start by which that must have happened."""
    probe: tuple[str, ...] = ()
    """A command that makes the same hook arm and then ends, without a model: run in the same
    place before the start, it tells whether the hook will be there.  Empty where none is."""
    notes: tuple[str, ...] = ()
    """What this way of starting it costs or leaves open, one sentence each."""


@dataclass(frozen=True, slots=True)
class Found:
    """An agent installed here, for `doctor`."""

    name: str
    version: str
    channel: str
    """How its tool calls reach us, in words."""

    def to_json(self) -> Json:
        """The shape scripts read."""
        return {"name": self.name, "version": self.version, "channel": self.channel}


@dataclass(frozen=True, slots=True)
class Start:
    """A start as asked for, before anything is put in."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    hook: tuple[str, ...]
    """The command, without the agent's name, that its hooks shall run."""
    socket: str | None
    """The agent socket's address, given to the hook in a place the agent's settings cannot
    rewrite; None leaves it to the environment."""


class Agent(Protocol):
    """One agent we know how to gate."""

    @property
    def name(self) -> str:
        """The word its hook client is started with."""

    def prepare(self, start: Start) -> Prepared:
        """The gated form of a start; raises AgentwatchError where it cannot be gated."""

    def proposal(self, event: Json, *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
        """What a hook's event proposes; raises WireError for one that cannot be read."""
