"""The breaker in a session: it freezes, holds what would pass, has one answer, and fails shut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from agentwatch import journal
from agentwatch.breaker import Resource
from agentwatch.channels.kernel.acts import Deed, Flag, Observed
from agentwatch.errors import AgentwatchError
from agentwatch.model import (
    Action,
    ActionState,
    Json,
    Kind,
    Mode,
    Origin,
    Proposal,
    SessionState,
    Verdict,
)
from agentwatch.policy import DRAFT, Judgement
from agentwatch.policy.ground import Ground
from agentwatch.policy.observed import BELONGS
from agentwatch.supervisor import clock, harm
from agentwatch.supervisor.breaking import TRIPPED
from agentwatch.supervisor.session import Supervised
from tests.supervisor.bare import bare_session


class Agent:
    """Proposes, and hears the answers."""

    def __init__(self, session: Supervised) -> None:
        self.session = session
        self.heard: list[Action] = []

    def answer(self, action: Action) -> None:
        self.heard.append(action)

    def deletes(self, count: int, **fields: Any) -> None:
        for number in range(count):
            path = f"{self.session.config.workspace}/mail/{number}"
            given: dict[str, Any] = {
                "kind": Kind.DELETE,
                "summary": f"delete {path}",
                "channel": "propose",
                "paths": (path,),
            }
            self.session.propose(Proposal(**(given | fields)), self)


def running(session: Supervised, monkeypatch: pytest.MonkeyPatch) -> Supervised:
    """As if there were a tree: frozen means that the session says so."""

    def freeze(_by: str) -> None:
        if session.state is SessionState.RUNNING:
            session.change(SessionState.FROZEN)

    session.change(SessionState.RUNNING)
    monkeypatch.setattr(session, "freeze", freeze)
    return session


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervised]:
    with bare_session() as made:
        yield running(made, monkeypatch)


def recorded(session: Supervised, kind: str) -> list[Json]:
    return [entry.data for entry in journal.read(session.places.journal) if entry.type == kind]


def test_a_burst_is_recorded_and_frozen_and_all_of_it_waits(session: Supervised) -> None:
    heard: list[Json] = []
    session.listeners.add(heard.append)
    agent = Agent(session)
    agent.deletes(20)
    assert session.state is SessionState.FROZEN
    (trip,) = recorded(session, "tripped")
    assert trip["words"] == "the 12th deletion in 1 s, so far 11 waiting"
    assert [item.id for item in session.breaking.burst()] == [f"5e4d-{n}" for n in range(1, 21)]
    assert agent.heard == []
    assert any("BREAKER: the 12th" in str(event.get("text")) for event in heard)
    shown = session.snapshot()
    assert (shown.breaker, shown.tripped) == ("tripped", trip["words"])


def test_what_a_rule_or_grant_allows_waits_from_the_trip_on(session: Supervised) -> None:
    allowed = Judgement(Verdict.ALLOW, reversibility(session), ("granted",), "grant g1", ())
    agent = Agent(session)
    for number in range(15):
        said = Proposal(Kind.DELETE, f"delete {number}", "propose", paths=(f"/x/{number}",))
        session.propose(said, agent, allowed)
    assert [action.state for action in agent.heard] == [ActionState.ALLOWED] * 11
    waiting = session.gate.pending
    assert len(waiting) == 4
    assert waiting[0].reasons[0].startswith(f"{TRIPPED}: the 12th deletion")
    assert dict(recorded(session, "tripped")[0]["ways"]) == {"allowed by grant": 11}


def reversibility(session: Supervised) -> Any:
    said = Proposal(Kind.DELETE, "d", "propose", paths=("/x/1",))
    return session.judge(said).reversibility


def test_one_no_denies_exactly_the_burst(session: Supervised) -> None:
    agent = Agent(session)
    agent.deletes(1, kind=Kind.TOOL, tool="look_up", paths=())
    agent.deletes(14)
    told = session.breaking.answer(Verdict.DENY, "", "person:test", "")
    assert told["count"] == 14
    assert {action.state for action in agent.heard} == {ActionState.DENIED}
    (left,) = session.gate.pending
    assert left.proposal.tool == "look_up"
    assert session.state is SessionState.FROZEN, "denying lets nothing run"


def test_one_yes_is_bound_to_exactly_those_that_were_shown(session: Supervised) -> None:
    agent = Agent(session)
    agent.deletes(13)
    shown = session.breaking.status()["digest"]
    agent.deletes(1)
    for digest in ("", "None", shown):
        with pytest.raises(AgentwatchError, match="not those you were shown"):
            session.breaking.answer(Verdict.ALLOW, digest, "person:test", "")
    assert agent.heard == []
    session.breaking.answer(Verdict.ALLOW, session.breaking.status()["digest"], "person:test", "")
    assert [action.state for action in agent.heard] == [ActionState.ALLOWED] * 14
    with pytest.raises(AgentwatchError, match="nothing waits"):
        session.breaking.answer(Verdict.DENY, "", "person:test", "")


def test_a_reset_is_recorded_and_counting_begins_anew(session: Supervised) -> None:
    agent = Agent(session)
    agent.deletes(12)
    session.breaking.reset("person:test")
    assert recorded(session, "breaker-reset")[0]["by"] == "person:test"
    session.change(SessionState.RUNNING)
    agent.deletes(11)
    assert session.state is SessionState.RUNNING
    agent.deletes(1)
    assert session.snapshot().tripped.startswith("the 12th deletion")


def test_the_hundredth_deletion_outside_below_an_approved_program_waits(
    session: Supervised,
) -> None:
    agent = Agent(session)
    covered = Judgement(Verdict.ALLOW, reversibility(session), ("part of it",), BELONGS, (), "a-1")
    for number in range(120):
        path = f"/proc/self/{'fd' if number % 2 else 'task'}"  # there, and outside
        said = Proposal(Kind.DELETE, "d", "kernel", Origin.OBSERVED, paths=(path,))
        session.propose(said, agent, replace(covered, outside=(path,)))
        session.propose(said, agent, covered)  # in the workspace: it goes on, frozen or not
    assert len([action for action in agent.heard if action.outside]) == 99
    assert len(session.gate.pending) == 21
    (trip,) = recorded(session, "tripped")
    assert trip["words"].endswith("so far 99 by approved programs")


def test_reading_is_not_counted(session: Supervised) -> None:
    Agent(session).deletes(100, kind=Kind.READ)
    assert session.breaking.trip is None


@pytest.mark.parametrize("broken", ["act_of", "core", "freeze"])
def test_a_fault_in_the_breaker_is_a_trip(
    broken: str, session: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    if broken == "act_of":
        monkeypatch.setattr(harm, "act_of", fails)
    elif broken == "core":
        monkeypatch.setattr(session.breaking.core, "weigh", fails)
    else:
        monkeypatch.setattr(session, "freeze", fails)
    agent = Agent(session)
    allowed = Judgement(Verdict.ALLOW, reversibility(session), ("granted",), "grant g1", ())
    for _ in range(12):
        said = Proposal(Kind.DELETE, "d", "propose", paths=("/x/1",))
        session.propose(said, agent, allowed)
    assert session.breaking.state == "tripped"
    assert session.gate.pending, "nothing passes by itself any more"
    if broken != "freeze":
        assert session.state is SessionState.FROZEN
        assert agent.heard == []
        assert recorded(session, "tripped")[0]["meter"] == "fault"
        return
    monkeypatch.undo()
    monkeypatch.setattr(session, "freeze", lambda _: session.change(SessionState.FROZEN))
    later = clock.now() + 5
    monkeypatch.setattr(clock, "now", lambda: later)
    session.tick()
    assert session.snapshot().state is SessionState.FROZEN, "it is tried again"


def test_a_trip_that_cannot_be_recorded_freezes_all_the_same(
    session: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = Agent(session)
    agent.deletes(11)

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(session, "record_or_raise", full)
    agent.deletes(1)
    assert session.state is SessionState.FROZEN
    assert session.breaking.state == "tripped"


def test_a_person_or_rule_that_says_no_again_and_again_trips_and_a_mode_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with bare_session(mode=Mode.LOCKED) as made:
        agent = Agent(running(made, monkeypatch))
        agent.deletes(30)
        assert [action.state for action in agent.heard] == [ActionState.DENIED] * 30
        assert made.snapshot().state is SessionState.RUNNING
        judged = made.judge(agent.heard[0].proposal)
        for number in range(10):
            said = Proposal(Kind.OTHER, "again", "propose", words=str(number))
            made.propose(said, agent, replace(judged, verdict=Verdict.DENY, rule="mine"))
        assert made.snapshot().tripped.startswith("the 10th denial in a row")


def test_watching_alone_trips_nothing_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with bare_session(mode=Mode.WATCH) as made:
        watched = running(made, monkeypatch)
        Agent(watched).deletes(40)
        assert watched.state is SessionState.RUNNING
        assert watched.breaking.status()["why"] == "watch mode records only"


def test_off_is_said_on_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    with bare_session(breaker={"off": True}) as made:
        assert any("BREAKER IS OFF" in note for note in made.snapshot().notes)
        Agent(running(made, monkeypatch)).deletes(40)
        assert made.snapshot().breaker == "off"
    with bare_session(breaker={"deletions": "off"}) as made:
        assert "The breaker does not count deletions, as asked." in made.snapshot().notes


def test_the_action_after_the_last_of_the_budget_freezes_and_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with bare_session(budgets={Resource.ACTIONS: 2.0}, breaker={"off": True}) as made:
        agent = Agent(running(made, monkeypatch))
        allowed = Judgement(Verdict.ALLOW, reversibility(made), ("granted",), "grant g1", ())
        for _ in range(3):
            made.propose(Proposal(Kind.OTHER, "do", "propose"), agent, allowed)
        assert len(agent.heard) == 2
        assert made.snapshot().state is SessionState.FROZEN
        assert made.snapshot().tripped == "the budget of actions is used up (2/2)"
        assert made.snapshot().budgets == ("actions 3/2",)
        made.breaking.add(Resource.ACTIONS, 5, "person:test")
        assert recorded(made, "budget")[0]["more"] == 5
        made.breaking.reset("person:test")
        made.propose(Proposal(Kind.OTHER, "do", "propose"), agent, allowed)
        assert len(agent.heard) == 3


def test_time_that_is_used_up_is_raised_before_anything_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with bare_session(budgets={Resource.TIME: 60.0}) as made:
        running(made, monkeypatch).tick()
        later = clock.now() + 61
        monkeypatch.setattr(clock, "now", lambda: later)
        made.tick()
        assert made.snapshot().tripped.startswith("the budget of time is used up")
        with pytest.raises(AgentwatchError, match="used up"):
            made.breaking.may_resume()
        made.breaking.add(Resource.TIME, 600, "person:test")
        made.breaking.may_resume()
        with pytest.raises(AgentwatchError, match="no budget of tokens"):
            made.breaking.add(Resource.TOKENS, 1, "person:test")
        made.breaking.reported("a", {"used": "nonsense"})
        assert made.breaking.trip is not None


# -- what an action is for the breaker ---------------------------------------------------------

GROUND = Ground(workspace="/home/a/work", home="/home/a")
JUDGED = Judgement(None, None, (), None, ())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "deletes", "sends"),
    [
        ({"kind": Kind.DELETE}, True, False),
        ({"kind": Kind.TOOL, "tool": "mail_delete"}, True, False),
        ({"kind": Kind.TOOL, "tool": "batchDeleteEmails"}, True, False),
        ({"kind": Kind.TOOL, "tool": "undeleted_list"}, False, False),
        ({"kind": Kind.TOOL, "tool": "gmail.sendMessage"}, False, True),
        ({"kind": Kind.MESSAGE}, False, True),
        ({"kind": Kind.EXEC, "command": "cd a && rm -rf b"}, True, False),
        ({"kind": Kind.EXEC, "argv": ("/bin/rm", "x")}, True, False),
        ({"kind": Kind.EXEC, "argv": ("make", "clean")}, False, False),
    ],
)
def test_what_deletes_and_what_sends(fields: Any, deletes: bool, sends: bool) -> None:
    act = harm.act_of(Proposal(summary="s", channel="c", **fields), JUDGED)
    assert (act.deletes, act.sends) == (deletes, sends)


def test_what_is_kept_aside_in_a_draft_counts_as_part_of_what_was_approved() -> None:
    drafted = replace(JUDGED, verdict=Verdict.ALLOW, rule=DRAFT)
    said = Proposal(Kind.DELETE, "d", "c", paths=("/home/a/work/x",))
    assert harm.act_of(said, drafted).covered
    assert not harm.act_of(said, JUDGED).covered


@pytest.mark.parametrize(
    ("kind", "path", "flags", "made", "outside"),
    [
        (Deed.DELETE, "/home/a/Mail/1", (), False, 1),
        (Deed.DELETE, "/home/a/Mail/1", (), True, None),
        (Deed.DELETE, "/home/a/work/x.o", (), False, 0),
        (Deed.DELETE, "/tmp/x", (), False, 0),
        (Deed.WRITE, "/home/a/Mail/1", (Flag.TRUNCATE,), False, 1),
        (Deed.WRITE, "/home/a/Mail/1", (Flag.CREATE,), False, None),
        (Deed.WRITE, "/home/a/work/x", (), False, None),
        (Deed.CONNECT, "", (), False, None),
    ],
)
def test_the_harm_of_what_passes_below(
    kind: Deed, path: str, flags: tuple[Flag, ...], made: bool, outside: int | None
) -> None:
    act = harm.seen(Observed(kind, 1, 1, path=path, flags=flags, size=7), GROUND, made=made)
    assert (act.outside if act else None) == outside
    if act:
        assert (act.covered, act.size) == (True, 7)


def test_deletions_outside_below_an_approved_program_trip(session: Supervised) -> None:
    for number in range(200):
        event = Observed(Deed.DELETE, 1, 1, path=f"/home/a/Mail/{number}")
        session.breaking.passed(event, GROUND, made=lambda _: False)
        session.breaking.passed(event, GROUND, made=lambda _: False)  # a file counts once
        event = Observed(Deed.DELETE, 1, 1, path=f"/home/a/work/{number}.o")
        session.breaking.passed(event, GROUND, made=lambda _: False)
    assert session.state is SessionState.FROZEN
    (trip,) = recorded(session, "tripped")
    assert trip["words"].startswith("the 100th file changed or deleted outside the workspace")
    assert trip["sample"][-1] == "delete /home/a/Mail/99"
