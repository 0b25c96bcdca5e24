"""How much is too much: the defaults, and what a person says instead.

Owns the reading of limits, from options and from a `[breaker]` table.  A limit that cannot be
read is an error, never a limit that is not there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from agentwatch.breaker.values import Limit, Meter
from agentwatch.errors import AgentwatchError, ExitCode

OFF = "off"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SIZES = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

_LIMIT = re.compile(
    r"(?P<count>[1-9]\d{0,14})(?P<size>|KiB|MiB|GiB)/(?P<time>[1-9]\d{0,5})(?P<unit>[smhd])"
)

DEFAULTS: Mapping[Meter, Limit | None] = {
    Meter.DELETIONS: Limit(12, 20),
    Meter.MESSAGES: Limit(10, 60),
    Meter.KIND: Limit(60, 20),
    Meter.FOLDER: Limit(30, 20),
    Meter.HOST: Limit(30, 20),
    Meter.TOOL: Limit(30, 20),
    Meter.QUESTIONS: Limit(25, 20),
    Meter.DENIALS: Limit(10, 60),
    Meter.PROCESSES: Limit(1500, 10),
    Meter.OUTSIDE: Limit(100, 60),
    Meter.BYTES: Limit(1 << 30, 60),
    Meter.COVERED: None,
}
"""Far above what agents did in everyday work, and below what a person could look at one by one."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one session."""

    on: bool = True
    each: Mapping[Meter, Limit | None] = field(default_factory=lambda: dict(DEFAULTS))

    def of(self, meter: Meter) -> Limit | None:
        """When it trips; None where it never does."""
        return self.each.get(meter) if self.on else None

    def changed(self, said: Mapping[str, object], where: str = "--breaker") -> Limits:
        """These with what somebody says instead; raises AgentwatchError."""
        off, found = read_limits(said, where)
        return replace(self, on=self.on and not off, each={**self.each, **found})

    def tightened(self, said: Mapping[str, object], where: str) -> Limits:
        """These, and where somebody says something stricter, that."""
        _, found = read_limits(said, where)
        stricter = {
            meter: limit
            for meter, limit in found.items()
            if limit is not None and _rate(limit) < _rate(self.each.get(meter))
        }
        return replace(self, each={**self.each, **stricter})

    @property
    def unwatched(self) -> tuple[Meter, ...]:
        """Meters that were switched off, though they count by default."""
        return tuple(m for m, limit in DEFAULTS.items() if limit and self.each.get(m) is None)


def read_limits(said: Mapping[str, object], where: str) -> tuple[bool, dict[Meter, Limit | None]]:
    """Whether the breaker is off, and the limits that were given; raises AgentwatchError."""
    off = said.get(OFF, False)
    if not isinstance(off, bool):
        raise _wrong(where, f"{OFF} is true or false")
    found: dict[Meter, Limit | None] = {}
    for name, text in said.items():
        if name == OFF:
            continue
        if name not in set(Meter):
            near = difflib.get_close_matches(name, [*Meter], 1, 0.5)
            hint = (
                f", did you mean {str(near[0])!r}?" if near else f"; there are {', '.join(Meter)}"
            )
            raise _wrong(where, f"the breaker counts no {name!r}{hint}")
        found[Meter(name)] = _limit(name, text, where)
    return bool(off), found


def _limit(name: str, text: object, where: str) -> Limit | None:
    if text == OFF:
        return None
    parts = _LIMIT.fullmatch(text) if isinstance(text, str) else None
    if parts is None:
        raise _wrong(where, f"{name}: write 12/20s, 1GiB/1m or off, not {text!r}")
    count = int(parts["count"]) * SIZES[parts["size"]]
    return Limit(count, float(int(parts["time"]) * UNITS[parts["unit"]]))


def _rate(limit: Limit | None) -> float:
    return limit.count / limit.seconds if limit else float("inf")


def _wrong(where: str, what: str) -> AgentwatchError:
    return AgentwatchError(f"{where}: {what}", code=ExitCode.USAGE)
