"""The agents that are driven when asked for, in their own terminals, attached to by a person."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.agents_real import proofs
from tests.agents_real.kit import Kit
from tests.agents_real.kit_copilot import COPILOT
from tests.agents_real.kit_mini import MINI
from tests.agents_real.kit_openclaw import OPENCLAW
from tests.agents_real.kit_opencode import OPENCODE
from tests.agents_real.kit_vibe import VIBE
from tests.agents_real.model_server import model_server
from tests.agents_real.scenario import act, play
from tests.agents_real.supervised import KERNEL, agent_world
from tests.agents_real.test_agents_talk import asked
from tests.e2e.person import Person
from tests.waiting import wait_for

pytestmark = [pytest.mark.agents, pytest.mark.more_agents, pytest.mark.timeout(400)]


@dataclass(frozen=True)
class Talk:
    """How one agent is spoken with in its terminal."""

    kit: Kit
    words: tuple[str, ...]
    hook: bool = True


TALKS = (
    Talk(OPENCODE, ("--prompt", "GO")),
    Talk(COPILOT, ("-i", "GO")),
    Talk(VIBE, ("--auto-approve", "GO")),
    Talk(OPENCLAW, ("tui", "--local", "--message", "GO"), hook=False),
    Talk(MINI, ("-y", "-t", "GO"), hook=False),
)


@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: talk.kit.name)
def test_a_talk_in_its_terminal_is_asked_about_and_killed(talk: Talk) -> None:
    kit = talk.kit
    with (
        agent_world(kit) as world,
        model_server(play(act("shell", command="touch ran")), kit.spell) as model,
    ):
        world.env |= kit.scrubbed(world.folder, model.url)
        said = (kit.installed(), *kit.address(model.url), *talk.words)
        options = () if talk.hook else KERNEL
        person = Person(world, "run", "--no-tui", *options, "--", *said, rows=40, cols=120)
        try:
            (action,) = asked(kit, world, person, within=60)
            assert "touch ran" in action["summary"]
            assert action["channel"] == ("hooks" if talk.hook else "kernel")
            assert world.session()["armed"] is (True if talk.hook else None)
            world.call("deny", action["id"], "--because", "NOT-TODAY")
            wait_for(
                lambda: person.look() and model.result_texts(), "the model to hear of it",
                within=proofs.LONG,
            )  # fmt: skip
            assert talk.hook is ("NOT-TODAY" in model.result_texts()[0])
            assert world.json("kill")["left"] == []
        finally:
            person.leaves()
        assert not (world.work / "ran").exists()
    proofs.shown(kit, "a talk in its terminal")
