"""Real agents below the gate: one question for each action, with their hook and without it."""

from __future__ import annotations

import pytest

from tests.agents_real.agent_errand import run_agent
from tests.agents_real.kit import Kit
from tests.agents_real.kits import ALL
from tests.agents_real.supervised import agent_world

pytestmark = [pytest.mark.agents, pytest.mark.timeout(900), pytest.mark.parametrize("kit", ALL)]


@pytest.mark.parametrize("hook", [True, False], ids=["hook", "gate alone"])
def test_each_action_is_one_question(kit: Kit, hook: bool) -> None:
    with agent_world(kit) as world:
        found = run_agent(world, kit, hook=hook)
        assert (found.extra, found.missing) == ((), ()), found.told()
        assert found.exit == 0, found.output
        work = world.work
        assert (work / "notes.md").read_text() == "one\n2\n"
        assert (work / "dist/a.txt").read_text() == "1\n"
        assert not (work / "build").exists()
        assert (work / ".git/COMMIT_EDITMSG").read_text() == "two\n"
