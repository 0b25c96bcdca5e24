"""The grants of one session.

Owns their making, counting and end.  A clock that was set back or a machine that slept ends a
grant no later than either clock says.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.grants.scopes import Scope, sameness
from agentwatch.grants.values import Grant, Lasting
from agentwatch.model import Origin, Proposal
from agentwatch.rules import Setting, Step
from agentwatch.rules.index import Index

MOST = 1_000
"""Grants that may stand at one time."""


@dataclass(frozen=True, slots=True)
class _Standing:
    grant: Grant
    origin: Origin
    due: float | None
    """Monotonic seconds."""
    rank: int


class Grants:
    """What was granted and still stands."""

    def __init__(self, session: str) -> None:
        self._prefix = session.rsplit("-", 1)[-1]
        self._numbers = itertools.count(1)
        self._standing: dict[str, _Standing] = {}
        self._ranks = itertools.count()
        self._index: Index[str] = Index()
        self._exact: dict[str, dict[int, str]] = {}
        self._soonest = self._soonest_wall = math.inf

    def make(self, scope: Scope, lasting: Lasting, *, action: str, by: str, wall: float) -> Grant:
        """A new grant; it counts only once `add` was called."""
        if len(self._standing) >= MOST:
            raise AgentwatchError(f"{MOST} grants stand already", code=ExitCode.NO)
        until = wall + lasting.seconds if lasting.seconds is not None else None
        name = f"{self._prefix}-g{next(self._numbers)}"
        return Grant(name, action, scope, by, wall, until, lasting.uses)

    def add(self, grant: Grant, origin: Origin, *, now: float) -> None:
        """Let it count from now on."""
        due = None if grant.until is None else now + (grant.until - grant.made_at)
        standing = _Standing(grant, origin, due, next(self._ranks))
        self._standing[grant.id] = standing
        if grant.scope.rule is None:
            self._exact.setdefault(grant.scope.same, {})[standing.rank] = grant.id
        else:
            self._index.add(standing.rank, grant.scope.rule, grant.id)
        self._soonest = min(self._soonest, math.inf if due is None else due)
        self._soonest_wall = min(self._soonest_wall, grant.until or math.inf)

    def on(
        self,
        proposal: Proposal,
        cut: tuple[Step, ...],
        setting: Setting,
        *,
        now: float,
        wall: float,
    ) -> Grant | None:
        """The grant that covers an action, a use of it counted; None where there is none."""
        self.expire(now=now, wall=wall)
        for standing in self._about(proposal, cut, setting):
            grant = standing.grant
            if standing.origin is proposal.origin and grant.scope.holds(proposal, cut, setting):
                return self._use(standing)
        return None

    def _about(
        self, proposal: Proposal, cut: tuple[Step, ...], setting: Setting
    ) -> list[_Standing]:
        """Those that may cover an action, oldest first."""
        if not self._standing:
            return []
        found = set(self._exact.get(sameness(proposal), {}).values()) if self._exact else set()
        # a grant holds for every step that does more than read: so for the first of them
        for step in [step for step in cut if not step.reads][:1]:
            found.update(self._index.about(step, setting))
        return sorted((self._standing[name] for name in found), key=lambda item: item.rank)

    def _drop(self, name: str) -> None:
        """Let one go."""
        standing = self._standing.pop(name)
        rule = standing.grant.scope.rule
        if rule is not None:
            self._index.discard(standing.rank, rule)
            return
        same = standing.grant.scope.same
        del self._exact[same][standing.rank]
        if not self._exact[same]:
            del self._exact[same]

    def _use(self, standing: _Standing) -> Grant:
        grant = standing.grant
        left = None if grant.left is None else grant.left - 1
        used = replace(grant, left=left, used=grant.used + 1)
        if left == 0:
            self._drop(grant.id)
        else:
            self._standing[grant.id] = replace(standing, grant=used)
        return used

    def expire(self, *, now: float, wall: float) -> list[Grant]:
        """End what is over; which those were."""
        if now < self._soonest and wall < self._soonest_wall:
            return []
        over = [
            item.grant
            for item in self._standing.values()
            if (item.due is not None and item.due <= now)
            or (item.grant.until is not None and item.grant.until <= wall)
        ]
        for grant in over:
            self._drop(grant.id)
        dues = [item.due for item in self._standing.values() if item.due is not None]
        untils = [item.until for item in self.standing() if item.until is not None]
        self._soonest, self._soonest_wall = (
            min(dues, default=math.inf),
            min(untils, default=math.inf),
        )
        return over

    def standing(self) -> list[Grant]:
        """Those that count, oldest first."""
        return [item.grant for item in self._standing.values()]

    def revoke(self, name: str) -> Grant:
        """End one, by its id or a unique beginning of it; raises AgentwatchError."""
        hits = [grant for grant in self.standing() if grant.id.startswith(name)]
        exact = [grant for grant in hits if grant.id == name]
        if len(exact or hits) != 1:
            what = f"{name} is ambiguous" if hits else f"no such grant: {name}"
            raise AgentwatchError(what, "list them with: agentwatch grants", ExitCode.NOT_FOUND)
        (grant,) = exact or hits
        self._drop(grant.id)
        return grant

    def revoke_all(self) -> int:
        """End all of them; how many there were."""
        names = list(self._standing)
        for name in names:
            self._drop(name)
        return len(names)
