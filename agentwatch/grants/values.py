"""A grant and how long it lasts.

Owns their fields and their JSON.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.grants.scopes import Scope
from agentwatch.model import Json

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TIME = re.compile(r"([1-9]\d{0,5})([smhd])")


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long a grant lasts; the session's end ends it in any case."""

    seconds: float | None = None
    uses: int | None = None

    @classmethod
    def read(cls, time: str | None, uses: int | None) -> Lasting:
        """From `10m`, `2h` and a number of uses; raises AgentwatchError."""
        if uses is not None and uses < 1:
            raise AgentwatchError("a grant is for at least one use", code=ExitCode.USAGE)
        if time is None:
            return cls(None, uses)
        found = _TIME.fullmatch(time)
        if not found:
            raise AgentwatchError(
                f"{time!r} is no time", "write 90s, 10m, 2h or 1d", ExitCode.USAGE
            )
        return cls(int(found[1]) * _SECONDS[found[2]], uses)

    def __str__(self) -> str:
        """In words."""
        uses = f"{self.uses} uses" if self.uses and self.uses > 1 else "one use"
        said = [] if self.uses is None else [uses]
        said += [] if self.seconds is None else [spoken(self.seconds)]
        return " within ".join(said) or "this session"


def spoken(seconds: float) -> str:
    """A time in the largest unit that keeps it whole."""
    whole = max(0, round(seconds))
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if whole >= size and whole % size == 0:
            return f"{whole // size} {unit}"
    if whole >= 60:
        return f"{whole // 60} m {whole % 60} s"
    return f"{whole} s"


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant as it stands now."""

    id: str
    action: str
    """The action it was made from."""
    scope: Scope
    by: str
    made_at: float
    """Seconds since the epoch."""
    until: float | None
    """Seconds since the epoch when it ends; None with the session."""
    left: int | None
    """Uses that are left; None for any number."""
    used: int = 0

    def to_json(self) -> Json:
        """The shape scripts and screens read."""
        return {
            "id": self.id,
            "action": self.action,
            "scope": self.scope.name,
            "covers": self.scope.words,
            "by": self.by,
            "made_at": self.made_at,
            "until": self.until,
            "left": self.left,
            "used": self.used,
        }
