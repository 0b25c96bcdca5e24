"""What a supervisor is told when it starts.

Owns the options of one session and their JSON; decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

from agentwatch.breaker import Resource
from agentwatch.covers import OnUndeclared
from agentwatch.keeping import Limits
from agentwatch.model import Mode, OnDetach
from agentwatch.paths import Places


class Speaks(StrEnum):
    """A protocol on the agent's standard streams, with us at the other end of them."""

    ACP = "acp"
    """We are its client."""

    ACP_PROXY = "acp-proxy"
    """An editor is its client, and speaks through us."""

    MCP = "mcp"
    """The agent is an MCP server; its client speaks through us."""

    @property
    def gates(self) -> str:
        """What of it is asked about."""
        return "MCP tool calls" if self is Speaks.MCP else "ACP permission requests"


class Hold(StrEnum):
    """Whether the system calls of the agent's tree are held."""

    AUTO = "auto"
    """Where it can be done; where not, the screen says so."""
    MUST = "must"
    """Without it there is no start."""
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Config:
    """One session's options, complete: the supervisor reads nothing from its own environment."""

    session: str
    name: str
    runtime: str
    state: str
    argv: tuple[str, ...]
    """What the person typed."""
    env: Mapping[str, str]
    cwd: str
    workspace: str
    mode: Mode = Mode.ASK
    rules: tuple[str, ...] = ()
    """Files of rules besides the user's and the project's."""
    deny_after: float = 600.0
    """Seconds until an unanswered question is denied; 0 waits for ever."""
    on_detach: OnDetach = OnDetach.KEEP
    require: str | None = None
    """The lowest containment grade to accept."""
    containment: str | None = None
    """The means to use, None for the strongest."""
    ungated: bool = False
    hooked: bool = True
    """Whether a known agent's hook is put in."""
    kernel: Hold = Hold.AUTO
    on_undeclared: OnUndeclared = OnUndeclared.ASK
    """What happens to what an agent with a hook does without a word."""
    reach: tuple[str, ...] = ()
    """Parts of the floor that a person opened to this agent."""
    floor: bool = True
    """Whether there is a floor at all, our own files in a namespace apart."""
    strict_floor: bool = False
    """Whether to start only where the floor holds, by Landlock where no namespace is to be had."""
    arm_within: float | None = None
    """Seconds within which an agent's hook must be seen alive; None for what suits the agent."""
    stdio: tuple[int, int, int] | None = None
    """Descriptors handed over for the agent; None gives it a terminal of its own."""
    speaks: Speaks | None = None
    """The protocol we speak with it, None where its standard streams are its own."""
    near: int | None = None
    """One end of a socket pair, at whose other end sits whoever speaks with it through us."""
    lifeline: int | None = None
    """A pipe whose other end is held by the process that must outlive the agent."""
    far: str = ""
    """What the agent is known by over many sessions: its command, or its address."""
    hands: bool = False
    """Whether an ACP agent is offered our hands for its files, or the editor's terminals."""
    record: bool = True
    """Whether the agent's terminal is recorded."""
    breaker: Mapping[str, str | bool] = field(default_factory=dict)
    """What a person says of the breaker's limits; `off` switches it off."""
    budgets: Mapping[Resource, float] = field(default_factory=dict)
    keep: int = Limits().session
    """Bytes that may be kept aside of what drafts change."""
    keep_file: int = Limits().file
    """Bytes of one file that may be."""
    anchors: tuple[str, ...] = ()
    """Where the head of the record is kept besides: files, and commands after a `|`."""
    rows: int = 24
    cols: int = 80

    @property
    def gated(self) -> bool:
        """Whether anything is asked at all."""
        return not self.ungated

    @property
    def places(self) -> Places:
        """The session's folders."""
        return Places(self.session, Path(self.runtime), Path(self.state))

    def dump(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Self:
        """Read back what `dump` wrote."""
        raw = json.loads(text)
        raw["argv"] = tuple(raw["argv"])
        raw["anchors"] = tuple(raw["anchors"])
        raw["reach"] = tuple(raw["reach"])
        raw["rules"] = tuple(raw["rules"])
        raw["on_undeclared"] = OnUndeclared(raw["on_undeclared"])
        raw["kernel"] = Hold(raw["kernel"])
        raw["mode"] = Mode(raw["mode"])
        raw["on_detach"] = OnDetach(raw["on_detach"])
        raw["budgets"] = {Resource(name): value for name, value in raw["budgets"].items()}
        raw["stdio"] = tuple(raw["stdio"]) if raw["stdio"] else None
        raw["speaks"] = Speaks(raw["speaks"]) if raw["speaks"] else None
        return cls(**raw)
