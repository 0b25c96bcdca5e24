"""Mistral Vibe under `agentwatch run`: real supervisor, real agent, scripted model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.agents_real import proofs
from tests.agents_real.api import Json
from tests.agents_real.bench import Bench
from tests.agents_real.kit_vibe import VIBE
from tests.agents_real.scenario import Act, Call, Turn, act, play
from tests.agents_real.stand_in import allow, deny
from tests.agents_real.supervised import KERNEL, UNHOOKED, private_folder

pytestmark = [pytest.mark.agents, pytest.mark.more_agents, pytest.mark.timeout(400)]


def test_three_actions_are_three_questions_by_the_hook() -> None:
    proofs.three_questions(VIBE, channels={"hooks"})


def test_three_actions_are_three_questions_with_the_kernel_gate_as_well() -> None:
    proofs.three_questions(VIBE, *KERNEL, channels={"hooks"})


def test_three_actions_are_three_questions_by_the_kernel_gate_alone() -> None:
    proofs.three_questions(VIBE, *UNHOOKED, channels={"kernel"})


def test_what_is_denied_does_not_run_and_the_model_hears_why() -> None:
    proofs.nothing_denied_runs(VIBE)


def test_the_kill_reaches_what_it_left_behind() -> None:
    proofs.all_die(VIBE)


@pytest.fixture
def bench() -> Iterator[Bench]:
    with private_folder() as folder:
        yield Bench(VIBE, folder)


def test_calls_of_one_turn_and_of_a_program_are_each_asked(bench: Bench) -> None:
    calls = tuple(Act("shell", {"command": f"touch {name}"}) for name in "abc")
    inner = 'await tools.file_system.bash({command: "touch inner"})'
    program = Call("run_typescript", {"code": f"async function main() {{ return {inner}; }}"})
    scenario = play(Turn(calls=calls), Turn(calls=(program,)))

    def judge(event: Json, pid: int) -> Json:
        refused = event["tool_input"].get("command") in ("touch b", "touch inner")
        return deny(event, pid) if refused else allow(event, pid)

    played = bench.play(scenario, judge, *VIBE.free)
    assert played.socket.tools() == ["file_system.bash"] * 4
    assert sorted(item.name for item in bench.work.iterdir()) == ["a", "c"]


def test_a_project_that_removes_hooks_in_mid_session_changes_nothing(bench: Bench) -> None:
    off = "mkdir .vibe; printf '[[hooks' > .vibe/hooks.toml; rm -f ~/.vibe/hooks.toml"

    def judge(event: Json, pid: int) -> Json:
        touches = "touch" in event["tool_input"]["command"]
        return deny(event, pid) if touches else allow(event, pid)

    written = act("shell", command=off)
    played = bench.play(play(written, act("shell", command="touch ran")), judge, *VIBE.free)
    assert len(played.socket.events) == 2
    assert not bench.made()


def test_a_session_begun_elsewhere_is_asked_about_once_it_is_taken_up_again(bench: Bench) -> None:
    two = play(act("shell", command="touch a"), Turn(text="one"), act("shell", command="touch ran"))

    def ungated(command: list[str]) -> list[str]:
        return [word for word in command if not word.startswith("--add-dir")]

    first = bench.play(two, deny, *VIBE.free, change=ungated)
    assert (first.socket.events, bench.made("a")) == ([], True)
    again = bench.play(two, deny, "-c", *VIBE.free)
    assert len(again.socket.events) == 1
    assert not bench.made()
