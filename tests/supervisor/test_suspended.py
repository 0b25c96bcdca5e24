"""A machine that was suspended lets nothing through when it wakes, and kills nobody for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentwatch.containment.helpers.agent import Lease, Order
from agentwatch.errors import AgentwatchError
from agentwatch.model import Action, ActionState, Kind, Origin, Proposal, Verdict
from agentwatch.supervisor import clock
from agentwatch.supervisor.session import Supervised
from tests.containment import stage
from tests.supervisor.bare import bare_session

HOUR = 3600.0


class Asker:
    """Who proposed, and what it heard."""

    def __init__(self) -> None:
        self.heard: list[Action] = []

    def answer(self, action: Action) -> None:
        self.heard.append(action)


@pytest.fixture
def session() -> Iterator[Supervised]:
    """A session without an agent, and a minute for every question."""
    with bare_session(deny_after=60) as session:
        yield session


@pytest.fixture
def suspend(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """The kernel's word after so many seconds of sleep: one clock went on, the other stood."""

    def asleep(seconds: float) -> None:
        genuine, wall = time.clock_gettime, time.time
        sleeps = {time.CLOCK_BOOTTIME, time.CLOCK_REALTIME}
        monkeypatch.setattr(
            time, "clock_gettime", lambda which: genuine(which) + seconds * (which in sleeps)
        )
        monkeypatch.setattr(time, "time", lambda: wall() + seconds)

    return asleep


def asked(session: Supervised) -> tuple[Action, Asker]:
    """A question that waits for a person."""
    asker = Asker()
    proposal = Proposal(
        kind=Kind.DELETE,
        summary="delete everything",
        channel="propose",
        origin=Origin.DECLARED,
        cwd=session.config.cwd,
        paths=("everything",),
    )
    session.propose(proposal, asker)
    (waiting,) = session.gate.pending
    return waiting, asker


def test_an_answer_after_the_deadline_that_passed_in_a_suspend_lets_nothing_through(
    session: Supervised, suspend: Callable[[float], None]
) -> None:
    """It is there before any timer has run."""
    waiting, asker = asked(session)
    suspend(HOUR)
    with pytest.raises(AgentwatchError):
        session.decide(waiting.id, waiting.digest, Verdict.ALLOW, "person:test", "")
    assert [action.state for action in asker.heard] == [ActionState.DENIED]
    assert asker.heard[0].decision is not None
    assert asker.heard[0].decision.by == "deadline"


def test_a_short_suspend_leaves_the_question_open(
    session: Supervised, suspend: Callable[[float], None]
) -> None:
    waiting, asker = asked(session)
    suspend(30)
    session.decide(waiting.id, waiting.digest, Verdict.ALLOW, "person:test", "")
    assert [action.state for action in asker.heard] == [ActionState.ALLOWED]


def test_a_lease_does_not_run_out_in_a_suspend(
    tmp_path: Path, suspend: Callable[[float], None]
) -> None:
    """Supervisor and helpers slept alike: waking up must not cost the tree its life."""
    launch = stage.launch(stage.places_in(tmp_path), ("true",), (0, 1, 2))
    lease = Lease(-1, Order(launch.order(scope=False)), time.monotonic())
    began = clock.now()
    suspend(HOUR)
    assert clock.now() - began >= HOUR
    assert not lease.silent(time.monotonic())
    assert not lease.over(time.monotonic())
