"""Claude Code below the gate: one question for each action, with its hook and without it."""

from __future__ import annotations

import pytest

from tests.agents_real.claude_errand import run_claude
from tests.e2e.conftest import world as world  # noqa: PLC0414 - a fixture
from tests.e2e.world import World

pytestmark = pytest.mark.agents


@pytest.mark.parametrize("hook", [True, False], ids=["hook", "no hook"])
def test_each_action_is_one_question(world: World, claude: str, hook: bool) -> None:
    found = run_claude(world, claude, hook=hook)
    assert (found.extra, found.missing) == ((), ()), found.told()
    assert found.exit == 0, found.output
    work = world.work
    assert (work / "notes.md").read_text() == "one\n2\n"
    assert (work / "dist/a.txt").read_text() == "1\n"
    assert not (work / "build").exists()
    assert (work / ".git/COMMIT_EDITMSG").read_text() == "two\n"
