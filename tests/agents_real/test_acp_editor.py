"""`agentwatch acp-proxy` between an editor of the official SDK's and Gemini CLI itself."""

from __future__ import annotations

import pytest

from tests.agents_real import acp_kits, proofs
from tests.agents_real.kit_gemini import GEMINI
from tests.agents_real.model_server import model_server
from tests.agents_real.scenario import act, play
from tests.agents_real.sdks import Peer
from tests.agents_real.supervised import agent_world
from tests.e2e.world import DEFAULT

pytestmark = [pytest.mark.agents, pytest.mark.timeout(600)]


def test_the_editor_hears_everything_but_the_questions() -> None:
    scenario = play(
        act("shell", command="cat notes.md", hears="two"),
        act("shell", command="touch denied"),
        act("shell", command="rmdir build"),
    )
    with agent_world(GEMINI) as world, model_server(scenario, GEMINI.spell) as model:
        proofs.lay(world)
        world.env |= GEMINI.scrubbed(world.folder, model.url)
        gate = world.command("acp-proxy", DEFAULT, "--", GEMINI.installed(), "--acp")
        peer = Peer.start(world, "acp_editor.py", *gate)
        told = peer.decide(
            lambda waiting: {
                item["id"]: "NOT-TODAY" if "touch" in item["summary"] else "" for item in waiting
            }
        )
        assert [item["command"] for item in peer.asked.values()] == ["touch denied", "rmdir build"]
        assert proofs.left(world.work) == {"notes.md": "one\ntwo\n"}
        assert not any("asked" in item for item in told)
        assert {"version": 1, "agent": "gemini-cli"} in told
        assert told[-1] == {"stop": "end_turn"}
        calls = [item["update"] for item in told if "toolCallId" in item.get("update", {})]
        assert {item["title"] for item in calls} >= {"cat notes.md", "rmdir build"}
        assert model.surprises() == []
    acp_kits.GEMINI.shown("an editor")
