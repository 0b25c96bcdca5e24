"""A hook counts as a gate only once it was seen alive; until then everything is held."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from tests.e2e.world import World
from tests.waiting import wait_for

FAKE = """#!{python}
import json, subprocess, sys, time
settings = json.loads(sys.argv[sys.argv.index("--settings") + 1])
hook = settings["hooks"]["SessionStart"][0]["hooks"][0]
def arm():
    event = {{"hook_event_name": "SessionStart", "session_id": "s", "cwd": "/"}}
    subprocess.run([hook["command"], *hook["args"]], input=json.dumps(event).encode())
def read():
    event = {{"hook_event_name": "PreToolUse", "session_id": "s", "cwd": "/", "tool_name": "Read",
              "tool_input": {{"file_path": "/etc/hosts"}}, "tool_use_id": "t"}}
    subprocess.Popen([hook["command"], *hook["args"]], stdin=subprocess.PIPE).communicate(
        json.dumps(event).encode())
trial = "--init-only" in sys.argv
if trial and {arms_in_trial}:
    arm()
if not trial:
    open("started", "w").close()
    if {arms_for_real}:
        arm()
        read()
    i = 0
    while True:
        i += 1
        open("beat", "w").write(str(i))
        time.sleep(0.02)
"""


def fake_claude(world: World, *, in_trial: bool, for_real: bool) -> str:
    """A program that is taken for Claude Code and whose hook comes alive only as told."""
    path = world.work / "claude"
    text = FAKE.format(python=sys.executable, arms_in_trial=in_trial, arms_for_real=for_real)
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def held(beat: Path) -> bool:
    """Whether the agent stands still, over the time of several of its beats."""
    if not beat.exists():
        return False
    first = beat.read_text()
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        if beat.read_text() not in (first, ""):
            return False
    return True


def test_an_agent_whose_hook_stays_dead_in_the_trial_is_not_started(world: World) -> None:
    program = fake_claude(world, in_trial=False, for_real=True)
    done = world.call("run", "--no-tui", "--", program, "-p", "go", check=False)
    assert done.returncode == 125
    assert "was not seen alive" in done.stderr
    assert not (world.work / "started").exists()


def test_a_hook_that_is_not_seen_in_time_freezes_the_agent(world: World) -> None:
    program = fake_claude(world, in_trial=True, for_real=False)
    world.run_agent(program, "-p", "go", options=("--arm-within", "1"))
    wait_for(lambda: world.session()["state"] == "frozen", "the agent to be frozen")
    beat = world.work / "beat"
    assert held(beat) or not beat.exists()  # it may be frozen before its first one
    assert world.session()["armed"] is False
    assert "not seen" in world.session()["coverage"]["tools"]
    alarms = [e for e in world.journal(world.session()["id"]) if e["type"] == "alarm"]
    assert "without its gate" in alarms[0]["data"]["text"]
    assert world.json("resume")["state"] == "running"  # a person may, knowing it
    wait_for(lambda: not held(world.work / "beat"), "the agent to go on")


def alarms(world: World) -> list[str]:
    entries = world.journal(world.session()["id"])
    return [entry["data"]["text"] for entry in entries if entry["type"] == "alarm"]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel gate is for Linux")
def test_with_the_kernel_gate_a_dead_hook_is_an_alarm_and_the_gate_holds(world: World) -> None:
    program = fake_claude(world, in_trial=False, for_real=False)
    options = ("--kernel-gate", "--arm-within", "1")
    world.run_agent(program, "-p", "go", options=options)
    wait_for(lambda: len(alarms(world)) >= 2, "both alarms")
    assert all("the kernel gate alone holds" in text for text in alarms(world))
    assert world.session()["state"] == "running"
    assert world.session()["armed"] is False
    assert [item["channel"] for item in world.pending()] == ["kernel"]
    assert not (world.work / "started").exists()


def test_a_hook_that_is_seen_arms_and_reading_passes_recorded(world: World) -> None:
    program = fake_claude(world, in_trial=True, for_real=True)
    world.run_agent(program, "-p", "go")
    wait_for(lambda: world.session()["armed"], "the hook to be seen")
    session = world.session()["id"]

    def decided() -> list[str]:
        entries = [e for e in world.journal(session) if e["type"] == "decided"]
        return [e["data"]["decision"]["by"] for e in entries]

    wait_for(lambda: decided() == ["policy"], "the reading to be recorded")
    assert world.json("pending") == []


def test_switches_that_would_turn_the_hook_off_are_refused(world: World) -> None:
    program = fake_claude(world, in_trial=True, for_real=True)
    done = world.call("run", "--no-tui", "--", program, "--bare", "-p", "go", check=False)
    assert done.returncode == 2
    assert "--bare" in done.stderr
    assert not (world.work / "started").exists()


def test_ungated_says_so_and_asks_nothing(world: World) -> None:
    world.run_agent("sleep", "60", options=("--ungated",))
    session = world.session()
    assert any("UNGATED" in note for note in session["notes"])
    assert set(session["coverage"].values()) == {"no"}
