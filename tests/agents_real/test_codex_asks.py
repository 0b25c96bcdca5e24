"""Codex's own questions, which it asks in its terminal after agentwatch has asked.

`codex exec` never asks, and refuses.  A patch's question is answered with the person's yes to it.
Should what is said of commands here fail, Codex may tell by now what it asks for, and these could
be answered in the person's place as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.agents_real import proofs
from tests.agents_real.api import Json
from tests.agents_real.kit_codex import CODEX
from tests.agents_real.model_server import ModelServer, model_server
from tests.agents_real.scenario import Turn, act, call, play
from tests.agents_real.supervised import KERNEL, agent_world
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


# -- patches ----------------------------------------------------------------------------------


@contextmanager
def patching(*turns: Callable[[World], Turn], options: tuple[str, ...]) -> Iterator[Person]:
    """A talk in Codex's terminal, its hooks trusted by nothing but their hashes."""
    with agent_world(CODEX) as world:
        proofs.lay(world)
        with model_server(play(*(turn(world) for turn in turns)), CODEX.spell) as model:
            world.env |= CODEX.scrubbed(world.folder, model.url)
            flags = (*CODEX.address(model.url), *SANDBOXED, "on-request", "GO")
            command = ("run", "--no-tui", *options, "--", CODEX.installed(), *flags)
            person = Person(world, *command, rows=40, cols=120)
            try:
                yield person
            finally:
                person.leaves()


def outside(name: str) -> Callable[[World], Turn]:
    return lambda world: act("write", path=f"{world.folder}/{name}", content="x\n")


def tool_call(person: Person) -> Json:
    """The next question that is not about what Codex tells its makers, which the gate holds."""
    while True:
        action, *_ = asked(CODEX, person.world, person)
        if action["channel"] == "hooks":
            return action
        assert action["kind"] == "network", action
        person.world.call("deny", action["id"])


def shown_and_made(person: Person, made: Path) -> bool:
    """Whether a file is there; the screen is read meanwhile."""
    person.look()
    return made.exists()


def answered(world: World) -> int:
    """Questions of Codex's that a person's yes has answered."""
    entries = world.journal(world.session()["id"])
    return sum(entry["type"] == "answered-again" for entry in entries)


@pytest.mark.parametrize("options", [(), KERNEL], ids=["hook alone", "kernel gate"])
def test_a_patch_that_a_person_allowed_is_not_asked_about_again(options: tuple[str, ...]) -> None:
    """And nothing else is let out of Codex's sandbox by that."""

    def leaves(world: World) -> Turn:
        return act("shell", command=f"echo x > {world.folder}/three.txt; echo gave $?")

    with patching(outside("one.txt"), outside("two.txt"), leaves, options=options) as person:
        world = person.world
        for way in ("approve", "deny", "approve"):
            action = tool_call(person)
            assert ITS_OWN not in person.look()
            world.call(way, action["id"])
        person.sees("gave 1", within=proofs.LONG)
        assert sorted(item.name for item in world.folder.glob("*.txt")) == ["one.txt"]
        assert answered(world) == 1
    proofs.shown(CODEX, "its own question about a patch, answered")


def test_a_patch_in_a_shell_line_and_those_after_it_codex_asks_about() -> None:
    """Such a line says itself in which folder it is applied, and the question does not."""
    hunk = "*** Begin Patch\n*** Add File: one.txt\n+x\n*** End Patch"

    def by_shell(world: World) -> Turn:
        return act("shell", command=f"cd {world.folder} && apply_patch <<'E'\n{hunk}\nE\n")

    with patching(by_shell, outside("two.txt"), options=()) as person:
        for name in ("one.txt", "two.txt"):
            made = person.world.folder / name
            person.world.call("approve", tool_call(person)["id"])
            person.sees(ITS_OWN, within=proofs.LONG)
            assert not made.exists()
            person.types("y")
            wait_for(partial(shown_and_made, person, made), f"{made} to be made")
        assert answered(person.world) == 0
