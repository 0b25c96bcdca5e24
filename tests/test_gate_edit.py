"""A changed action waits in the place of the one that was shown, and nothing passes by it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentwatch.errors import AgentwatchError
from agentwatch.gate import Answer, Effect
from agentwatch.model import ActionState, Verdict
from tests.test_gate import ASK, Playbook, decision, rm


def change(play: Playbook, digest: str | None = None) -> list[Effect]:
    (waiting,) = play.gate.pending
    return play.gate.edit(
        waiting.id,
        digest or waiting.digest,
        rm("y"),
        replace(ASK, verdict=Verdict.ALLOW),
        by="person:test",
        wall=play.now + 1e9,
    )


def asked() -> Playbook:
    play = Playbook()
    play.propose()
    return play


def test_what_it_became_waits_and_both_are_recorded() -> None:
    play = asked()
    before = play.gate.pending[0]
    effects = change(play)
    (after,) = play.gate.pending
    assert (after.edited, after.proposal.paths) == (before.id, ("y",))
    assert after.digest != before.digest
    assert after.deadline == before.deadline
    assert [kind for kind, _ in play.written] == ["proposed", "proposed", "decided"]
    assert play.written[-1][1]["decision"]["verdict"] == "deny"
    assert not [item for item in effects if isinstance(item, Answer)]
    assert play.gate.find(before.id).state is ActionState.DENIED


def test_only_its_own_digest_approves_it_and_the_proposer_is_answered_once() -> None:
    play = asked()
    before = play.gate.pending[0]
    change(play)
    (after,) = play.gate.pending
    with pytest.raises(AgentwatchError, match="not what you were shown"):
        play.decide(after, Verdict.ALLOW, digest=before.digest)
    with pytest.raises(AgentwatchError, match="already denied"):
        play.decide(before, Verdict.ALLOW)
    (answer,) = [item for item in play.decide(after, Verdict.ALLOW) if isinstance(item, Answer)]
    assert (answer.action.id, answer.proposer) == (after.id, "agent")


def test_what_was_not_shown_is_not_changed() -> None:
    play = asked()
    with pytest.raises(AgentwatchError, match="not what you were shown"):
        change(play, "0" * 64)
    assert play.gate.pending[0].edited is None


def test_a_change_that_cannot_be_recorded_leaves_the_question() -> None:
    play = asked()
    play.disk_full = True
    with pytest.raises(AgentwatchError, match="could not be recorded"):
        change(play)
    assert play.gate.pending[0].edited is None


def test_a_half_recorded_change_is_a_denial(monkeypatch: pytest.MonkeyPatch) -> None:
    play = asked()
    record = play.gate._record

    def once(kind: str, data: dict[str, object]) -> None:
        record(kind, data)
        play.disk_full = True

    monkeypatch.setattr(play.gate, "_record", once)
    assert decision(change(play)).verdict is Verdict.DENY
    assert play.gate.pending == []


def test_its_proposer_s_leaving_and_its_deadline_still_deny_it() -> None:
    play = asked()
    change(play)
    assert decision(play.tick(after=601)).verdict is Verdict.DENY
    play = asked()
    change(play)
    assert decision(play.gate.withdraw("agent", wall=1.0)).verdict is Verdict.DENY


def test_nothing_is_changed_in_a_session_that_is_over() -> None:
    play = asked()
    play.closed = True
    with pytest.raises(AgentwatchError, match="being killed"):
        change(play)
