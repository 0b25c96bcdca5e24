"""`agentwatch acp-proxy` as an editor starts it, with a real agent process behind it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.speaking import Speaker
from tests.e2e.world import World, contained
from tests.waiting import wait_for

AGENT = Path(__file__).resolve().parents[1] / "agents_scripts" / "acp_agent.py"
TOOL = {"toolCallId": "t1", "title": "look", "kind": "execute", "rawInput": {"command": "rm a"}}


@pytest.fixture
def effects(world: World) -> Path:
    return world.folder / "effects"


def editing(world: World, effects: Path) -> Speaker:
    """An editor with an open session."""
    editor = Speaker(world, "acp-proxy", "--", sys.executable, str(AGENT), str(effects))
    offers = {"fs": {"readTextFile": True, "writeTextFile": True}, "terminal": True}
    params = {"protocolVersion": 1, "clientCapabilities": offers}
    assert editor.call("initialize", params)["result"]["protocolVersion"] == 1
    editor.call("session/new", {"cwd": str(world.work), "mcpServers": []})
    return editor


def prompt(editor: Speaker, steps: list[Any]) -> int:
    block = {"type": "text", "text": json.dumps(steps)}
    return editor.ask("session/prompt", {"sessionId": "s1", "prompt": [block]})


def done(effects: Path) -> list[Any]:
    lines = [json.loads(line) for line in effects.read_text().splitlines()]
    return [line["done"] for line in lines if "done" in line]


def test_an_action_waits_for_the_gate_and_the_turn_goes_on(world: World, effects: Path) -> None:
    editor = editing(world, effects)
    turn = prompt(editor, [["run", TOOL], "Done."])
    (action,) = world.pending()
    assert (action["command"], action["channel"]) == ("rm a", "acp")
    assert done(effects) == []
    world.call("approve", action["id"])
    assert editor.answered(turn)["result"] == {"stopReason": "end_turn"}
    assert done(effects) == [{"command": "rm a"}]
    methods = {json.loads(line).get("method") for line in editor.raw}
    assert "session/request_permission" not in methods
    editor.hangs_up()
    assert editor.process.wait(60) == 0


def test_the_editor_writes_only_what_was_allowed(world: World, effects: Path) -> None:
    editor = editing(world, effects)
    file = {"path": str(world.work / "a"), "content": "new\n"}
    turn = prompt(editor, [["call", "fs/write_text_file", file]])
    (action,) = world.pending()
    assert "+new" in action["diff"]
    world.call("approve", action["id"])
    asked = editor.hear()
    assert (asked["method"], asked["params"]["content"]) == ("fs/write_text_file", "new\n")
    editor.say(id=asked["id"], result=None)
    editor.answered(turn)


def test_an_editor_that_kills_the_proxy_ends_the_tree(world: World, effects: Path) -> None:
    editor = editing(world, effects)
    session = world.session()["id"]
    editor.process.kill()
    wait_for(lambda: contained(session) == 0, "the agent to die")


def test_the_kill_ends_the_agent_and_the_editor_hears_the_end(world: World, effects: Path) -> None:
    editor = editing(world, effects)
    prompt(editor, [["run", TOOL]])
    world.pending()
    world.call("kill")
    assert editor.process.wait(60) == 137
    assert done(effects) == []
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in editor.raw)
