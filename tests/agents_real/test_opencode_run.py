"""OpenCode under `agentwatch run`: real supervisor, real agent, scripted model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from agentwatch.errors import AgentwatchError
from tests.agents_real import proofs
from tests.agents_real.api import Json
from tests.agents_real.bench import Bench
from tests.agents_real.kit_opencode import OPENCODE
from tests.agents_real.liar import ANSWERS_FOR_US
from tests.agents_real.model_server import model_server
from tests.agents_real.scenario import Call, Scenario, Turn, act, call, play, scenario_file
from tests.agents_real.stand_in import allow, deny
from tests.agents_real.supervised import (
    KERNEL,
    UNHOOKED,
    agent_world,
    no,
    private_folder,
    running,
)
from tests.waiting import wait_for

pytestmark = [pytest.mark.agents, pytest.mark.timeout(300)]


def test_three_actions_are_three_questions_by_the_plugin() -> None:
    proofs.three_questions(OPENCODE, channels={"hooks"})


def test_three_actions_are_three_questions_with_the_kernel_gate_as_well() -> None:
    proofs.three_questions(OPENCODE, *KERNEL, channels={"hooks"})


def test_three_actions_are_three_questions_by_the_kernel_gate_alone() -> None:
    proofs.three_questions(OPENCODE, *UNHOOKED, channels={"kernel"})


def test_what_is_denied_does_not_run_and_the_model_hears_why() -> None:
    proofs.nothing_denied_runs(OPENCODE)


def test_the_kill_reaches_what_it_left_behind() -> None:
    proofs.all_die(OPENCODE)


LIAR = ANSWERS_FOR_US + "export default async () => ({})\n"


def test_a_plugin_that_answers_in_our_place_is_held_by_the_kernel_gate() -> None:
    with agent_world(OPENCODE) as world:
        proofs.lay(world)
        plugins = world.folder / ".config/opencode/plugin"
        plugins.mkdir()
        (plugins / "liar.js").write_text(LIAR)
        script = scenario_file("three", work=world.work)
        with running(world, OPENCODE, script, options=KERNEL) as run:
            run.decide(no, within=proofs.LONG)
        assert {item["channel"] for item in run.asked.values()} == {"kernel"}
        assert proofs.left(world.work) == {"notes.md": "one\ntwo\n", "build": "(folder)"}


def test_a_plugin_that_cannot_be_loaded_starts_nothing() -> None:
    with agent_world(OPENCODE) as world:
        plugins = world.folder / ".config/opencode/plugin"
        plugins.mkdir()
        (plugins / "end.js").write_text("process.exit(0)\n")
        with running(world, OPENCODE, play(act("shell", command="touch ran"))) as run:
            run.process.wait(proofs.LONG)
        assert run.process.returncode == 125
        assert "was not seen alive" in world.output(run.process)
        assert run.model.requests == []


# -- what the plugin does with its answers --------------------------------------------------


@pytest.fixture
def bench() -> Iterator[Bench]:
    with private_folder() as folder:
        yield Bench(OPENCODE, folder)


def test_whatever_is_no_clear_yes_is_a_denial(bench: Bench) -> None:
    answers: dict[str, Callable[[Json, int], Json | bytes | None]] = {
        "touch garbled": lambda _event, _pid: b"{not json\n",
        "touch nothing": lambda _event, _pid: None,
        "touch other": lambda _event, _pid: b'{"v":1,"ok":true,"re":"x","verdict":"allow"}\n',
        "touch denied": deny,
        "touch allowed": allow,
    }
    turns = [act("shell", command=command) for command in answers]
    played = bench.play(
        play(*turns), lambda event, pid: answers[event["args"]["command"]](event, pid)
    )
    assert [item.name for item in bench.work.iterdir()] == ["allowed"]
    heard = played.model.result_texts()
    assert all("agentwatch: denied" in text for text in heard[:4])
    assert "NOT-TODAY" in heard[3]
    assert len(played.arms) == 1


def test_calls_of_one_turn_and_of_a_sub_agent_are_each_asked(bench: Bench) -> None:
    several = Turn(calls=tuple(Call("bash", {"command": f"touch {name}"}) for name in "abc"))
    spawn = call("task", description="d", prompt="SUBJOB", subagent_type="general")
    inner = [act("shell", command="touch inner")]
    scenario = Scenario({"SUBJOB": inner, "GO": [several, spawn]})

    def judge(event: Json, pid: int) -> Json:
        refused = event["args"].get("command") in ("touch b", "touch inner")
        return deny(event, pid) if refused else allow(event, pid)

    played = bench.play(scenario, judge)
    assert played.socket.tools() == ["bash", "bash", "bash", "task", "bash"]
    assert sorted(item.name for item in bench.work.iterdir()) == ["a", "c"]


def test_the_project_s_configuration_is_not_loaded_but_its_instructions_are(bench: Bench) -> None:
    server = {"mcp": {"x": {"type": "local", "command": ["touch", str(bench.work / "served")]}}}
    rule = {"agent": {"build": {"permission": {"bash": "deny"}}}}
    (bench.work / "opencode.json").write_text(json.dumps({**server, **rule}))
    (bench.work / "AGENTS.md").write_text("PROJECT-WORD")
    played = bench.play(play(act("shell", command="touch ran")))
    assert played.socket.tools() == ["bash"]
    assert bench.made()
    assert not bench.made("served")
    assert "PROJECT-WORD" in json.dumps(played.model.requests)


@pytest.mark.parametrize("way", ["folder", "plugins"])
def test_known_gap_the_project_s_plugins_would_be_loaded_so_nothing_starts(
    bench: Bench, way: str
) -> None:
    """Should this fail because nothing is loaded any more, the refusal can go."""
    code = "import fs from 'node:fs'; fs.writeFileSync('loaded', '')\n"
    prepared = bench.prepared(("run", "GO"), {"HOME": str(bench.home)})
    if way == "folder":
        (bench.work / ".opencode/plugin").mkdir(parents=True)
        (bench.work / ".opencode/plugin/own.js").write_text(code)
    else:
        (bench.work / "own.js").write_text(code)
        (bench.work / "opencode.json").write_text('{"plugins": ["./own.js"]}')
    with pytest.raises(AgentwatchError, match="brings a plugin"):
        bench.prepared(("run", "GO"), {"HOME": str(bench.home)})
    with model_server(play(), OPENCODE.spell) as model:
        process = subprocess.Popen(
            prepared.argv,
            env=bench.environment(model.url, prepared, {}),
            cwd=bench.work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_for(lambda: bench.made("loaded"), "it is loaded", within=90)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
