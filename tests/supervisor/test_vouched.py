"""A decision that cannot be signed, or whose signature does not hold, is a denial."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentwatch import journal
from agentwatch.agents import Prepared
from agentwatch.errors import AgentwatchError
from agentwatch.grants import Lasting
from agentwatch.journal import Journal, Result, verify
from agentwatch.model import Action, ActionState, Kind, Mode, Proposal, Verdict
from agentwatch.signing import Signer, SigningKey
from agentwatch.supervisor.config import Config
from agentwatch.supervisor.session import Supervised

KEY = SigningKey.new()


class Heard:
    """A proposer that keeps its answers."""

    def __init__(self) -> None:
        self.answers: list[Action] = []

    def answer(self, action: Action) -> None:
        self.answers.append(action)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Supervised]:
    config = Config(
        session="test-7a7a",
        name="test",
        runtime=str(tmp_path / "r"),
        state=str(tmp_path / "s"),
        argv=("agent",),
        env={},
        cwd=str(tmp_path),
        workspace=str(tmp_path),
        mode=Mode.ASK,
    )
    config.places.create()
    with Journal.open(config.places.journal, config.session) as record:
        signer = Signer(KEY, config.session)
        yield Supervised(config, Prepared("test", ("agent",)), record, signer)


def asked(session: Supervised) -> tuple[Heard, Action]:
    heard = Heard()
    session.propose(Proposal(Kind.EXEC, "run rm", "propose", argv=("rm", "x")), heard)
    (waiting,) = session.gate.pending
    return heard, waiting


def approve(session: Supervised, action: Action) -> None:
    session.decide(action.id, action.digest, Verdict.ALLOW, "person:tui", "", "python(7)")


def break_signing(session: Supervised, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> bytes:
        raise OSError("the key is gone")

    monkeypatch.setattr(session.vouching._signer._key, "sign", gone)


def test_a_signed_approval_is_let_out_once(session: Supervised) -> None:
    heard, action = asked(session)
    approve(session, action)
    session.seal()
    assert heard.answers[0].state is ActionState.ALLOWED
    *_, decided, _ = journal.read(session.places.journal)
    assert decided.data["signed"]["how"] == "python(7)"
    assert verify(session.places.journal, keys=(KEY.public,)).result is Result.AGREE


def test_without_a_signature_it_is_denied(
    session: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, action = asked(session)
    break_signing(session, monkeypatch)
    approve(session, action)
    made = heard.answers[0].decision
    assert made is not None
    assert (made.verdict, made.by) == (Verdict.DENY, "gate")
    assert "the key is gone" in made.why


def test_a_grant_that_cannot_be_signed_is_none(
    session: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, action = asked(session)
    break_signing(session, monkeypatch)
    with pytest.raises(AgentwatchError, match="nothing is granted"):
        session.grant(action.id, action.digest, "exact", Lasting(), "person:tui")
    assert session.beforehand.grants.standing() == []


def test_once_the_head_cannot_be_signed_nothing_passes(
    session: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(session)
    break_signing(session, monkeypatch)
    session.seal()
    assert "the key is gone" in session.notes[-1]
    heard = Heard()
    session.propose(Proposal(Kind.OTHER, "read x", "propose"), heard)
    session.close_gate("kill", "over")
    assert all(item.state is ActionState.DENIED for item in heard.answers)


def test_an_approval_whose_signature_does_not_hold_is_voided(
    session: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, action = asked(session)
    monkeypatch.setattr(session.vouching, "_issued", {action.id: {}})
    monkeypatch.setattr(session.vouching._signer, "issue", lambda *_: {"signed": None})
    approve(session, action)
    made = heard.answers[0].decision
    assert made is not None
    assert (made.verdict, made.by) == (Verdict.DENY, "gate")
    assert session.gate.find(action.id).state is ActionState.DENIED
    types = [entry.type for entry in journal.read(session.places.journal)]
    assert types[-2:] == ["voided", "alarm"]
