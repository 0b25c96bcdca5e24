"""What a person made of a call is what runs: each agent's channel carries the change back."""

from __future__ import annotations

import pytest

from tests.agents_real import proofs
from tests.agents_real.api import Json
from tests.agents_real.kit import Kit
from tests.agents_real.kit_claude import CLAUDE
from tests.agents_real.kit_codex import CODEX
from tests.agents_real.kit_copilot import COPILOT
from tests.agents_real.kit_gemini import GEMINI
from tests.agents_real.kit_openclaw import OPENCLAW
from tests.agents_real.kit_opencode import OPENCODE
from tests.agents_real.kit_vibe import VIBE
from tests.agents_real.scenario import act, play
from tests.agents_real.supervised import KERNEL, agent_world, running

pytestmark = [pytest.mark.agents, pytest.mark.timeout(400)]

MORE = (CODEX, GEMINI, OPENCODE, COPILOT, VIBE, OPENCLAW)
KITS = [pytest.param(CLAUDE, id=CLAUDE.name)] + [
    pytest.param(kit, id=kit.name, marks=pytest.mark.more_agents) for kit in MORE
]

BOTH = [
    ("proposed", "touch proposed", "pending"),
    ("proposed", "touch edited", "pending"),
    ("decided", "touch proposed", "denied"),
    ("decided", "touch edited", "allowed"),
]
"""What the record says, in order."""


@pytest.mark.parametrize("kit", KITS)
def test_an_edited_command_runs_and_the_one_proposed_does_not(kit: Kit) -> None:
    scenario = play(act("shell", command="touch proposed"))
    options = () if kit is OPENCLAW else KERNEL
    seen: list[Json] = []

    def verdict(action: Json) -> bool:
        seen.append(action)
        return True

    with (
        agent_world(kit) as world,
        running(world, kit, scenario, *kit.free, options=options) as run,
    ):
        run.decide(verdict, within=proofs.LONG, change=of_command)
        made = proofs.left(world.work)
        journal = run.seen()
    assert set(made) == {"edited"}
    assert [item["command"] for item in seen] == ["touch edited"]
    assert _said(journal) == BOTH
    proofs.shown(kit, "an edited call")


def of_command(action: Json) -> Json | None:
    """The input with another command in it, once."""
    if action["edited"] or action["channel"] != "hooks":
        return None
    return {
        name: value.replace("proposed", "edited") if isinstance(value, str) else value
        for name, value in action["params"].items()
    }


def _said(journal: list[Json]) -> list[tuple[str, str, str]]:
    return [
        (entry["type"], entry["data"]["command"], entry["data"]["state"])
        for entry in journal
        if entry["type"] in ("proposed", "decided") and entry["data"]["channel"] == "hooks"
    ]
