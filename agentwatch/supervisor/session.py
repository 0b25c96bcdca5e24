"""One supervised session: what is known of it, and everything that may be done to it.

Owns the gate, the journal and the session's state, and tells every listener what changed.  The
sockets call it; it knows nothing of sockets.  Never kills by itself what `kill` can kill: a kill
arrives from outside and is only noticed here.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import replace
from typing import Any, Protocol

from agentwatch import containment
from agentwatch.agents import Prepared
from agentwatch.breaker import Budgets
from agentwatch.containment.base import Record, Running, write_private
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.gate import Answer, Effect, Gate
from agentwatch.grants import Grant, Lasting
from agentwatch.journal import Journal
from agentwatch.model import (
    Action,
    ActionState,
    Grade,
    Json,
    Mode,
    Origin,
    Proposal,
    Receipt,
    Session,
    SessionState,
    Verdict,
)
from agentwatch.model.plain import plain
from agentwatch.policy import Judgement, judge
from agentwatch.signing import Signer
from agentwatch.supervisor import clock, coverage, standing
from agentwatch.supervisor.beforehand import Beforehand
from agentwatch.supervisor.below import Below
from agentwatch.supervisor.breaking import Breaking
from agentwatch.supervisor.config import Config
from agentwatch.supervisor.drafts import Drafts
from agentwatch.supervisor.leavings import recently_passed
from agentwatch.supervisor.modes import Modes, moded
from agentwatch.supervisor.telling import Telling


class Proposer(Protocol):
    """Where an answer goes."""

    def answer(self, action: Action) -> None:
        """Tell the agent."""


class Supervised(Telling):
    """The state of one session and its verbs."""

    def __init__(
        self, config: Config, prepared: Prepared, journal: Journal, signer: Signer
    ) -> None:
        super().__init__(journal, signer, prepared.notes)
        self.config = config
        self.places = config.places
        self.prepared = prepared
        self.running: Running | None = None
        self.receipt: Receipt | None = None
        self.state = SessionState.STARTING
        self.exit: int | None = None
        self.armed: bool | None = False if prepared.expects_arm else None
        self.trial: asyncio.Event | None = None
        """Set once the hook is seen in a trial start; None when there is none under way."""
        self.pids = 0
        self.below: Below | None = None
        """What is known below the agent, where its system calls are held."""
        self.gate_pid = 0
        """The process that connects sockets for the agent: as a peer it is the agent."""
        self.beforehand = Beforehand(config, prepared)
        self.modes = Modes(config, self.record_or_raise)
        self.breaking = Breaking(self, self.beforehand.limits, Budgets(config.budgets))
        if said := self.breaking.notes():
            self.add_notes("breaker", said)
        self.drafts = Drafts(config)
        self._started_at = time.time()
        self._denied_at_end = 0
        self._revoked_at_end = 0
        self.gate = Gate(
            config.session,
            judge=lambda said: self.drafts.kept(
                said,
                self.breaking.weigh(said, self._granted(said, self.judge(said))),
                self.gate.following,
                held=self.below is not None,
            ),
            record=self.record_or_raise,
            closed=self.places.closed.exists,
            deny_after=config.deny_after,
        )

    # -- what is known ----------------------------------------------------------------------

    @property
    def record(self) -> Record | None:
        """The containment record, once the agent is started."""
        return self.running.record if self.running else None

    def snapshot(self) -> Session:
        """The session as any client may see it."""
        record = self.record
        return Session(
            id=self.config.session,
            name=self.config.name,
            argv=self.config.argv,
            workspace=self.config.workspace,
            state=self.state,
            pid=record.agent.pid if record and record.agent else None,
            supervisor_pid=os.getpid(),
            grade=Grade(record.grade) if record else Grade.C,
            containment=record.means if record else "none",
            coverage=coverage.of(
                self.config, self.prepared, armed=self.armed, held=self.below is not None
            ),
            mode=self.mode,
            pending=len(self.gate.pending),
            pids=self.pids,
            started_at=self._started_at,
            exit=self.exit,
            armed=self.armed,
            notes=tuple(self.notes),
            breaker=self.breaking.state,
            tripped=self.breaking.trip.words if self.breaking.trip else "",
            budgets=tuple(spent.words_with_name for spent in self.breaking.budgets.standing()),
            passed=self.below.count if self.below else 0,
        )

    # -- actions ----------------------------------------------------------------------------

    def propose(
        self, proposal: Proposal, proposer: Proposer, judgement: Judgement | None = None
    ) -> None:
        """Put a proposal to the gate; what was seen below the agent comes judged."""
        proposal = standing.standing_on(proposal, self.config.workspace)
        now, wall = clock.now(), time.time()
        if judgement is not None:
            judgement = self.breaking.weigh(proposal, judgement)
        self._carry_out(
            self.gate.propose(proposal, proposer, now=now, wall=wall, judgement=judgement)
        )

    def decide(
        self, action: str, digest: str, verdict: Verdict, by: str, because: str, how: str = ""
    ) -> Action:
        """A person's answer; raises AgentwatchError if it does not fit what waits."""
        self.tick()  # after a stop the answer is here before the timers: late is late
        found = self.gate.find(action)
        self._must_stand(verdict, found)
        answer = {"by": by, "because": because, "how": how}
        self._carry_out(self.gate.decide(found.id, digest, verdict, **answer, wall=time.time()))
        return self.gate.find(found.id)

    def decide_all(
        self, actions: list[Action], verdict: Verdict, by: str, because: str, how: str
    ) -> None:
        """One answer of a person to many actions; raises AgentwatchError if one has gone."""
        effects: list[Effect] = []
        self._must_stand(verdict, *actions)
        answer: Json = {"by": by, "because": because, "how": how, "wall": time.time()}
        try:
            for item in actions:
                effects += self.gate.decide(item.id, item.digest, verdict, **answer)
        finally:
            self._carry_out(effects)

    def edited(
        self, action: Action, digest: str, proposal: Proposal, judgement: Judgement, by: str
    ) -> Action:
        """Have a changed action wait in the place of one; raises AgentwatchError."""
        effects = self.gate.edit(action.id, digest, proposal, judgement, by=by, wall=time.time())
        self._carry_out(effects)
        return effects[-1].action

    def _must_stand(self, verdict: Verdict, *actions: Action) -> None:
        """Raise where a file that one stands on has changed since; that one is asked anew."""
        for action in actions if verdict is Verdict.ALLOW else ():
            if (anew := standing.anew(action)) is not None:
                self._carry_out(self.gate.renew(action.id, *anew, wall=time.time()))
                raise standing.moved(action, anew[1])

    def grant(
        self, action: str, digest: str, scope: str, lasting: Lasting, by: str, how: str = ""
    ) -> tuple[Action, Grant]:
        """Let an action pass, and what is alike for a while; raises AgentwatchError."""
        found = self.gate.find(action)
        grant = self.beforehand.prepare(found, scope, lasting, by)
        decided = self.decide(action, digest, Verdict.ALLOW, by, f"and {grant.scope.words}", how)
        if decided.state is not ActionState.ALLOWED:
            why = decided.decision.why if decided.decision else "it was denied"
            raise AgentwatchError(f"nothing is granted: {why}", code=ExitCode.NO)
        self.record_or_raise("granted", {**grant.to_json(), "how": how})
        self.beforehand.grants.add(grant, found.proposal.origin, now=clock.now())
        self.publish_grants()
        return decided, grant

    def revoke(self, name: str, by: str) -> Grant:
        """End a grant; raises AgentwatchError for one that is not there."""
        grant = self.beforehand.grants.revoke(name)
        self.note("revoked", {**grant.to_json(), "revoked_by": by})
        self.publish_grants()
        return grant

    def _end_grants(self) -> None:
        over = self.beforehand.grants.expire(now=clock.now(), wall=time.time())
        for grant in over:
            self.note("expired", grant.to_json())
        if over:
            self.publish_grants()

    def withdraw(self, proposer: Proposer) -> None:
        """A proposer hung up; in a kill it did so because it was killed."""
        self._notice_kill()
        self._carry_out(self.gate.withdraw(proposer, wall=time.time()))

    def outcome(self, action: str, data: Json) -> None:
        """What the agent reports of an allowed action; raises for one it does not have."""
        known = self.gate.find(action)
        self.note("outcome", {"action": known.id, "digest": known.digest, **data})
        if self.below is not None:
            self.below.reported(known.id)

    def compare(self, *, over: bool = False) -> None:
        """Say what was seen of what the agent declared; `over` where nothing more will be."""
        self.drafts.look(now=over)
        for found in self.below.compared(over=over) if self.below is not None else ():
            self.note("evidence", plain(found))
            self._carry_out(self.gate.compared(found.action, found.evidence))

    def tick(self) -> None:
        """Deny what is late, and notice a kill that began outside."""
        self._notice_kill()
        for words in self.beforehand.refresh(held=self.below is not None):
            self.alarm(words)
        self._end_grants()
        self.compare()
        self._carry_out(self.gate.tick(now=clock.now(), wall=time.time()))
        self.seal(time.monotonic())
        self.breaking.tick()

    def close_gate(self, by: str, why: str) -> None:
        """Deny everything that waits, and whatever still comes."""
        self._denied_at_end += len(self.gate.pending)
        self._revoked_at_end += self.beforehand.grants.revoke_all()
        self._carry_out(self.gate.shut(by, why, wall=time.time()))

    def _notice_kill(self) -> None:
        if self.state is not SessionState.KILLING and self.places.closed.exists():
            self.change(SessionState.KILLING)
            self.close_gate("kill", "the session was killed")

    @property
    def mode(self) -> Mode:
        """What happens to what no rule names."""
        return self.modes.now

    def judge(self, proposal: Proposal) -> Judgement:
        """What the policy says of a proposal; uses no grant up."""
        armed = None if self.config.ungated else self.armed
        return judge(
            proposal,
            workspace=self.config.workspace,
            mode=self.mode,
            armed=armed,
            resolve=os.path.realpath,
            rules=self.beforehand.on,
            anybodys=self.below.anybodys if self.below is not None else None,
        )

    def weigh(self, proposal: Proposal, judgement: Judgement) -> Judgement:
        """What was seen below the agent, with what a person decided beforehand of it."""
        found = self.beforehand.weigh(proposal, judgement, self.mode)
        return self._granted(proposal, moded(found, self.mode))

    def _granted(self, proposal: Proposal, found: Judgement) -> Judgement:
        unarmed = self.armed is False and not self.config.ungated
        return found if unarmed else self.beforehand.granted(proposal, found)

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            self.breaking.saw(effect.action)
            if isinstance(effect, Answer):
                action = self._redeemed(effect.action)
                self._open_cover(action)
                proposer: Any = effect.proposer
                proposer.answer(action)
            else:
                self.publish({"event": "action", "action": effect.action.to_json()})
        if effects:
            self.publish_session()

    def _redeemed(self, action: Action) -> Action:
        """The action to answer with: an approval serves once, and as it was signed."""
        try:
            self.vouching.redeem(action)
        except Exception as error:  # noqa: BLE001 - whatever it was, the answer is no
            why = f"the signature under its approval does not hold ({error})"
            self.note("voided", {"action": action.id, "why": why})
            self.alarm(f"{action.id} was approved, and denied all the same: {why}")
            return self.gate.void(action, why, wall=time.time())
        return action

    def _open_cover(self, action: Action) -> None:
        declared = action.proposal.origin is Origin.DECLARED
        if self.below is not None and declared and action.state is ActionState.ALLOWED:
            self.below.declared(action)

    # -- the agent's tree -------------------------------------------------------------------

    def freeze(self, by: str) -> None:
        """Stop every process of the tree; the deadlines of what waits stand still."""
        if self.record is None or self.state not in (SessionState.RUNNING, SessionState.STARTING):
            return
        containment.freeze(self.record)
        self.gate.freeze(now=clock.now())
        self.note("frozen", {"by": by})
        self.change(SessionState.FROZEN)

    def resume(self, by: str) -> None:
        """Let the tree go on, the breaker counting anew; raises where a budget is used up."""
        if self.record is None or self.state is not SessionState.FROZEN:
            return
        self.breaking.may_resume()
        self.breaking.reset(by)
        self.note("resumed", {"by": by, "armed": self.armed})
        containment.thaw(self.record)
        self._carry_out(self.gate.thaw(now=clock.now()))
        self.change(SessionState.RUNNING)

    def arm(self, detail: str) -> None:
        """The agent's hook was seen alive, in a trial start or for good."""
        if self.trial is not None:
            self.trial.set()
        elif self.armed is False:
            self.armed = True
            self.note("armed", {"agent": self.prepared.name, "detail": detail[:200]})
            self.note_coverage()
            self.publish_session()

    def note_coverage(self) -> None:
        """Record what is gated from here on, and by which version of us."""
        said = coverage.told(self.config, self.prepared, self.snapshot().coverage)
        self.note("coverage", said)

    def not_armed(self, within: float) -> None:
        """The hook was not seen in time: hold everything, where the kernel gate does not."""
        seen = f"the hook of {self.prepared.name} was not seen within {within:g} s"
        if self.below is not None:
            self.alarm(f"{seen}: the kernel gate alone holds what it does")
            return
        self.freeze("gate")
        self.alarm(f"{seen}: the agent is frozen; resuming lets it work without its gate")

    def change(self, state: SessionState) -> None:
        """Enter a state, unless the session is over."""
        if not self.state.over and state is not self.state:
            self.state = state
            self.save()
            self.publish_session()

    def completed(self, receipt: Receipt) -> Receipt:
        """A receipt with our part: what was pending, and what may have left before it."""
        return replace(
            receipt,
            denied_pending=self._denied_at_end,
            revoked_grants=self._revoked_at_end,
            recent=tuple(recently_passed(self.gate.recent)),
            complete=True,
        )

    # -- telling and recording --------------------------------------------------------------

    def publish_session(self) -> None:
        """Tell every listener the session as it is now."""
        self.publish({"event": "session", "session": self.snapshot().to_json()})

    def publish_grants(self) -> None:
        """Tell every listener what is granted now."""
        standing = [grant.to_json() for grant in self.beforehand.grants.standing()]
        self.publish({"event": "grants", "grants": standing})

    def save(self) -> None:
        """Keep the session as last known for those who come when no supervisor answers."""
        # The guard says what leaving means, from this file.
        detach = {"on_detach": self.config.on_detach.value}
        text = json.dumps({**self.snapshot().to_json(), **detach})
        try:
            write_private(self.places.session, text.encode())
        except OSError as error:
            self.say_failed(error)
