"""The gate as transcripts, and the one property that matters: nothing passes by accident."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings, strategies as st

from agentwatch import gate as gate_module
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.gate import Answer, Effect, Gate, Show
from agentwatch.model import (
    Action,
    ActionState,
    Decision,
    Json,
    Kind,
    Proposal,
    Reversibility,
    Verdict,
)
from agentwatch.policy import Judgement

ASK = Judgement(None, Reversibility.IRREVERSIBLE, ("no rule allows it",), None, ())
ALLOW = Judgement(Verdict.ALLOW, Reversibility.READ_ONLY, ("it only reads",), "reading", ())
DENY = Judgement(Verdict.DENY, Reversibility.IRREVERSIBLE, ("a rule forbids it",), "never", ())


def rm(name: str = "x") -> Proposal:
    """A deletion to propose."""
    return Proposal(kind=Kind.DELETE, summary=f"delete {name}", channel="propose", paths=(name,))


@dataclass
class Playbook:
    """A gate with its ports in hand, and a clock that moves when told."""

    judgement: Judgement | Exception = ASK
    deny_after: float = 600.0
    disk_full: bool = False
    closed: bool | OSError = False
    now: float = 1000.0
    written: list[tuple[str, Json]] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate = Gate(
            "demo-3f2a",
            judge=self._judge,
            record=self._record,
            closed=self._closed,
            deny_after=self.deny_after,
        )

    def _judge(self, _: Proposal) -> Judgement:
        if isinstance(self.judgement, Exception):
            raise self.judgement
        return self.judgement

    def _record(self, kind: str, data: Json) -> None:
        if self.disk_full:
            raise OSError(28, "No space left on device")
        self.written.append((kind, data))

    def _closed(self) -> bool:
        if isinstance(self.closed, OSError):
            raise self.closed
        return self.closed

    def propose(self, proposal: Proposal | None = None, proposer: object = "agent") -> list[Effect]:
        effects = self.gate.propose(proposal or rm(), proposer, now=self.now, wall=self.now + 1e9)
        self.effects += effects
        return effects

    def decide(
        self, action: Action, verdict: Verdict, *, digest: str | None = None, because: str = ""
    ) -> list[Effect]:
        effects = self.gate.decide(
            action.id,
            digest or action.digest,
            verdict,
            by="person:test",
            because=because,
            wall=self.now + 1e9,
        )
        self.effects += effects
        return effects

    def tick(self, after: float = 0.0) -> list[Effect]:
        self.now += after
        effects = self.gate.tick(now=self.now, wall=self.now + 1e9)
        self.effects += effects
        return effects


def decision(effects: list[Effect]) -> Decision:
    """The one decision among these effects."""
    answers = [item for item in effects if isinstance(item, Answer)]
    assert len(answers) == 1
    found = answers[0].action.decision
    assert found is not None
    return found


def test_a_question_is_recorded_shown_and_left_waiting() -> None:
    play = Playbook()
    (effect,) = play.propose()
    assert isinstance(effect, Show)
    assert [kind for kind, _ in play.written] == ["proposed"]
    assert [item.id for item in play.gate.pending] == ["3f2a-1"]


def test_an_approval_is_recorded_before_it_is_answered() -> None:
    play = Playbook()
    play.propose()
    effects = play.decide(play.gate.pending[0], Verdict.ALLOW)
    assert [kind for kind, _ in play.written] == ["proposed", "decided"]
    assert play.written[-1][1]["decision"]["verdict"] == "allow"
    assert decision(effects).verdict is Verdict.ALLOW
    assert play.gate.pending == []


def test_a_denial_carries_its_reason_to_the_agent() -> None:
    play = Playbook()
    play.propose()
    effects = play.decide(play.gate.pending[0], Verdict.DENY, because="not that one")
    assert decision(effects).why == "not that one"


def test_an_approval_of_something_else_than_was_shown_is_refused() -> None:
    play = Playbook()
    play.propose()
    with pytest.raises(AgentwatchError, match="not what you were shown"):
        play.decide(play.gate.pending[0], Verdict.ALLOW, digest="0" * 64)
    assert len(play.gate.pending) == 1


def test_a_denial_needs_no_matching_digest() -> None:
    play = Playbook()
    play.propose()
    effects = play.decide(play.gate.pending[0], Verdict.DENY, digest="0" * 64)
    assert decision(effects).verdict is Verdict.DENY


def test_an_action_is_decided_once() -> None:
    play = Playbook()
    play.propose()
    action = play.gate.pending[0]
    play.decide(action, Verdict.DENY)
    with pytest.raises(AgentwatchError, match="already denied"):
        play.decide(action, Verdict.ALLOW)


def test_an_unknown_action_is_not_found() -> None:
    with pytest.raises(AgentwatchError) as caught:
        Playbook().gate.decide("3f2a-9", "", Verdict.ALLOW, by="person:test", because="", wall=0.0)
    assert caught.value.code is ExitCode.NOT_FOUND


@pytest.mark.parametrize(("judgement", "verdict"), [(ALLOW, "allow"), (DENY, "deny")])
def test_what_policy_decides_is_answered_at_once(judgement: Judgement, verdict: str) -> None:
    play = Playbook(judgement=judgement)
    made = decision(play.propose())
    assert (made.verdict, made.by, made.rule) == (verdict, "policy", judgement.rule)


def test_a_judge_that_breaks_denies() -> None:
    made = decision(Playbook(judgement=RuntimeError("boom")).propose())
    assert (made.verdict, made.by) == (Verdict.DENY, "policy")
    assert "boom" in made.why


@pytest.mark.parametrize("judgement", [ALLOW, ASK, DENY])
def test_what_cannot_be_recorded_is_denied(judgement: Judgement) -> None:
    play = Playbook(judgement=judgement, disk_full=True)
    made = decision(play.propose())
    assert made.verdict is Verdict.DENY
    assert play.gate.pending == []


def test_an_approval_that_cannot_be_recorded_is_denied() -> None:
    play = Playbook()
    play.propose()
    play.disk_full = True
    made = decision(play.decide(play.gate.pending[0], Verdict.ALLOW))
    assert made.verdict is Verdict.DENY
    assert "could not be recorded" in made.why


@pytest.mark.parametrize("closed", [True, OSError(13, "Permission denied")])
def test_nothing_passes_a_closed_gate(closed: bool | OSError) -> None:
    play = Playbook()
    play.propose()
    play.closed = closed
    assert decision(play.decide(play.gate.pending[0], Verdict.ALLOW)).verdict is Verdict.DENY
    assert decision(play.propose()).verdict is Verdict.DENY


def test_a_shut_gate_denies_what_waits_and_what_comes() -> None:
    play = Playbook()
    play.propose()
    play.propose()
    effects = play.gate.shut("kill", "the session was killed", wall=0.0)
    verdicts = [item.action.state for item in effects if isinstance(item, Answer)]
    assert verdicts == [ActionState.DENIED, ActionState.DENIED]
    play.judgement = ALLOW
    assert decision(play.propose()).verdict is Verdict.DENY


def test_an_unanswered_question_is_denied_at_its_deadline_not_before() -> None:
    play = Playbook(deny_after=600)
    play.propose()
    assert play.tick(after=599.9) == []
    assert decision(play.tick(after=0.2)).by == "deadline"


def test_without_a_deadline_a_question_waits_for_ever() -> None:
    play = Playbook(deny_after=0)
    play.propose()
    assert play.tick(after=1e9) == []
    assert play.gate.pending[0].deadline is None


def test_deadlines_stand_still_while_frozen() -> None:
    play = Playbook(deny_after=600)
    play.propose()
    play.now += 100
    play.gate.freeze(now=play.now)
    play.propose()  # arrives while frozen
    assert play.tick(after=10_000) == []
    play.gate.thaw(now=play.now)
    first, second = play.gate.pending
    assert first.deadline == pytest.approx(1e9 + 1000 + 600 + 10_000)
    assert play.tick(after=499) == []
    assert decision(play.tick(after=2)).by == "deadline"
    assert [item.id for item in play.gate.pending] == [second.id]
    assert decision(play.tick(after=100)).by == "deadline"


def test_freezing_twice_and_thawing_twice_change_nothing() -> None:
    play = Playbook(deny_after=600)
    play.propose()
    play.gate.freeze(now=play.now)
    play.gate.freeze(now=play.now + 50)
    assert len(play.gate.thaw(now=play.now + 100)) == 1
    assert play.gate.thaw(now=play.now + 200) == []
    assert play.gate.pending[0].deadline == pytest.approx(1e9 + 1000 + 700)


def test_a_proposer_that_goes_away_is_denied_and_others_are_not() -> None:
    play = Playbook()
    play.propose(proposer="one")
    play.propose(proposer="two")
    one = play.gate.pending[0].id
    effects = play.gate.withdraw("one", wall=0.0)
    assert decision(effects).why == "the proposer went away"
    assert [item.id for item in play.gate.pending] != [one]
    assert len(play.gate.pending) == 1


def test_too_many_questions_are_denied_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "MAX_PENDING", 2)
    play = Playbook()
    play.propose()
    play.propose()
    assert decision(play.propose()).verdict is Verdict.DENY


def test_too_heavy_questions_are_denied_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "MAX_WAITING_BYTES", 10_000)
    play = Playbook()
    play.propose(rm("x" * 20_000))
    assert decision(play.propose()).verdict is Verdict.DENY
    play.decide(play.gate.pending[0], Verdict.DENY)
    play.propose()
    assert len(play.gate.pending) == 1


def test_what_was_decided_is_forgotten_by_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "REMEMBERED_BYTES", 10_000)
    play = Playbook(judgement=ALLOW)
    for _ in range(100):
        play.propose()
    assert 0 < len(play.gate.recent) <= 10


def test_an_action_is_found_by_a_unique_beginning() -> None:
    play = Playbook()
    for _ in range(11):
        play.propose()
    assert play.gate.find("3f2a-1").id == "3f2a-1"
    assert play.gate.find("3f2a-11").id == "3f2a-11"
    with pytest.raises(AgentwatchError, match="ambiguous"):
        play.gate.find("3f2a")


Step = Callable[[Playbook], object]


def _person(allow: bool, right: bool, at: int) -> Step:
    def step(play: Playbook) -> None:
        if not play.gate.pending:
            return
        action = play.gate.pending[at % len(play.gate.pending)]
        if not allow:
            play.decide(action, Verdict.DENY)
        elif right:
            PERSON_SAID_YES.add(action.digest)
            play.decide(action, Verdict.ALLOW)
        else:
            with pytest.raises(AgentwatchError):
                play.decide(action, Verdict.ALLOW, digest="f" * 64)

    return step


def _set(name: str, value: object) -> Step:
    return lambda play: setattr(play, name, value)


PERSON_SAID_YES: set[str] = set()

STEPS = st.one_of(
    st.builds(lambda n: lambda play: play.propose(rm(str(n)), n % 3), st.integers(0, 50)),
    st.builds(_person, st.booleans(), st.booleans(), st.integers(0, 50)),
    st.builds(lambda s: lambda play: play.tick(after=s), st.floats(0, 700)),
    st.builds(lambda n: lambda play: play.gate.withdraw(n, wall=0.0), st.integers(0, 2)),
    st.just(lambda play: play.gate.freeze(now=play.now)),
    st.just(lambda play: play.gate.thaw(now=play.now)),
    st.just(lambda play: play.gate.shut("kill", "killed", wall=0.0)),
    st.builds(_set, st.just("disk_full"), st.booleans()),
    st.builds(_set, st.just("closed"), st.sampled_from([True, False, OSError(5, "I/O")])),
    st.builds(
        _set, st.just("judgement"), st.sampled_from([ASK, DENY, RuntimeError("judge broke")])
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_no_sequence_of_events_allows_without_a_person_rule_or_grant(steps: list[Step]) -> None:
    """Whatever happens in whatever order, an allow answers a person's yes to that digest, and
    stands in the record."""
    PERSON_SAID_YES.clear()
    play = Playbook()
    for step in steps:
        step(play)
    allowed_in_record = {
        data["digest"]
        for kind, data in play.written
        if kind == "decided" and data["decision"]["verdict"] == "allow"
    }
    for effect in play.effects:
        if isinstance(effect, Answer) and effect.action.state is ActionState.ALLOWED:
            assert effect.action.digest in PERSON_SAID_YES
            assert effect.action.digest in allowed_in_record


@settings(max_examples=100, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_every_proposal_gets_at_most_one_answer(steps: list[Step]) -> None:
    PERSON_SAID_YES.clear()
    play = Playbook()
    for step in steps:
        step(play)
    answered = [item.action.id for item in play.effects if isinstance(item, Answer)]
    assert len(answered) == len(set(answered))


def test_what_changed_while_it_waited_is_asked_anew_and_the_old_yes_is_none() -> None:
    play = Playbook()
    play.propose()
    (shown,) = play.gate.pending
    (effect,) = play.gate.renew(shown.id, rm("y"), "changed since you were shown it: x", wall=1e9)
    assert isinstance(effect, Show)
    assert effect.action.reasons[0] == "changed since you were shown it: x"
    assert play.gate.pending == [effect.action]
    assert play.written[-1] == ("proposed", effect.action.to_json())
    with pytest.raises(AgentwatchError, match="not what you were shown"):
        play.decide(shown, Verdict.ALLOW)
    assert decision(play.decide(effect.action, Verdict.ALLOW)).verdict is Verdict.ALLOW


def test_what_changed_and_cannot_be_recorded_is_denied() -> None:
    play = Playbook()
    play.propose()
    play.disk_full = True
    found = decision(play.gate.renew(play.gate.pending[0].id, rm("y"), "changed", wall=1e9))
    assert (found.verdict, found.by) == (Verdict.DENY, "gate")
    assert play.gate.pending == []
