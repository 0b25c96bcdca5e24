"""The breaker of one session: it counts all that passes the gate, and freezes the tree.

Owns the trip and what may be done about it: the one answer for all that wait because of it, the
reset, the raising of a budget.  Decides no action: while it is tripped nothing passes by a grant
or a rule, and a person is asked.

An exception in here is a trip: what cannot be counted does not go on.

What does not work: but for deletions outside the workspace, which are weighed one by one, what
passes below an approved program is looked at ten times a second, and a program writes over
thousands of files in that time: the freeze stops the rest, and says how many.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from agentwatch.breaker import Act, Breaker, Budgets, Limits, Resource, Trip, Way, burst_digest
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Action, Json, Mode, Origin, Proposal, SessionState, Verdict
from agentwatch.policy import READING, Judgement
from agentwatch.policy.observed import BELONGS, BY_ITSELF
from agentwatch.supervisor import clock, harm

if TYPE_CHECKING:
    from agentwatch.channels.kernel.acts import Observed
    from agentwatch.policy.ground import Ground
    from agentwatch.supervisor.session import Supervised

BREAKER = "breaker"
TRIPPED = "the breaker has tripped: nothing passes by itself"
AGAIN = 1.0
"""Seconds between two attempts to freeze, and between two looks at the budgets."""

T = TypeVar("T")
log = logging.getLogger("agentwatch")


@dataclass(frozen=True, slots=True)
class _Weighed:
    proposal: Proposal
    act: Act


class Breaking:
    """The breaker and the budgets of one session."""

    def __init__(self, session: Supervised, limits: Limits, budgets: Budgets) -> None:
        self._session = session
        self.core = Breaker(limits)
        self.budgets = budgets
        self._weighed: _Weighed | None = None
        self._touched: set[str] = set()
        self._looked = float("-inf")
        self._frozen = self._stale = False
        self._digests: dict[str, str] = {}

    @property
    def trip(self) -> Trip | None:
        """Why everything stands still, if it does for a reason of ours."""
        return self.core.trip

    def notes(self) -> tuple[str, ...]:
        """What a person should know of it for as long as the session lives."""
        if not self.core.limits.on:
            return ("THE BREAKER IS OFF, as asked: no burst freezes the agent.",)
        unwatched = ", ".join(self.core.limits.unwatched)
        asked = unwatched and not self.off
        return (f"The breaker does not count {unwatched}, as asked.",) if asked else ()

    # -- what is counted ----------------------------------------------------------------------

    def weigh(self, proposal: Proposal, judgement: Judgement) -> Judgement:
        """The judgement; a question instead of a pass where it is too much. Raises for nothing."""
        self._weighed = None
        if self._silent(proposal, judgement):
            return judgement
        tripped = self._safely(lambda: self._weigh(proposal, judgement), otherwise=True)
        if not tripped or judgement.verdict is not Verdict.ALLOW or self._is_tame():
            return judgement
        words = self.trip.words if self.trip else TRIPPED
        why = (f"{TRIPPED}: {words}", *judgement.reasons)
        return replace(judgement, verdict=None, reasons=why, rule=None)

    def _weigh(self, proposal: Proposal, judgement: Judgement) -> bool:
        """Whether it is too much."""
        act = harm.act_of(proposal, judgement)
        self._weighed = _Weighed(proposal, act)
        if judgement.verdict is Verdict.DENY:
            return self.trip is not None
        if not act.covered and (spent := self.budgets.full()) and self.trip is None:
            self._stop(self._of_budget(spent.resource.value, spent.words()))
        elif not self.off and (trip := self.core.weigh(act, clock.now())):
            self._stop(trip)
        return self.trip is not None

    def _is_tame(self) -> bool:
        """Whether it is part of what was approved, and destroys nothing outside the workspace."""
        weighed = self._weighed
        return weighed is not None and weighed.act.covered and not weighed.act.outside

    def saw(self, action: Action) -> None:
        """An action is new, or was answered."""
        if not self.idle:
            self._safely(lambda: self._saw(action), otherwise=None)

    def _saw(self, action: Action) -> None:
        weighed, now, way = self._weighed, clock.now(), way_of(action)
        if weighed is not None and weighed.proposal is action.proposal:
            self._weighed = None
            self.core.count(weighed.act, action.id, way, now)
            if not weighed.act.covered and way is not Way.DENIED:
                self.budgets.act()
        if way is not Way.WAITING and (way is not Way.DENIED or refused(action)):
            trip = self.core.decided(action.id, way, now)
            if trip and not self.off:
                self._stop(trip)
        elif self.trip is not None:
            self._stale = True  # told within a second: there may be thousands of them

    def passed(self, event: Observed, ground: Ground, *, made: Callable[[str], bool]) -> None:
        """A call passed below the agent as part of an approved action."""
        if not self.off:
            self._safely(lambda: self._passed(event, ground, made=made), otherwise=None)

    def _passed(self, event: Observed, ground: Ground, *, made: Callable[[str], bool]) -> None:
        act = harm.seen(event, ground, made=made(event.path))
        if act is None:
            return
        if act.outside:  # a file counts once, however often it is opened
            if event.path in self._touched:
                return
            if len(self._touched) < 100_000:
                self._touched.add(event.path)
        now = clock.now()
        if trip := self.core.weigh(act, now):
            self._stop(trip)
        self.core.count(act, "", Way.COVER, now)

    def tree(self, processes: int) -> None:
        """The tree was counted."""

        def look() -> None:
            self.budgets.tree(processes)
            if not self.off and (trip := self.core.tree(processes, clock.now())):
                self._stop(trip)

        if not self.idle:
            self._safely(look, otherwise=None)

    def reported(self, where: str, usage: Json) -> None:
        """What the agent says it has used up."""
        if self.budgets:
            self._safely(lambda: self.budgets.told(where, usage), otherwise=None)

    def tick(self) -> None:
        """Look at the time, and freeze again what did not freeze."""
        if not self.idle and not self._session.state.over:
            self._safely(self._tick, otherwise=None)

    def _tick(self) -> None:
        now = clock.now()
        if self._session.below is not None and not self.off:
            self._session.below.catch_up()
        self.budgets.time(now, running=self._session.state is SessionState.RUNNING)
        if self.trip is None and (spent := self.budgets.exhausted()):
            self._stop(self._of_budget(spent.resource.value, spent.words()))
        if now - self._looked >= AGAIN:
            self._looked = now
            if self.trip is not None and not self._frozen:
                self._freeze()
            if self.budgets:
                self._session.publish_session()
            if self._stale:
                self.publish()

    @property
    def idle(self) -> bool:
        """Whether there is nothing to count for."""
        return bool(self.off) and not self.budgets

    # -- what may be done about it --------------------------------------------------------------

    def burst(self) -> list[Action]:
        """Those that wait for the reason that tripped, oldest first."""
        waiting = {item.id: item for item in self._session.gate.pending}
        return [waiting[name] for name in self.core.burst(waiting)]

    def answer(self, verdict: Verdict, digest: str, by: str, how: str) -> Json:
        """One answer to all of the burst; a yes only to exactly what was shown."""
        self._session.tick()
        burst = self.burst()
        now = self._digest(burst)
        if not burst:
            raise AgentwatchError("nothing waits because of the breaker", code=ExitCode.NOT_FOUND)
        if verdict is Verdict.ALLOW and digest != now:
            raise AgentwatchError(
                f"the {len(burst)} actions that wait are not those you were shown",
                "look at them again: agentwatch breaker",
                ExitCode.NO,
            )
        done = "approved" if verdict is Verdict.ALLOW else "denied"
        words = f"{done} with all {len(burst)} of a burst"
        told = {"verdict": verdict.value, "by": by, "digest": now, "count": len(burst)}
        self._session.record_or_raise("answered-all", told)
        self._session.decide_all(burst, verdict, by, words, how)
        self.publish()
        return {**told, "actions": [item.id for item in burst]}

    def may_resume(self) -> None:
        """Raises AgentwatchError where a budget is used up: it must be raised first."""
        if spent := self.budgets.exhausted():
            raise AgentwatchError(
                f"the budget of {spent.resource} is used up ({spent.words()})",
                f"raise it first: agentwatch budget --add {spent.resource}=…",
                ExitCode.NO,
            )

    def reset(self, by: str) -> None:
        """Begin to count anew; recorded before it counts."""
        if self.trip is not None:
            self._session.record_or_raise("breaker-reset", {"by": by, "trip": self.trip.to_json()})
        self.core.reset()
        self._touched.clear()
        self._digests.clear()
        self._frozen = False
        self.publish()

    def add(self, resource: Resource, more: float, by: str) -> Json:
        """Raise a budget; recorded before it counts."""
        if resource not in {spent.resource for spent in self.budgets.standing()}:
            self.budgets.add(resource, more)  # says that there is none
        told = {"by": by, "resource": resource.value, "more": more}
        self._session.record_or_raise("budget", told)
        self.budgets.add(resource, more)
        self._session.publish_session()
        self.publish()
        return self.status()

    def status(self) -> Json:
        """All of it, for screens and scripts."""
        burst = self.burst()
        digest = self._digest(burst)
        shown = [
            {"id": i.id, "digest": self._digests[i.id], "summary": i.proposal.summary}
            for i in burst
        ]
        meters = self.core.meters(clock.now())
        return {
            "state": self.state,
            "why": self.off,
            "trip": self.trip.to_json() if self.trip else None,
            "burst": shown,
            "digest": digest,
            "meters": [
                {
                    "meter": meter.value,
                    "subject": subject,
                    "count": count,
                    "limit": str(limit) if limit else "off",
                    "total": total,
                }
                for meter, subject, count, limit, total in meters
            ],
            "budgets": [spent.to_json() for spent in self.budgets.standing()],
        }

    @property
    def off(self) -> str:
        """Why nothing is counted, if that is so."""
        if not self.core.limits.on:
            return "as asked"
        if self._session.config.ungated:
            return "nothing is asked in this session"
        return "watch mode records only" if self._session.mode is Mode.WATCH else ""

    @property
    def state(self) -> str:
        """In one word."""
        if self.trip is not None:
            return "tripped"
        return "off" if self.off else "on"

    def publish(self) -> None:
        """Tell every listener."""
        self._stale = False
        self._session.publish({"event": BREAKER, "breaker": self.status()})

    def _digest(self, burst: list[Action]) -> str:
        """What one answer to all of them is bound to."""
        known = self._digests
        self._digests = {i.id: known.get(i.id) or i.digest for i in burst}
        return burst_digest(self._digests.items())

    # -- the trip -------------------------------------------------------------------------------

    def _of_budget(self, resource: str, words: str) -> Trip:
        return self.core.stop("budget", resource, f"the budget of {resource} is used up ({words})")

    def _stop(self, trip: Trip) -> None:
        """Record it, then freeze the tree; frozen is also what could not be recorded."""
        try:
            self._session.record_or_raise("tripped", {**trip.to_json(), "at": time.time()})
        finally:
            self._frozen = False
            self._freeze()
            self._session.alarm(f"BREAKER: {trip.words}: everything stands still")
            self.publish()
            self._session.publish_session()

    def _freeze(self) -> None:
        """Freeze; where that fails it is tried again until it does not."""
        try:
            self._session.freeze(BREAKER)
        except Exception as error:  # noqa: BLE001 - tripped it stays, and nothing is let through
            self._session.alarm(f"the tree could not be frozen ({error!r}): kill it")
            return
        self._frozen = self._session.state is SessionState.FROZEN

    def _safely(self, act: Callable[[], T], *, otherwise: T) -> T:
        """What it gives; a fault in it is a trip."""
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - whatever it was, it is a trip
            try:
                if self.trip is None:
                    log.exception("the breaker failed")
                    words = f"the breaker itself failed ({type(error).__name__}: {error})"
                    self._stop(self.core.stop("fault", "", words))
            except Exception as worse:  # noqa: BLE001 - it has tripped, and is frozen if that can be
                self._session.say_failed(worse)
            return otherwise

    def _silent(self, proposal: Proposal, judgement: Judgement) -> bool:
        """Whether it is nothing to count: reading, and what passes by itself."""
        if self.idle or judgement.rule == READING:
            return True
        if proposal.origin is Origin.OBSERVED and judgement.verdict is Verdict.ALLOW:
            return judgement.cover is None and judgement.rule in BY_ITSELF
        return False


def refused(action: Action) -> bool:
    """Whether somebody said no to it, now or beforehand; not a mode, a deadline or a kill."""
    said = action.decision
    if said is None or said.verdict is Verdict.ALLOW:
        return False
    return said.by.startswith("person:") or (said.by == "policy" and said.rule is not None)


def way_of(action: Action) -> Way:
    """How an action stands with the person."""
    decision = action.decision
    if decision is None:
        return Way.WAITING
    if decision.verdict is Verdict.DENY:
        return Way.DENIED
    if decision.by.startswith("person:"):
        return Way.PERSON
    if decision.rule == BELONGS:
        return Way.COVER
    return Way.GRANT if (decision.rule or "").startswith("grant ") else Way.RULE
