"""mini-swe-agent in its own terminal below the kernel gate, with its own question before ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.agents_real import proofs
from tests.agents_real.kit_mini import MINI
from tests.agents_real.model_server import ModelServer, model_server
from tests.agents_real.scenario import act, play
from tests.agents_real.supervised import KERNEL, agent_world
from tests.agents_real.test_agents_talk import asked
from tests.e2e.person import Person
from tests.waiting import wait_for

pytestmark = [pytest.mark.agents, pytest.mark.more_agents, pytest.mark.timeout(400)]

END_OF_FILE = "\x04"


@contextmanager
def talk() -> Iterator[tuple[Person, ModelServer]]:
    """A talk that has come to its own question about a command."""
    with (
        agent_world(MINI) as world,
        model_server(play(act("shell", command="rmdir build")), MINI.spell) as model,
    ):
        proofs.lay(world)
        world.env |= MINI.scrubbed(world.folder, model.url)
        command = ("run", "--no-tui", *KERNEL, "--", MINI.installed(), "-t", "GO")
        person = Person(world, *command, rows=40, cols=120)
        try:
            person.sees("Enter to confirm", within=proofs.LONG)
            yield person, model
        finally:
            person.leaves()


@pytest.mark.parametrize("verdict", ["approve", "deny"])
def test_its_yes_is_not_enough(verdict: str) -> None:
    with talk() as (person, model):
        world = person.world
        person.types("\r")
        (action,) = asked(MINI, world, person)
        assert (action["channel"], action["kind"]) == ("kernel", "exec")
        assert "rmdir build" in action["summary"]
        assert (world.work / "build").exists()
        world.call(verdict, action["id"])
        wait_for(
            lambda: person.look() and model.result_texts(), "the model to hear of it",
            within=proofs.LONG,
        )  # fmt: skip
        assert (world.work / "build").exists() is (verdict == "deny")
        world.json("kill", check=False)


def test_the_end_of_its_input_is_no_yes() -> None:
    with talk() as (person, _):
        person.types(END_OF_FILE)
        person.sees("Aborted", within=proofs.LONG)
        assert (person.world.work / "build").exists()
    proofs.shown(MINI, "the end of its input")


def test_a_window_that_is_closed_lets_nothing_pass() -> None:
    with talk() as (person, _):
        world = person.world
        person.types("\r")
        assert len(asked(MINI, world, person)) == 1
        person.leaves()
        wait_for(lambda: not world.sessions(), "the session to end", within=proofs.LONG)
        assert (world.work / "build").exists()
