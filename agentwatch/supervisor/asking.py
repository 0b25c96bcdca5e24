"""A channel inside the supervisor asks the session's gate.

Owns the waiting of a coroutine for the gate's answer.  Cancelled, it withdraws the question; what
goes wrong on the way is a no.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from agentwatch.channels.asking import Answered, Editable
from agentwatch.model import Action, Json, Mode, Proposal, Verdict
from agentwatch.policy import DRAFT
from agentwatch.supervisor.session import Supervised


class _Waits:
    """One question, and the coroutine that waits for its answer."""

    def __init__(self, editable: Editable | None) -> None:
        self.editable = editable
        self.answered: asyncio.Future[Action] = asyncio.get_running_loop().create_future()

    def answer(self, action: Action) -> None:
        if not self.answered.done():
            self.answered.set_result(action)


class Asks:
    """The session, as its channels see it."""

    def __init__(self, session: Supervised) -> None:
        self._session = session

    async def ask(
        self, proposal: Proposal, *reasons: str, editable: Editable | None = None
    ) -> Answered:
        """Put a proposal to the gate and wait."""
        waits = _Waits(editable)
        try:
            self._propose(proposal, waits, reasons)
        except Exception as error:  # noqa: BLE001 - a fault of ours is a no
            return Answered(False, f"it could not be asked ({error!r})", "gate")
        try:
            action = await waits.answered
        except asyncio.CancelledError:
            self._session.withdraw(waits)
            raise
        decision = action.decision
        if decision is None:
            return Answered(False, "it was answered without a decision", "gate", action.id)
        allowed = decision.verdict is Verdict.ALLOW
        changed = editable is not None and action.edited is not None
        given = editable.read(action.proposal) if editable and changed else None
        return Answered(allowed, decision.why, decision.by, action.id, given)

    def passes(self, proposal: Proposal) -> bool:
        """Whether the policy lets it pass by itself."""
        try:
            found = self._session.judge(proposal)
        except Exception:  # noqa: BLE001 - what cannot be judged does not pass
            return False
        # A draft passes because it is kept first: what was not asked about was not.
        return found.verdict is Verdict.ALLOW and found.rule != DRAFT

    def seen(self, proposal: Proposal) -> bool:
        """Whether a hook asked about the same, or the kernel gate holds the whole tree."""
        if self._session.below is not None:
            return True
        return any(
            item.proposal.channel == "hooks" and _alike(item.proposal, proposal)
            for item in self._session.gate.recent
        )

    def note(self, kind: str, data: Json) -> None:
        """Record what needs no answer."""
        self._session.note(kind, data)

    def refused(self, who: str, what: str) -> None:
        """Record a message that was turned away."""
        self._session.refused(who, what)

    def reported(self, where: str, usage: Json) -> None:
        """What the agent says that a conversation has used up."""
        self._session.breaking.reported(where, usage)

    def alarm(self, text: str) -> None:
        """Something a person should look at now."""
        self._session.alarm(text)

    def _propose(self, proposal: Proposal, waits: _Waits, reasons: tuple[str, ...]) -> None:
        if not reasons:
            self._session.propose(proposal, waits)
            return
        judgement = self._session.judge(proposal)
        passes = judgement.verdict is Verdict.ALLOW and self._session.mode is not Mode.WATCH
        verdict = None if passes else judgement.verdict
        judged = replace(judgement, verdict=verdict, reasons=(*reasons, *judgement.reasons))
        self._session.propose(proposal, waits, judged)


def _alike(asked: Proposal, told: Proposal) -> bool:
    """Whether a hook's proposal is the call that is told of now."""
    if told.command is not None:
        return asked.command == told.command
    if told.paths:
        return asked.paths == told.paths
    return bool(told.params) and dict(asked.params) == dict(told.params)
