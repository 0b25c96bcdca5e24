"""OpenClaw under `agentwatch run`: real supervisor, real agent, scripted model."""

from __future__ import annotations

import pytest

from tests.agents_real import proofs
from tests.agents_real.kit_openclaw import OPENCLAW
from tests.agents_real.scenario import act, play
from tests.agents_real.supervised import KERNEL, UNHOOKED, agent_world, no, running

pytestmark = [pytest.mark.agents, pytest.mark.more_agents, pytest.mark.timeout(600)]


def test_three_actions_are_three_questions_by_the_plugin() -> None:
    proofs.three_questions(OPENCLAW, channels={"hooks"})


def test_three_actions_are_three_questions_with_the_kernel_gate_as_well() -> None:
    proofs.three_questions(OPENCLAW, *KERNEL, channels={"hooks"})


def test_three_actions_are_three_questions_by_the_kernel_gate_alone() -> None:
    proofs.three_questions(OPENCLAW, *UNHOOKED, channels={"kernel"})


def test_what_is_denied_does_not_run_and_the_model_hears_why() -> None:
    proofs.nothing_denied_runs(OPENCLAW)


def test_the_kill_reaches_what_it_left_behind() -> None:
    proofs.all_die(OPENCLAW)


def test_where_the_user_lists_plugins_ours_is_added() -> None:
    with agent_world(OPENCLAW) as world:
        path = world.folder / ".openclaw/openclaw.json"
        path.write_text(path.read_text()[:-1] + ", plugins: {allow: ['other'],},}")
        with running(world, OPENCLAW, play(act("shell", command="touch ran"))) as run:
            run.decide(no, within=proofs.LONG)
        assert len(run.questions) == 1
        assert not (world.work / "ran").exists()
