"""Every agent in its own terminal, attached to by a person."""

from __future__ import annotations

import time

import pytest

from tests.agents_real import proofs
from tests.agents_real.api import Json
from tests.agents_real.kit import Kit
from tests.agents_real.kits import HOOKED
from tests.agents_real.model_server import model_server
from tests.agents_real.scenario import act, play
from tests.agents_real.supervised import agent_world
from tests.e2e.person import Person
from tests.e2e.world import World
from tests.waiting import wait_for

pytestmark = [pytest.mark.agents, pytest.mark.timeout(900), pytest.mark.parametrize("kit", HOOKED)]


def asked(kit: Kit, world: World, person: Person, *, within: float = proofs.LONG) -> list[Json]:
    """What is asked first; the screen is read all the while, or the agent would wait for it."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        shown, keys = kit.dialog
        if shown and shown in person.look():
            person.types(keys)
        person.look()
        if world.sessions() and (found := world.json("pending")):
            return list(found)
    pytest.fail(f"nothing was asked\n{person.look()}")


def test_a_talk_is_tried_armed_asked_about_and_killed(kit: Kit) -> None:
    with (
        agent_world(kit) as world,
        model_server(play(act("shell", command="touch ran")), kit.spell) as model,
    ):
        world.env |= kit.scrubbed(world.folder, model.url)
        said = (*kit.address(model.url), *kit.free, *kit.talk, "GO")
        person = Person(world, "run", "--no-tui", "--", kit.installed(), *said, rows=40, cols=120)
        try:
            (action,) = asked(kit, world, person)
            assert action["command"] == "touch ran"
            assert action["channel"] == "hooks"
            assert world.session()["armed"] is True
            world.call("deny", action["id"], "--because", "NOT-TODAY")
            wait_for(
                lambda: person.look() and model.result_texts(), "the model to hear of it",
                within=proofs.LONG,
            )  # fmt: skip
            assert "NOT-TODAY" in model.result_texts()[0]
            assert world.json("kill")["left"] == []
        finally:
            person.leaves()
        assert not (world.work / "ran").exists()
    proofs.shown(kit, "a talk in its terminal")
