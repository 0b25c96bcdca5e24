"""aider in its own terminal below the kernel gate: its edit, its command, and the yes of nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tests.agents_real import proofs
from tests.agents_real.kit_aider import AIDER
from tests.agents_real.model_server import model_server
from tests.agents_real.scenario import Scenario, Turn
from tests.agents_real.supervised import KERNEL, agent_world
from tests.agents_real.test_unhooked_run import EDIT, EXAMPLES
from tests.e2e.person import Person
from tests.e2e.world import World
from tests.waiting import wait_for

pytestmark = [pytest.mark.agents, pytest.mark.more_agents, pytest.mark.timeout(600)]

QUESTION = "Run shell command?"
END_OF_FILE = "\x04"
BEFORE = {"notes.md": "one\ntwo\n", "build": "(folder)"}
EDITED = {"notes.md": "one\n2\n", "build": "(folder)"}


@dataclass
class Talk:
    """A person who talks with aider, and decides by `agentwatch` in another terminal."""

    world: World
    person: Person
    asked: list[str] = field(default_factory=list)

    def until(self, seen: Callable[[str], object], what: str, *, verdict: str = "approve") -> None:
        """Decide whatever is asked, until the screen shows something."""

        def look() -> object:
            shown = self.person.look()
            for action in self.world.json("pending", check=False) if self.world.sessions() else ():
                self.asked.append(f"{action['channel']} {action['kind']}: {action['summary']}")
                self.world.call(verdict, action["id"], check=False)
            return seen(shown)

        wait_for(look, what, within=proofs.LONG)


def waits(shown: str) -> bool:
    """Whether aider waits for its person: for a message, or at a question of its own."""
    return shown.rstrip().endswith((">", "]:"))


@contextmanager
def talk() -> Iterator[Talk]:
    """A talk that has come to the point where its model's edit and command have been said."""
    said = Scenario({"get_factorial": [*[Turn()] * EXAMPLES, Turn(text=EDIT)]}, toolless=True)
    with agent_world(AIDER) as world, model_server(said) as model:
        proofs.lay(world)
        world.env |= AIDER.scrubbed(world.folder, model.url)
        start = (*AIDER.prompt[:-1], "notes.md")
        command = ("run", "--no-tui", *KERNEL, "--", AIDER.installed(), *start)
        person = Person(world, *command, rows=40, cols=120)
        begun = Talk(world, person)
        try:
            begun.until(waits, "aider to wait for a message")
            person.types("GO\r")
            yield begun
        finally:
            person.leaves()


def commands(asked: list[str]) -> list[str]:
    return [item for item in asked if item.startswith("kernel exec")]


def test_its_edit_and_its_command_are_one_question_each() -> None:
    with talk() as held:
        held.until(lambda shown: QUESTION in shown, "its own question")
        held.person.types("y\r")
        held.until(lambda _: not (held.world.work / "build").exists(), "its command to run")
        assert len(held.asked) == 2, held.asked
        assert "notes.md" in held.asked[0]
        assert "rmdir build" in held.asked[1]
        assert proofs.left(held.world.work) == {"notes.md": "one\n2\n"}
        assert held.world.json("kill")["left"] == []
    proofs.shown(AIDER, "a talk in its terminal")


def test_an_edit_that_is_denied_is_not_made() -> None:
    with talk() as held:
        held.until(lambda shown: held.asked and waits(shown), "aider to go on", verdict="deny")
        assert "notes.md" in held.asked[0]
        assert proofs.left(held.world.work) == BEFORE


def test_the_end_of_its_input_is_a_yes_to_aider_and_none_to_the_gate() -> None:
    with talk() as held:
        held.until(lambda shown: QUESTION in shown, "its own question")
        held.person.types(END_OF_FILE)
        held.until(lambda _: commands(held.asked), "its command to be asked", verdict="deny")
        assert "rmdir build" in commands(held.asked)[0]
        held.until(waits, "aider to go on", verdict="deny")
        assert proofs.left(held.world.work) == EDITED
    proofs.shown(AIDER, "the end of its input")


@pytest.mark.parametrize("first", ["", END_OF_FILE], ids=["at its question", "while held"])
def test_a_window_that_is_closed_lets_nothing_pass(first: str) -> None:
    with talk() as held:
        held.until(lambda shown: QUESTION in shown, "its own question")
        if first:
            held.person.types(first)
            wait_for(
                lambda: held.person.look() and held.world.json("pending"), "its command to be held",
                within=proofs.LONG,
            )  # fmt: skip
        held.person.leaves()
        wait_for(lambda: not held.world.sessions(), "the session to end", within=proofs.LONG)
        assert proofs.left(held.world.work) == EDITED
        assert commands(held.asked) == []
