"""`agentwatch acp` without a screen: a real agent process, decisions from another shell."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import World, contained
from tests.waiting import wait_for

AGENT = Path(__file__).resolve().parents[1] / "agents_scripts" / "acp_agent.py"


@pytest.fixture
def effects(world: World) -> Path:
    return world.folder / "effects"


def logged(effects: Path, what: str) -> list[Any]:
    """What the agent says it did or heard."""
    lines = [json.loads(line) for line in effects.read_text().splitlines()]
    return [line[what] for line in lines if what in line]


def agent(effects: Path, *more: str) -> tuple[str, ...]:
    return ("--", sys.executable, str(AGENT), str(effects), *more)


def tool(command: str, number: str = "t1") -> dict[str, Any]:
    given = {"command": command}
    return {"toolCallId": number, "title": "look around", "kind": "execute", "rawInput": given}


def test_each_action_waits_and_the_conversation_goes_on(world: World, effects: Path) -> None:
    steps = ["Working.", ["run", tool("rm a")], ["run", tool("rm b", "t2")], "Done."]
    process = world.start("acp", "--no-tui", "-p", json.dumps(steps), *agent(effects))
    wait_for(world.sessions, "the session")
    (action,) = world.pending()
    assert (action["command"], action["words"]) == ("rm a", "look around")
    assert logged(effects, "done") == []
    world.call("approve", action["id"])
    (action,) = wait_for(
        lambda: [i for i in world.json("pending") if i["command"] == "rm b"], "the second"
    )
    world.call("deny", action["id"])
    assert process.wait(60) == 0
    assert logged(effects, "done") == [{"command": "rm a"}]
    chosen = [item["result"]["outcome"]["optionId"] for item in logged(effects, "answer")]
    assert chosen == ["proceed_once", "cancel"]
    said = world.output(process)
    assert "Working.\n[execute] look around: pending" in said
    assert said.index("Working.") < said.index("Done.") < said.index("-- end_turn")
    kinds = [item["type"] for item in world.journal(action["session"])]
    assert kinds.count("prompt") == kinds.count("turn") == 1


def test_scripts_get_one_event_a_line(world: World, effects: Path) -> None:
    done = world.call("acp", "--json", "-p", "hello\x1b[31m", *agent(effects))
    events = [json.loads(line) for line in done.stdout.splitlines()]
    said = [item["entry"]["text"] for item in events if item["event"] == "said" and "entry" in item]
    assert said == ["hello\x1b[31m", "hello\x1b[31m", "end_turn"]


def test_prompts_come_from_standard_input_too(world: World, effects: Path) -> None:
    said = world.piped("one\ntwo\n", "acp", "--no-tui", *agent(effects))
    assert said.splitlines() == ["> one", "one", "-- end_turn", "> two", "two", "-- end_turn"]


def test_the_agents_bytes_do_not_act_on_the_terminal(world: World, effects: Path) -> None:
    done = world.call("acp", "--no-tui", "-p", "a\x1b]2;owned\x07b\u202e", *agent(effects))
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


def test_the_kill_ends_the_conversation(world: World, effects: Path) -> None:
    steps = [["run", tool("rm a")]]
    process = world.start("acp", "--no-tui", "-p", json.dumps(steps), *agent(effects))
    wait_for(world.sessions, "the session")
    world.pending()
    session = world.session()["id"]
    world.call("kill")
    assert process.wait(60) == 137
    assert contained(session) == 0
    assert logged(effects, "done") == []


def test_who_spoke_is_killed_and_so_is_the_agent(world: World, effects: Path) -> None:
    steps = [["run", tool("rm a")]]
    process = world.start("acp", "--no-tui", "-p", json.dumps(steps), *agent(effects))
    wait_for(world.sessions, "the session")
    session = world.session()["id"]
    process.kill()
    wait_for(lambda: contained(session) == 0, "the agent to die")


def test_a_call_round_the_gate_and_a_new_mode_are_alarms(world: World, effects: Path) -> None:
    steps = [
        ["unasked", tool("rm a")],
        ["unasked", tool("ls", "t2")],
        ["tell", "current_mode_update", {"currentModeId": "yolo"}],
    ]
    done = world.call("acp", "--no-tui", "-p", json.dumps(steps), *agent(effects))
    assert "a tool call was not asked about by the agent: run rm a" in done.stderr
    assert "changed its own mode to 'yolo'" in done.stderr
    assert "run ls" not in done.stderr


def test_version_two_is_not_spoken(world: World, effects: Path) -> None:
    done = world.call("acp", "--no-tui", "-p", "hello", *agent(effects, "2"), check=False)
    assert done.returncode == 1
    assert "it speaks version 2 of the protocol, not 1" in done.stderr
    assert logged(effects, "session/new") == []


def test_an_agent_that_would_not_ask_is_refused(world: World) -> None:
    gemini = world.folder / "gemini"
    gemini.write_text("#!/bin/sh\n")
    gemini.chmod(0o700)
    done = world.call("acp", "--no-tui", "-p", "x", "--", str(gemini), "--yolo", check=False)
    assert done.returncode == 2
    assert "would not ask" in done.stderr
