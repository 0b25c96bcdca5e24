"""An agent that ends at once: whoever started it still learns how."""

from __future__ import annotations

import pytest

from agentwatch.containment import MEANS
from tests.e2e.world import World


@pytest.mark.parametrize("means", MEANS)
def test_the_status_of_an_agent_that_ends_at_once_is_ours(world: World, means: str) -> None:
    findings = {item["name"]: item for item in world.json("doctor")["containment"]}
    if not findings[means]["available"]:
        pytest.skip(findings[means]["why_not"])
    for _ in range(3):
        done = world.call(
            "run", "--no-tui", "--containment", means, "--", "sh", "-c", "exit 7", check=False
        )
        assert (done.returncode, "refused" in done.stderr) == (7, False), done.stderr
