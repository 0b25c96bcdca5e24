"""Budgets: how much of something one session may use up, all in all.

Owns the limits, what is used, and the reading of both.  Time is counted while the agent may run:
a frozen tree uses up none, a suspended machine does.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from agentwatch.breaker.limits import UNITS
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model.plain import Json


class Resource(StrEnum):
    """What can be limited."""

    ACTIONS = "actions"
    """Consequential actions that were asked or allowed: no reading, no part of another one."""
    PROCESSES = "processes"
    """Processes alive at one time."""
    TIME = "time"
    """Seconds since the start, less those spent frozen."""
    TOKENS = "tokens"
    """As the agent reports them."""
    COST = "cost"
    """Likewise, in whatever currency it reports."""


REPORTED = frozenset({Resource.TOKENS, Resource.COST})
"""Known only from the agent itself."""

_TIME = re.compile(r"([1-9]\d{0,6})([smhd])")
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,6})?")


@dataclass(frozen=True, slots=True)
class Spent:
    """One budget as it stands."""

    resource: Resource
    used: float
    limit: float
    step: float
    """What one deliberate key adds: as much as was given at first."""

    @property
    def over(self) -> bool:
        """Whether there is nothing left."""
        if self.resource is Resource.PROCESSES:
            return self.used > self.limit
        return self.used >= self.limit

    def words(self) -> str:
        """As a person reads it."""
        used, limit = amount(self.resource, self.used), amount(self.resource, self.limit)
        return f"{used} of {limit}" if self.resource is Resource.TIME else f"{used}/{limit}"

    @property
    def words_with_name(self) -> str:
        """With what it is a budget of, for a status line."""
        return f"{self.resource} {self.words()}"

    def to_json(self) -> Json:
        """The shape scripts read."""
        return {
            "resource": self.resource.value,
            "used": self.used,
            "limit": self.limit,
            "step": self.step,
            "over": self.over,
            "words": self.words(),
        }


class Budgets:
    """The budgets of one session."""

    def __init__(self, limits: Mapping[Resource, float]) -> None:
        self._limits = dict(limits)
        self._first = dict(limits)
        self._used: dict[Resource, float] = dict.fromkeys(limits, 0.0)
        self._reported: dict[tuple[str, Resource], float] = {}
        self._clock: float | None = None

    def __bool__(self) -> bool:
        return bool(self._limits)

    def standing(self) -> list[Spent]:
        """Every budget as it stands."""
        return [
            Spent(item, self._used[item], limit, self._first[item])
            for item, limit in self._limits.items()
        ]

    def over(self) -> Spent | None:
        """The first that is used up."""
        return next((item for item in self.standing() if item.over), None)

    def full(self) -> Spent | None:
        """The budget of actions, where one more would be too many."""
        spent = [item for item in self.standing() if item.resource is Resource.ACTIONS]
        return next((item for item in spent if item.over), None)

    def exhausted(self) -> Spent | None:
        """The first that lets nothing go on: actions only stop the next one."""
        actions = Resource.ACTIONS
        return next((i for i in self.standing() if i.over and i.resource is not actions), None)

    def act(self) -> None:
        """One more action was asked or allowed."""
        self._use(Resource.ACTIONS, self._used.get(Resource.ACTIONS, 0.0) + 1)

    def tree(self, processes: int) -> None:
        """So many processes are alive."""
        self._use(Resource.PROCESSES, processes)

    def time(self, now: float, *, running: bool) -> None:
        """Time goes on; it is used up only while the agent may run."""
        if self._clock is not None and running:
            self._use(Resource.TIME, self._used.get(Resource.TIME, 0.0) + max(now - self._clock, 0))
        self._clock = now

    def told(self, where: str, usage: Mapping[str, object]) -> None:
        """What one conversation has used up, as its agent says; raises ValueError for nonsense.

        `used` is how full its context is: what it grows by counts, what it shrinks by does not
        come back.  `cost` is what the conversation has cost so far.
        """
        if (tokens := usage.get("used")) is not None:
            full = _amount(tokens)
            grown = max(full - self._reported.get((where, Resource.TOKENS), 0.0), 0.0)
            self._reported[where, Resource.TOKENS] = full
            self._use(Resource.TOKENS, self._used.get(Resource.TOKENS, 0.0) + grown)
        cost = usage.get("cost")
        if isinstance(cost, Mapping) and cost.get("amount") is not None:
            before = self._reported.get((where, Resource.COST), 0.0)
            self._reported[where, Resource.COST] = max(before, _amount(cost["amount"]))
            costs = (v for k, v in self._reported.items() if k[1] is Resource.COST)
            self._use(Resource.COST, sum(costs))

    def add(self, resource: Resource, more: float) -> Spent:
        """Raise a limit; raises AgentwatchError for one that is not there."""
        if resource not in self._limits:
            raise AgentwatchError(
                f"there is no budget of {resource}",
                "it is given at the start: agentwatch run --budget …",
                ExitCode.NOT_FOUND,
            )
        self._limits[resource] += more
        return next(item for item in self.standing() if item.resource is resource)

    def _use(self, resource: Resource, value: float) -> None:
        if resource in self._limits:
            self._used[resource] = value


def _amount(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no amount")  # noqa: TRY004 - one error type
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{value!r} is no amount")
    return float(value)


def read_budget(texts: Iterable[str]) -> dict[Resource, float]:
    """Budgets as they are given, `actions=200` and the like; raises AgentwatchError."""
    found: dict[Resource, float] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if name not in set(Resource):
            near = difflib.get_close_matches(name, [*Resource], 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(Resource)}"
            raise AgentwatchError(f"there is no budget of {name!r}", hint, ExitCode.USAGE)
        resource = Resource(name)
        if resource in found:
            raise AgentwatchError(f"two budgets of {name}", "give one", ExitCode.USAGE)
        found[resource] = _read(resource, value)
    return found


def _read(resource: Resource, text: str) -> float:
    hint = "time=2h, time=90s" if resource is Resource.TIME else f"{resource}=200"
    value = 0.0
    if resource is Resource.TIME:
        if parts := _TIME.fullmatch(text):
            value = float(int(parts[1]) * UNITS[parts[2]])
    elif _NUMBER.fullmatch(text) and (resource is Resource.COST or "." not in text):
        value = float(text)
    if value <= 0:
        raise AgentwatchError(f"{text!r} is no budget of {resource}", hint, ExitCode.USAGE)
    return value


def amount(resource: Resource, value: float) -> str:
    """So much of it, short."""
    if resource is Resource.TIME:
        minutes, seconds = divmod(int(value), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"
    if resource is Resource.COST:
        return f"{value:.2f}"
    whole = int(value)
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if resource is Resource.TOKENS and whole >= 10 * size:
            return f"{whole / size:.0f}{unit}"
    return str(whole)
