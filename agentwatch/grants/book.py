"""The grants of one session.

Owns their making, counting and end.  A clock that was set back or a machine that slept ends a
grant no later than either clock says.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.grants.scopes import Scope
from agentwatch.grants.values import Grant, Lasting
from agentwatch.model import Origin, Proposal
from agentwatch.rules import Setting, Step

MOST = 1_000
"""Grants that may stand at one time."""


@dataclass(frozen=True, slots=True)
class _Standing:
    grant: Grant
    origin: Origin
    due: float | None
    """Monotonic seconds."""


class Grants:
    """What was granted and still stands."""

    def __init__(self, session: str) -> None:
        self._prefix = session.rsplit("-", 1)[-1]
        self._numbers = itertools.count(1)
        self._standing: dict[str, _Standing] = {}

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
        self._standing[grant.id] = _Standing(grant, origin, due)

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
        for standing in self._standing.values():
            grant = standing.grant
            if standing.origin is proposal.origin and grant.scope.holds(proposal, cut, setting):
                return self._use(standing)
        return None

    def _use(self, standing: _Standing) -> Grant:
        grant = standing.grant
        left = None if grant.left is None else grant.left - 1
        used = replace(grant, left=left, used=grant.used + 1)
        if left == 0:
            del self._standing[grant.id]
        else:
            self._standing[grant.id] = replace(standing, grant=used)
        return used

    def expire(self, *, now: float, wall: float) -> list[Grant]:
        """End what is over; which those were."""
        over = [
            item.grant
            for item in self._standing.values()
            if (item.due is not None and item.due <= now)
            or (item.grant.until is not None and item.grant.until <= wall)
        ]
        for grant in over:
            del self._standing[grant.id]
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
        del self._standing[grant.id]
        return grant

    def revoke_all(self) -> int:
        """End all of them; how many there were."""
        count = len(self._standing)
        self._standing.clear()
        return count
