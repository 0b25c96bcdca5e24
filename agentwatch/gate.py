"""The waiting room: proposals come in, answers go out, and nothing passes unrecorded.

Owns every pending action and is the only place where a Decision is born.  Does no I/O: time is
handed in, what must be told to others is returned as effects, and the journal is a port that is
called before an answer is returned.  Never lets anything through by accident: an exception, a
record that cannot be written, a deadline, a lost proposer or a closed gate is a denial.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import (
    Action,
    Decision,
    Evidence,
    Json,
    Origin,
    Proposal,
    Reversibility,
    Verdict,
)
from agentwatch.policy import Judgement

MAX_PENDING = 20_000
"""Questions that may wait at one time; one more is denied unasked."""

MAX_WAITING_BYTES = 64 * 1024 * 1024
"""What the questions that wait may weigh together, or an agent could fill the memory."""

REMEMBERED = 1_000
"""Decided actions kept in memory; older ones are in the journal."""

REMEMBERED_BYTES = 16 * 1024 * 1024
"""What they may weigh together."""


_SAID = {Origin.DECLARED: Evidence.DECLARED, Origin.OBSERVED: Evidence.SEEN}


class Record(Protocol):
    """Writes one journal entry durably, or raises."""

    def __call__(self, kind: str, data: Json, /) -> object:
        """Write it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Effect: the proposer gets its answer."""

    action: Action
    proposer: object
    """Whatever the channel handed in to find its way back."""


@dataclass(frozen=True, slots=True)
class Show:
    """Effect: every client hears of an action that is new or has changed."""

    action: Action


Effect = Answer | Show


@dataclass(slots=True)
class _Waiting:
    action: Action
    proposer: object
    asked: float = 0.0
    """Monotonic seconds when it began to wait."""
    due: float | None = None
    """Monotonic seconds when it is denied."""


class Gate:
    """The pending actions of one session, and the one road from a proposal to an answer."""

    def __init__(
        self,
        session: str,
        *,
        judge: Callable[[Proposal], Judgement],
        record: Record,
        closed: Callable[[], bool],
        deny_after: float = 600.0,
    ) -> None:
        self._session = session
        self._prefix = session.rsplit("-", 1)[-1]
        self._judge = judge
        self._record = record
        self._closed = closed
        self._deny_after = deny_after
        self._waiting: dict[str, _Waiting] = {}
        self._weight = 0
        self._decided: deque[Action] = deque()
        self._decided_weight = 0
        self._seq = 0
        self._frozen_at: float | None = None
        self._shut: str | None = None

    @property
    def pending(self) -> list[Action]:
        """What waits for a person, oldest first."""
        return [item.action for item in self._waiting.values()]

    @property
    def following(self) -> str:
        """The id of the action that is proposed next, or is being judged now."""
        return f"{self._prefix}-{self._seq + 1}"

    @property
    def recent(self) -> list[Action]:
        """What was decided lately, oldest first."""
        return list(self._decided)

    def propose(
        self,
        proposal: Proposal,
        proposer: object,
        *,
        now: float,
        wall: float,
        judgement: Judgement | None = None,
    ) -> list[Effect]:
        """Number, judge and record a proposal; it is answered at once or starts to wait.

        What was seen below the agent comes with its judgement: it needs more than a proposal says.
        """
        judgement = judgement or self._judgement(proposal)
        action = self._number(proposal, judgement, wall)
        waiting = _Waiting(action, proposer)
        refusal = self._refusal()
        if refusal is not None:
            return self._settle(waiting, Decision(Verdict.DENY, "gate", refusal, None, wall))
        if judgement.verdict is not None:
            why = "; ".join(judgement.reasons)
            decision = Decision(judgement.verdict, "policy", why, judgement.rule, wall)
            return self._settle(waiting, decision)
        return self._ask(waiting, now, wall)

    def decide(
        self,
        action: str,
        digest: str,
        verdict: Verdict,
        *,
        by: str,
        because: str,
        wall: float,
        how: str = "",
    ) -> list[Effect]:
        """A person's answer to what they were shown; raises AgentwatchError if it was not this."""
        waiting = self._shown(action, digest if verdict is Verdict.ALLOW else None)
        self._take(action)
        why = because or ("approved" if verdict is Verdict.ALLOW else "a person said no")
        return self._settle(waiting, Decision(verdict, by, why, None, wall, how))

    def asks(self, action: str, digest: str) -> object:
        """Who waits for the answer to what a person was shown; raises AgentwatchError."""
        return self._shown(action, digest).proposer

    def edit(
        self,
        action: str,
        digest: str,
        proposal: Proposal,
        judgement: Judgement,
        *,
        by: str,
        wall: float,
    ) -> list[Effect]:
        """A person changed what they were shown: the change waits in its place, with its deadline.

        What was proposed is over, unanswered; raises AgentwatchError where it stays as it was.
        """
        before = self._shown(action, digest)
        if (refusal := self._ended()) is not None:
            raise AgentwatchError(refusal, code=ExitCode.NO)
        numbered = self._number(proposal, replace(judgement, verdict=None), wall)
        after = replace(numbered, deadline=before.action.deadline, edited=action)
        try:
            self._record("proposed", after.to_json())
        except Exception as error:
            raise AgentwatchError(f"it could not be recorded ({error})") from error
        self._take(action)
        waiting = _Waiting(after, before.proposer, before.asked, before.due)
        why = f"changed by a person into {after.id}"
        over = before.action.decided(Decision(Verdict.DENY, by, why, None, wall))
        try:
            self._record("decided", over.to_json())
        except Exception as error:  # noqa: BLE001 - an unrecorded edit is a denial
            return [Show(over), *self._unrecorded(waiting, error, wall)]
        self._waiting[after.id] = waiting
        self._weight += after.weight
        self._remember(over)
        return [Show(over), Show(after)]

    def renew(self, action: str, proposal: Proposal, why: str, *, wall: float) -> list[Effect]:
        """What waits is no more what was shown: it is asked again, under another digest."""
        waiting = self._waiting[action]
        self._weight -= waiting.action.weight
        reasons = (why, *(said for said in waiting.action.reasons if said != why))
        waiting.action = replace(waiting.action, proposal=proposal, reasons=reasons)
        self._weight += waiting.action.weight
        try:
            self._record("proposed", waiting.action.to_json())
        except Exception as error:  # noqa: BLE001 - an unrecorded question is a denied one
            self._take(action)
            return self._unrecorded(waiting, error, wall)
        return [Show(waiting.action)]

    def withdraw(self, proposer: object, *, wall: float) -> list[Effect]:
        """The proposer hung up: whatever it had waiting is denied."""
        gone = [item for item in self._waiting.values() if item.proposer is proposer]
        return self._deny(gone, "gate", "the proposer went away", wall)

    def tick(self, *, now: float, wall: float) -> list[Effect]:
        """Deny what is past its deadline; deadlines stand still while the agent is frozen."""
        if self._frozen_at is not None:
            return []
        late = [i for i in self._waiting.values() if i.due is not None and i.due <= now]
        why = f"nobody answered within {self._deny_after:g} s"
        return self._deny(late, "deadline", why, wall)

    def freeze(self, *, now: float) -> None:
        """Stop the clock of every deadline."""
        if self._frozen_at is None:
            self._frozen_at = now

    def thaw(self, *, now: float) -> list[Effect]:
        """Start the clocks again where they stood."""
        if self._frozen_at is None:
            return []
        since = self._frozen_at
        self._frozen_at = None
        effects: list[Effect] = []
        for item in self._waiting.values():
            if item.due is not None and item.action.deadline is not None:
                stood = now - max(since, item.asked)
                item.due += stood
                item.action = replace(item.action, deadline=item.action.deadline + stood)
                effects.append(Show(item.action))
        return effects

    def shut(self, by: str, why: str, *, wall: float) -> list[Effect]:
        """Deny everything that waits and everything to come, for ever."""
        self._shut = self._shut or why
        return self._deny(list(self._waiting.values()), by, why, wall)

    def compared(self, action: str, evidence: Evidence) -> list[Effect]:
        """What was said of a decided action against what was seen of it; it decides nothing."""
        for at, item in enumerate(self._decided):
            if item.id == action:
                self._decided[at] = replace(item, evidence=evidence)
                return [Show(self._decided[at])]
        return []

    def void(self, action: Action, why: str, *, wall: float) -> Action:
        """An approval that does not hold after all, as the denial it then is."""
        denied = action.decided(Decision(Verdict.DENY, "gate", why, None, wall))
        for at, item in enumerate(self._decided):
            if item.id == action.id:
                self._decided[at] = denied
        return denied

    def find(self, action: str) -> Action:
        """A waiting or lately decided action by its id or a unique beginning of it."""
        known = {item.id: item for item in [*self._decided, *self.pending]}
        if action in known:
            return known[action]
        hits = [item for name, item in known.items() if name.startswith(action)]
        if len(hits) == 1:
            return hits[0]
        raise AgentwatchError(
            f"{action} is ambiguous" if hits else f"no such action: {action}",
            "list them with: agentwatch pending",
            ExitCode.NOT_FOUND,
        )

    def _judgement(self, proposal: Proposal) -> Judgement:
        try:
            return self._judge(proposal)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the answer is no
            why = f"it could not be judged ({type(error).__name__}: {error})"
            return Judgement(Verdict.DENY, Reversibility.IRREVERSIBLE, (why,), None, ())

    def _number(self, proposal: Proposal, judgement: Judgement, wall: float) -> Action:
        name = self.following
        self._seq += 1
        asked = judgement.verdict is None and self._deny_after > 0
        return Action(
            id=name,
            session=self._session,
            seq=self._seq,
            proposal=proposal,
            reversibility=judgement.reversibility,
            reasons=judgement.reasons,
            outside=judgement.outside,
            seen_at=wall,
            deadline=wall + self._deny_after if asked else None,
            covered_by=judgement.cover,
            evidence=judgement.evidence or _SAID[proposal.origin],
        )

    def _refusal(self) -> str | None:
        """Why nothing can be asked or pass now, if that is so."""
        if len(self._waiting) >= MAX_PENDING:
            return f"{MAX_PENDING} questions are waiting already"
        if self._weight > MAX_WAITING_BYTES:
            return f"{MAX_WAITING_BYTES >> 20} MiB of questions are waiting already"
        return self._ended()

    def _ended(self) -> str | None:
        """Why nothing can pass any more, if that is so."""
        if self._shut is not None:
            return self._shut
        try:
            return "the session is being killed" if self._closed() else None
        except OSError as error:
            return f"whether the session is being killed cannot be told ({error})"

    def _ask(self, waiting: _Waiting, now: float, wall: float) -> list[Effect]:
        action = waiting.action
        try:
            self._record("proposed", action.to_json())
        except Exception as error:  # noqa: BLE001 - an unrecorded question is a denied one
            return self._unrecorded(waiting, error, wall)
        waiting.asked = now
        waiting.due = now + self._deny_after if action.deadline is not None else None
        self._waiting[action.id] = waiting
        self._weight += action.weight
        return [Show(action)]

    def _take(self, action: str) -> None:
        """Let it wait no longer."""
        self._weight -= self._waiting.pop(action).action.weight

    def _settle(self, waiting: _Waiting, decision: Decision) -> list[Effect]:
        """Record the decision, and only then let it out."""
        if decision.verdict is Verdict.ALLOW and (refusal := self._ended()) is not None:
            decision = Decision(Verdict.DENY, "gate", refusal, None, decision.at)
        decided = waiting.action.decided(decision)
        try:
            self._record("decided", decided.to_json())
        except Exception as error:  # noqa: BLE001 - an unrecorded approval is a denial
            return self._unrecorded(waiting, error, decision.at)
        return self._out(decided, waiting.proposer)

    def _unrecorded(self, waiting: _Waiting, error: Exception, wall: float) -> list[Effect]:
        why = f"it could not be recorded ({error})"
        denied = waiting.action.decided(Decision(Verdict.DENY, "gate", why, None, wall))
        return self._out(denied, waiting.proposer)

    def _deny(self, gone: list[_Waiting], by: str, why: str, wall: float) -> list[Effect]:
        effects: list[Effect] = []
        for item in gone:
            self._take(item.action.id)
            effects += self._settle(item, Decision(Verdict.DENY, by, why, None, wall))
        return effects

    def _out(self, action: Action, proposer: object) -> list[Effect]:
        self._remember(action)
        return [Answer(action, proposer), Show(action)]

    def _remember(self, action: Action) -> None:
        self._decided.append(action)
        self._decided_weight += action.weight
        while len(self._decided) > REMEMBERED or self._decided_weight > REMEMBERED_BYTES:
            self._decided_weight -= self._decided.popleft().weight

    def _shown(self, action: str, digest: str | None) -> _Waiting:
        """What waits under an id, if it is what a person was shown; None asks for no digest."""
        waiting = self._waiting.get(action)
        if waiting is None:
            raise self._unknown(action)
        if digest is not None and digest != waiting.action.digest:
            raise AgentwatchError(
                f"{action} is not what you were shown",
                f"look at it again: agentwatch show {action}",
                ExitCode.NO,
            )
        return waiting

    def _unknown(self, action: str) -> AgentwatchError:
        for item in self._decided:
            if item.id == action:
                return AgentwatchError(f"{action} is already {item.state}", code=ExitCode.NO)
        return AgentwatchError(
            f"no such action is waiting: {action}",
            "list them with: agentwatch pending",
            ExitCode.NOT_FOUND,
        )
