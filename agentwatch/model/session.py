"""One supervised agent, as any client may see it; holds no handle of the operating system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from agentwatch.model.plain import Json, plain
from agentwatch.model.words import Grade, Mode, SessionState


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is gated, channel by channel, in words: `no`, or what holds it."""

    exec: str = "no"
    files: str = "no"
    network: str = "no"
    tools: str = "no"

    def to_json(self) -> Json:
        """The shape scripts read."""
        return plain(self)


@dataclass(frozen=True, slots=True)
class Session:
    """One supervised agent, as any client may see it."""

    id: str
    name: str
    argv: tuple[str, ...]
    workspace: str
    state: SessionState
    pid: int | None
    """The agent's first process, None before it starts."""
    supervisor_pid: int
    grade: Grade
    containment: str
    """The means that contains it: `pidns`, `subreaper`, `portable`."""
    coverage: Coverage
    mode: Mode
    pending: int
    pids: int
    """Processes alive inside the containment, as last counted."""
    started_at: float
    exit: int | None = None
    """The agent's exit status once it is over."""
    armed: bool | None = None
    """Whether the agent's hook was seen alive; None where none is expected."""
    notes: tuple[str, ...] = ()
    """What is not covered here, one sentence each; shown on screen."""
    breaker: str = "on"
    """`on`, `off` or `tripped`."""
    tripped: str = ""
    """Why everything stands still, where the breaker has tripped."""
    budgets: tuple[str, ...] = ()
    """Each as `actions 12/200`."""
    passed: int = 0
    """Calls below the agent that passed without a question, as last counted."""

    def to_json(self) -> Json:
        """The shape scripts read."""
        return plain(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read back what `to_json` wrote."""
        raw = {item.name: data[item.name] for item in fields(cls) if item.name in data}
        raw["argv"] = tuple(raw["argv"])
        raw["notes"] = tuple(raw.get("notes") or ())
        raw["budgets"] = tuple(raw.get("budgets") or ())
        raw["state"] = SessionState(raw["state"])
        raw["grade"] = Grade(raw["grade"])
        raw["mode"] = Mode(raw["mode"])
        raw["coverage"] = Coverage(**raw["coverage"])
        return cls(**raw)
