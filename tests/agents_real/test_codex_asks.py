"""Codex's own questions, which it asks in its terminal after agentwatch has asked.

`codex exec` never asks, and refuses.  Should what is said of `PermissionRequest` here fail, Codex
may tell by now what it asks for, and could be answered in the person's place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.agents_real import proofs
from tests.agents_real.api import Json
from tests.agents_real.kit_codex import CODEX
from tests.agents_real.model_server import ModelServer, model_server
from tests.agents_real.scenario import Turn, act, call, play
from tests.agents_real.supervised import agent_world
from tests.agents_real.test_agents_talk import asked
from tests.e2e.person import Person
from tests.e2e.world import World
from tests.waiting import wait_for

pytestmark = [pytest.mark.agents, pytest.mark.more_agents, pytest.mark.timeout(400)]

ITS_OWN = "Would you like to"
SANDBOXED = ("-s", "workspace-write", "-a")
LISTENS = """
[[hooks.PermissionRequest]]
[[hooks.PermissionRequest.hooks]]
type = "command"
command = "cat >> '{heard}'"
"""
"""A hook of the user's own, which says nothing and keeps what it was told."""

OUTSIDE = {"sandbox_permissions": "require_escalated"}


@contextmanager
def talk(turn: Callable[[World], Turn], policy: str) -> Iterator[tuple[Person, Json, ModelServer]]:
    """A talk in Codex's terminal, to the one question that agentwatch asks about this turn."""
    with agent_world(CODEX) as world:
        proofs.lay(world)
        with (world.folder / ".codex/config.toml").open("a") as file:
            file.write(LISTENS.format(heard=heard(world)))
        with model_server(play(turn(world)), CODEX.spell) as model:
            world.env |= CODEX.scrubbed(world.folder, model.url)
            trust = "--dangerously-bypass-hook-trust"
            flags = (*CODEX.address(model.url), *SANDBOXED, policy, trust, "GO")
            command = ("run", "--no-tui", "--", CODEX.installed(), *flags)
            person = Person(world, *command, rows=40, cols=120)
            try:
                (action,) = asked(CODEX, world, person)
                assert action["channel"] == "hooks"
                yield person, action, model
            finally:
                person.leaves()


def heard(world: World) -> Path:
    return world.folder / "heard"


def wants_out(command: str) -> Callable[[World], Turn]:
    return lambda _world: call("exec_command", cmd=command, **OUTSIDE)


WAYS: dict[str, tuple[Callable[[World], Turn], Callable[[World], bool]]] = {
    "what it takes for dangerous": (
        lambda _world: act("shell", command="rm -rf build"),
        lambda world: not (world.work / "build").exists(),
    ),
    "out of its sandbox": (
        wants_out("rmdir build"),
        lambda world: not (world.work / "build").exists(),
    ),
    "an edit elsewhere": (
        lambda world: act("write", path=f"{world.folder}/new.txt", content="x\n"),
        lambda world: (world.folder / "new.txt").exists(),
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_agentwatch_allowed_codex_asks_once_more_and_agentwatch_does_not(way: str) -> None:
    turn, done = WAYS[way]
    with talk(turn, "on-request") as (person, action, _):
        world = person.world
        world.call("approve", action["id"])
        person.sees(ITS_OWN, within=proofs.LONG)
        assert not done(world)
        told = json.loads(heard(world).read_text())
        assert told["hook_event_name"] == "PermissionRequest"
        assert told["tool_input"]["command"].strip() == action["params"]["command"].strip()
        person.types("y")
        wait_for(lambda: person.look() and done(world), "it to be done", within=proofs.LONG)
        assert world.json("pending") == []
        decided = [
            entry["data"]["summary"]
            for entry in world.journal(world.session()["id"])
            if entry["type"] == "proposed"
        ]
        assert decided == [action["summary"]]


def test_what_agentwatch_denied_codex_does_not_ask() -> None:
    turn, done = WAYS["out of its sandbox"]
    with talk(turn, "on-request") as (person, action, model):
        person.world.call("deny", action["id"], "--because", "NOT-TODAY")
        wait_for(
            lambda: person.look() and any("NOT-TODAY" in text for text in model.result_texts()),
            "the model to hear of it",
            within=proofs.LONG,
        )
        assert not heard(person.world).exists()
        assert not done(person.world)


def test_it_does_not_tell_whether_a_command_wants_out_of_its_sandbox() -> None:
    """Why nobody's yes is given in their place: the two cannot be told apart."""
    told = []
    for turn in (lambda _world: act("shell", command="rm -rf build"), wants_out("rm -rf build")):
        with talk(turn, "on-request") as (person, action, _):
            person.world.call("approve", action["id"])
            person.sees(ITS_OWN, within=proofs.LONG)
            told.append(json.loads(heard(person.world).read_text()))
    plain, outside = told
    assert plain["tool_input"] == outside["tool_input"] == {"command": "rm -rf build"}
    assert set(plain) == set(outside)


@pytest.mark.parametrize("way", ["what it takes for dangerous", "out of its sandbox"])
def test_told_to_ask_never_it_refuses_by_itself(way: str) -> None:
    turn, done = WAYS[way]
    with talk(turn, "never") as (person, action, model):
        person.world.call("approve", action["id"])
        wait_for(
            lambda: person.look() and any("reject" in text for text in model.result_texts()),
            "the model to hear of it",
            within=proofs.LONG,
        )
        assert not heard(person.world).exists()
        assert not done(person.world)
