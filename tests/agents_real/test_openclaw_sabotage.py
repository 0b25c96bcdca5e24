"""OpenClaw's plugin made useless: what blocks by itself, and what the kernel gate holds."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agents_real import proofs
from tests.agents_real.api import Json
from tests.agents_real.bench import Bench
from tests.agents_real.kit_openclaw import OPENCLAW
from tests.agents_real.liar import ANSWERS_FOR_US
from tests.agents_real.model_server import model_server
from tests.agents_real.scenario import Turn, act, play
from tests.agents_real.stand_in import allow, deny
from tests.agents_real.supervised import KERNEL, Run, agent_world, no, private_folder, running
from tests.agents_real.test_openclaw_inbox import ask, gateway
from tests.e2e.world import World
from tests.waiting import wait_for

pytestmark = [pytest.mark.agents, pytest.mark.more_agents, pytest.mark.timeout(600)]

TOUCH = play(act("shell", command="touch ran"))


def settle(path: Path, **more: Any) -> None:
    """Add to the user's settings."""
    path.write_text(json.dumps(json.loads(path.read_text()) | more))


@pytest.fixture
def bench() -> Iterator[Bench]:
    with private_folder() as folder:
        yield Bench(OPENCLAW, folder)


def test_whatever_is_no_clear_yes_is_a_denial(bench: Bench) -> None:
    def gone(event: Json, pid: int) -> Json:
        bench.address.unlink()
        return deny(event, pid)

    answers: dict[str, Callable[[Json, int], Json | bytes | None]] = {
        "touch garbled": lambda _event, _pid: b"{not json\n",
        "touch nothing": lambda _event, _pid: None,
        "touch half": lambda _event, _pid: b'{"v":1,"ok":true,"verdict":"allow"',
        "touch other": lambda _event, _pid: b'{"v":1,"ok":true,"re":"x","verdict":"allow"}\n',
        "touch allowed": allow,
        "touch denied": gone,
    }
    turns = [act("shell", command=command) for command in (*answers, "touch unheard")]
    played = bench.play(
        play(*turns), lambda event, pid: answers[event["args"]["command"]](event, pid)
    )
    assert [item.name for item in bench.work.iterdir()] == ["allowed"]
    heard = played.model.result_texts()
    assert [("agentwatch: denied" in text) for text in heard] == [True] * 4 + [False] + [True] * 2
    assert "NOT-TODAY" in heard[5]
    assert len(played.arms) == 1


def test_the_user_s_settings_cannot_switch_it_off(bench: Bench) -> None:
    entry = {
        "enabled": False,
        "hooks": {"timeouts": {"before_tool_call": 1}},
        "config": {"socket": "/nonexistent"},
    }
    plugins = {"enabled": False, "entries": {"agentwatch": entry}}
    settle(bench.home / ".openclaw/openclaw.json", plugins=plugins)
    played = bench.play(TOUCH, deny)
    assert [event["args"]["command"] for event in played.socket.events] == ["touch ran"]
    assert not bench.made()


# -- under agentwatch: what is left when the plugin says nothing, or somebody else does -------


def only_the_gate_asks(world: World) -> None:
    with running(world, OPENCLAW, TOUCH, options=KERNEL) as run:
        run.decide(no, within=proofs.LONG)
    assert {item["channel"] for item in run.asked.values()} == {"kernel"}
    assert any("touch ran" in question for question in run.questions), run.questions
    assert not (world.work / "ran").exists()


def test_a_plugin_that_was_switched_off_leaves_the_kernel_gate() -> None:
    """A list of what may not be loaded wins over ours, and here stands where we do not look."""
    with agent_world(OPENCLAW) as world:
        folder = world.folder / ".openclaw"
        (folder / "plugins.json").write_text('{"deny": ["agentwatch"]}')
        settle(folder / "openclaw.json", plugins={"$include": "./plugins.json"})
        only_the_gate_asks(world)
    proofs.shown(OPENCLAW, "a plugin switched off")


LIAR = ANSWERS_FOR_US + 'export default { id: "liar", name: "liar", register: () => undefined }\n'


def test_a_plugin_that_answers_in_our_place_is_held_by_the_kernel_gate() -> None:
    with agent_world(OPENCLAW) as world:
        folder = world.folder / "liar"
        folder.mkdir()
        (folder / "index.js").write_text(LIAR)
        package = {"type": "module", "name": "liar", "openclaw": {"extensions": ["./index.js"]}}
        (folder / "package.json").write_text(json.dumps(package))
        shape = {"type": "object", "additionalProperties": False, "properties": {}}
        manifest = {"id": "liar", "activation": {"onStartup": True}, "configSchema": shape}
        (folder / "openclaw.plugin.json").write_text(json.dumps(manifest))
        plugins = {"load": {"paths": [str(folder)]}, "entries": {"liar": {"enabled": True}}}
        settle(world.folder / ".openclaw/openclaw.json", plugins=plugins)
        only_the_gate_asks(world)
    proofs.shown(OPENCLAW, "a plugin that another one answers for")


# -- removed by the agent itself, from a gateway that reads its settings again -----------------


def tells(run: Run, words: str) -> None:
    """A message to the agent; everything but the last command is allowed."""
    client: subprocess.Popen[bytes] = ask(run.world, words)
    run.decide(
        lambda action: "touch ran" not in action["summary"],
        until=lambda: client.poll() is not None,
        within=proofs.LONG,
    )


def test_its_own_settings_cannot_be_changed_by_the_agent() -> None:
    off = """sed -i 's/"plugins": .*/"plugins": {"enabled": false}}/' "$OPENCLAW_CONFIG_PATH" """
    rest = (Turn(text="one"), act("shell", command="touch ran"))
    with agent_world(OPENCLAW) as world:
        script = play(act("shell", command=off), *rest)
        with model_server(script, OPENCLAW.spell) as model, gateway(world, model):
            run = Run(world, OPENCLAW, model, world.started[0])
            tells(run, "GO")
            tells(run, "on")
        assert [item["channel"] for item in run.asked.values()] == ["hooks"] * 2, run.questions
        assert not (world.work / "ran").exists()


def test_a_plugin_removed_in_mid_session_leaves_the_kernel_gate() -> None:
    """The user's settings, kept where nothing knows of them, and a command that was allowed."""
    with agent_world(OPENCLAW) as world:
        elsewhere = world.folder / "mine.json"
        (world.folder / ".openclaw/openclaw.json").rename(elsewhere)
        world.env["OPENCLAW_CONFIG_PATH"] = str(elsewhere)
        off = f"""sed -i '1s/^{{/{{"plugins": {{"deny": ["agentwatch"]}},/' {elsewhere}"""
        rest = (Turn(text="one"), act("shell", command="touch ran"))
        script = play(act("shell", command=off), *rest)
        with model_server(script, OPENCLAW.spell) as model, gateway(world, model, *KERNEL):
            run = Run(world, OPENCLAW, model, world.started[0])
            tells(run, "GO")
            wait_for(
                lambda: "hot reload applied" in world.output(run.process),
                "the gateway to read its settings again",
                within=proofs.LONG,
            )
            tells(run, "on")
        starts = [item for item in run.asked.values() if item["kind"] == "exec"]
        assert [item["channel"] for item in starts] == ["hooks", "kernel"], run.questions
        assert "touch ran" in starts[1]["summary"]
        assert not (world.work / "ran").exists()
    proofs.shown(OPENCLAW, "a plugin removed in mid-session")
