"""A real agent that the real npx installs first: held from its first instruction, like any other.

Owns a cache of npm's that is filled once, from which npx then installs without a network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.agents_real import acp_kits, proofs
from tests.agents_real.acp_kits import Speaks
from tests.agents_real.agent_errand import run_agent
from tests.agents_real.kit import UNREACHABLE, Kit, cache
from tests.agents_real.kit_gemini import GEMINI
from tests.agents_real.kit_qwen import QWEN
from tests.agents_real.scenario import scenario_file
from tests.agents_real.supervised import agent_world, yes
from tests.agents_real.test_acp_agents import beside, speaking

pytestmark = [pytest.mark.agents, pytest.mark.more_agents, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Through(Kit):
    """An agent as npx starts it."""

    def command(self, url: str, *arguments: str) -> tuple[str, ...]:
        """A session of one prompt, the word GO."""
        spec = f"{self.package}@{self.version}"
        return ("npx", "-y", spec, *self.address(url), *self.prompt, "GO", *arguments)


def store(kit: Kit) -> Path:
    """npm's own cache with the agent in it, but not installed."""
    folder = cache() / "npm"
    spec = f"{kit.package}@{kit.version}"
    told = {**os.environ, "npm_config_cache": str(folder)}
    for offline in ("true", "false"):
        done = subprocess.run(
            ["npx", "-y", "--package", spec, "--", "true"],
            env={**told, "npm_config_offline": offline},
            cwd=cache(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            break
    else:
        if any(word in done.stderr for word in UNREACHABLE):
            pytest.skip("npx cannot reach its registry")
        pytest.fail(done.stderr[-500:])
    shutil.rmtree(folder / "_npx")
    return folder


@pytest.mark.skipif(shutil.which("npx") is None, reason="npx is not installed")
@pytest.mark.parametrize("kit", [GEMINI, QWEN], ids=["gemini", "qwen"])
@pytest.mark.parametrize("hook", [True, False], ids=["hook", "gate alone"])
def test_each_action_is_one_question(kit: Kit, hook: bool) -> None:
    names = Kit.__dataclass_fields__
    through = Through(**{name: getattr(kit, name) for name in names})
    with agent_world(kit) as world:
        world.env |= {"npm_config_cache": str(store(kit)), "npm_config_offline": "true"}
        found = run_agent(world, through, hook=hook)
        assert (found.extra, found.missing) == ((), ()), found.told()
        assert found.exit == 0, found.output
        assert any("npx installed" in note for note in _notes(world.state))
        assert (world.work / "dist/a.txt").read_text() == "1\n"
    proofs.shown(kit, "npx, installing it first")


def _notes(state: Path) -> list[str]:
    """What was noted of the one session."""
    (journal,) = state.glob("agentwatch/sessions/*/journal.jsonl")
    return journal.read_text().splitlines()


class SpeaksThrough(Speaks):
    """An agent that speaks ACP as npx starts it."""

    @property
    def command(self) -> tuple[str, ...]:
        return ("npx", "-y", f"{self.kit.package}@{self.kit.version}", *self.flags)


@pytest.mark.skipif(shutil.which("npx") is None, reason="npx is not installed")
@pytest.mark.parametrize("agent", [acp_kits.GEMINI, acp_kits.CLAUDE], ids=["gemini", "claude"])
def test_over_acp_it_is_held_as_well(agent: Speaks) -> None:
    through = SpeaksThrough(agent.kit, agent.flags, agent.ready)
    with agent_world(agent.kit) as world:
        world.env |= {"npm_config_cache": str(store(agent.kit)), "npm_config_offline": "true"}
        proofs.lay(world)
        with speaking(world, through, scenario_file("three", work=world.work)) as run:
            run.decide(yes, within=proofs.LONG)
        kept = [item for item in run.asked.values() if not beside(through, item)]
        assert [item["channel"] for item in kept] == ["acp"] * 3, run.questions
        assert run.process.returncode == 0, world.output(run.process)
        assert proofs.left(world.work) == {"notes.md": "one\n2\n", "new.txt": "new\n"}
        (said,) = [one["data"] for one in run.seen() if one["type"] == "coverage"]
        assert said["exec"] == "kernel gate"
    agent.shown("npx, installing it first")
