"""What a kill measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from agentwatch.model.plain import Json, plain


@dataclass(frozen=True, slots=True)
class Survivor:
    """A process that a kill did not reach."""

    pid: int
    started: int
    """Start time in the kernel's own units (clock ticks since boot on Linux): tells reuse."""
    command: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a kill measured: how many were there, who is left, how long it took."""

    session: str
    trigger: str
    """What asked: `key`, `cli`, `detach`, `lease`, `exit`."""
    by: str
    """Which program did it: `guard`, `tui`, `cli`, `supervisor`."""
    containment: str
    before: int
    """Processes alive inside when the kill began, by containment."""
    left: tuple[Survivor, ...]
    """Counted by a second look, not by a call's return."""
    ms: Mapping[str, float]
    """Milliseconds from the trigger: `gate` closed, `signal` sent, `empty` proven."""
    denied_pending: int = 0
    revoked_grants: int = 0
    recent: tuple[Mapping[str, Any], ...] = ()
    """The last allowed actions, each with `may_have_left`."""
    complete: bool = False
    """Whether the supervisor has added its part: what was pending, and what it had allowed."""

    @property
    def clean(self) -> bool:
        """Whether nothing survived."""
        return not self.left

    def to_json(self) -> Json:
        """The shape scripts read."""
        return plain(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read back what `to_json` wrote."""
        raw = {item.name: data[item.name] for item in fields(cls) if item.name in data}
        numbers = (raw["before"], *raw["ms"].values())
        if not all(isinstance(item, int | float) for item in numbers):
            raise TypeError("what was measured is no number")
        left = tuple(Survivor(**item) for item in raw["left"])
        return cls(**raw | {"left": left, "recent": tuple(raw.get("recent") or ())})

    def sentence(self) -> str:
        """The one line a person reads; "→ 0" only where the containment can prove it."""
        # What is left is named by its own words, and this goes to terminals as it is.
        return "".join(
            one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in self._said()
        )

    def _said(self) -> str:
        took = f"{self.ms.get('empty', 0):.0f} ms"
        if self.clean and self.containment == "portable":
            return f"KILLED {self.before}, none found alive after {took} (best effort)"
        if self.clean:
            return f"KILLED {self.before} → 0 in {took}"
        named = ", ".join(f"{item.pid} {item.command}" for item in self.left[:5])
        return f"{len(self.left)} still alive of {self.before} after {took}: {named}"
