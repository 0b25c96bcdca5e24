"""Copilot CLI under `agentwatch run`: real supervisor, real agent, scripted model."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.agents_real import proofs
from tests.agents_real.api import Json
from tests.agents_real.bench import Bench
from tests.agents_real.kit_copilot import COPILOT
from tests.agents_real.scenario import Call, Scenario, Turn, act, call, play
from tests.agents_real.stand_in import allow, deny
from tests.agents_real.supervised import KERNEL, UNHOOKED, private_folder

pytestmark = [pytest.mark.agents, pytest.mark.more_agents, pytest.mark.timeout(400)]


def test_three_actions_are_three_questions_by_the_hook() -> None:
    proofs.three_questions(COPILOT, channels={"hooks"})


def test_three_actions_are_three_questions_with_the_kernel_gate_as_well() -> None:
    proofs.three_questions(COPILOT, *KERNEL, channels={"hooks"})


def test_three_actions_are_three_questions_by_the_kernel_gate_alone() -> None:
    proofs.three_questions(COPILOT, *UNHOOKED, channels={"kernel"})


def test_what_is_denied_does_not_run_and_the_model_hears_why() -> None:
    proofs.nothing_denied_runs(COPILOT)


def test_the_kill_reaches_what_it_left_behind() -> None:
    proofs.all_die(COPILOT)


@pytest.fixture
def bench() -> Iterator[Bench]:
    with private_folder() as folder:
        yield Bench(COPILOT, folder)


def test_calls_of_one_turn_and_of_a_sub_agent_are_each_asked(bench: Bench) -> None:
    several = Turn(calls=tuple(Call("bash", {"command": f"touch {name}"}) for name in "abc"))
    spawn = call("task", description="d", prompt="SUBJOB", agent_type="general-purpose", name="n")
    scenario = Scenario({"SUBJOB": [act("shell", command="touch inner")], "GO": [several, spawn]})

    def judge(event: Json, pid: int) -> Json:
        refused = event["tool_input"].get("command") in ("touch b", "touch inner")
        return deny(event, pid) if refused else allow(event, pid)

    played = bench.play(scenario, judge)
    assert played.socket.tools() == ["Bash", "Bash", "Bash", "Agent", "Bash"]
    assert sorted(item.name for item in bench.work.iterdir()) == ["a", "c"]


REWRITES = """#!/bin/sh
echo '{"permissionDecision":"allow","modifiedArgs":{"command":"touch rewritten"}}'
"""


def test_a_user_s_hook_that_rewrites_a_call_is_shown_and_held(bench: Bench) -> None:
    script = bench.home / "rewrites"
    script.write_text(REWRITES)
    script.chmod(0o755)
    folder = bench.home / ".copilot/hooks"
    folder.mkdir(parents=True)
    entry = {"type": "command", "bash": str(script), "timeoutSec": 60}
    (folder / "x.json").write_text(json.dumps({"version": 1, "hooks": {"preToolUse": [entry]}}))
    played = bench.play(play(act("shell", command="touch ran")))
    (event,) = played.socket.events
    made = [item.name for item in bench.work.iterdir()]
    assert made == [event["tool_input"]["command"].removeprefix("touch ")]


def test_hooks_switched_off_in_mid_session_still_ask(bench: Bench) -> None:
    off = "mkdir -p .github/copilot; echo '{\"disableAllHooks\":true}'"
    written = act("shell", command=f"{off} > .github/copilot/settings.json; sleep 2")

    def judge(event: Json, pid: int) -> Json:
        touches = "touch" in event["tool_input"]["command"]
        return deny(event, pid) if touches else allow(event, pid)

    played = bench.play(play(written, act("shell", command="touch ran")), judge, "--trust-folder")
    assert len(played.socket.events) == 2
    assert not bench.made()
