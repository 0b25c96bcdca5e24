"""What the agent declared, against what was seen of it below.

Owns which declared actions are still to be seen, and when that is given up.  Decides nothing: what
was not seen was not thereby undone, and what is seen late still counts.

What does not work: what cannot be seen below (a reading of files, a tool that starts nothing and
writes nothing) stays `declared`; an agent that does something else of the same kind in the same
place, a second write to the declared file say, is taken to have done what it said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agentwatch.covers import Covers
from agentwatch.model import Action, Evidence

GIVEN_UP = 60.0
"""Seconds after which what was allowed and not seen is called so."""

MOST = 2_000
"""Declared actions that are looked for at one time; past this the oldest is given up."""


@dataclass(slots=True)
class _Open:
    digest: str
    since: float
    said: Evidence = Evidence.DECLARED


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be told of one action."""

    action: str
    digest: str
    evidence: Evidence


class Compared:
    """The declared actions of one session that are still to be seen."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._over: set[str] = set()

    def allowed(self, action: Action, now: float) -> None:
        """A declared action may happen now, and can be seen when it does."""
        self._open[action.id] = _Open(action.digest, now)
        if len(self._open) > MOST:
            self._over.add(next(iter(self._open)))

    def reported(self, action: str) -> None:
        """The agent says that the action is over."""
        if action in self._open:
            self._over.add(action)

    def news(self, covers: Covers, now: float, *, over: bool = False) -> Iterator[Finding]:
        """What has changed since the last look; with `over`, nothing more will be seen."""
        for action, known in list(self._open.items()):
            ends = over or action in self._over
            if covers.standing(action) is Evidence.BOTH:
                found, ends = Evidence.BOTH, True
            elif ends or now - known.since >= GIVEN_UP:
                found = Evidence.UNSEEN
            else:
                continue
            if ends:
                del self._open[action]
                self._over.discard(action)
            if ends and found is Evidence.UNSEEN:
                covers.close(action)  # what the agent calls over covers nothing later
            if found is not known.said:
                known.said = found
                yield Finding(action, known.digest, found)
