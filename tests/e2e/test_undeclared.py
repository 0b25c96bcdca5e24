"""What an agent with a hook says, against what it does: `run --on-undeclared`, and the evidence."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tests.e2e.world import World
from tests.waiting import wait_for

AGENT = """#!{python}
import json, os, subprocess, sys, time
settings = json.loads(sys.argv[sys.argv.index("--settings") + 1])
hook = settings["hooks"]["SessionStart"][0]["hooks"][0]
def started(text):
    asking = subprocess.Popen([hook["command"], *hook["args"]],
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    asking.stdin.write(text.encode())
    asking.stdin.close()
    return asking
def event(**fields):
    return json.dumps({{"session_id": "s", "cwd": os.getcwd(), "tool_use_id": "t", **fields}})
def call(command):
    return event(hook_event_name="PreToolUse", tool_name="Bash", tool_input={{"command": command}})
started(event(hook_event_name="SessionStart")).wait()
if "--init-only" not in sys.argv:
{deed}
    time.sleep(600)
"""

LIES = 'started(call("ls")).wait(); os.unlink("victim")'
GARBLES = 'started("{\\"hook_event_name\\": 7, nonsense").wait(); os.unlink("victim")'
HURRIES = 'started(call("rm other")); os.unlink("victim")'
TRUE = """
    asking = started(call("rm victim")); asking.wait()
    asking = started(call("rm other")); asking.wait()
    subprocess.run(["bash", "-c", "rm victim"])
    sys.exit(3)"""


def agent(world: World, deed: str) -> tuple[str, str, str]:
    """A program that is taken for Claude Code, with its hook alive, and something to delete."""
    for name in ("victim", "other"):
        (world.work / name).write_text("x")
    path = world.work / "claude"
    said = deed if deed.startswith("\n") else f"    {deed}"
    path.write_text(AGENT.format(python=sys.executable, deed=said))
    path.chmod(0o755)
    return str(path), "-p", "go"


def run(world: World, deed: str, on: str) -> subprocess.Popen[bytes]:
    options = ("--kernel-gate", "--on-undeclared", on)
    return world.run_agent(*agent(world, deed), options=options)


def deletions(world: World) -> list[dict[str, Any]]:
    """What waits and was seen below."""
    return [item for item in world.json("pending") if item["channel"] == "kernel"]


@pytest.mark.parametrize("deed", [LIES, GARBLES, HURRIES], ids=["lies", "garbles", "hurries"])
def test_what_was_not_declared_freezes_the_agent_and_its_question_stands(
    world: World, deed: str
) -> None:
    run(world, deed, "freeze")
    wait_for(lambda: world.session()["state"] == "frozen", "the agent to be frozen")
    (action,) = deletions(world)
    assert (action["kind"], action["evidence"]) == ("delete", "not declared")
    assert "not declared" in world.call("pending").stdout
    alarms = [e["data"]["text"] for e in world.journal(action["session"]) if e["type"] == "alarm"]
    assert any("had not declared" in text for text in alarms)
    assert (world.work / "victim").exists()
    world.call("approve", action["id"])
    world.call("resume")
    wait_for(lambda: not (world.work / "victim").exists(), "what a person approved")


def test_what_was_not_declared_kills_the_session(world: World) -> None:
    process = run(world, LIES, "kill")
    assert process.wait(timeout=60) == 137
    (kept,) = world.json("ls", "--all")
    entries = world.journal(kept["id"])
    (receipt,) = [entry["data"] for entry in entries if entry["type"] == "kill"]
    assert (receipt["trigger"], receipt["left"]) == ("undeclared", [])
    denied = [
        e["data"] for e in entries if e["type"] == "decided" and e["data"]["kind"] == "delete"
    ]
    assert [item["decision"]["rule"] for item in denied] == ["undeclared"]
    assert denied[0]["state"] == "denied"
    assert (world.work / "victim").exists()


def test_what_was_declared_is_seen_or_not(world: World) -> None:
    process = run(world, TRUE, "kill")
    for command in ("rm victim", "rm other"):
        (action,) = world.pending()
        assert action["command"] == command
        assert action["evidence"] == "declared"
        world.call("approve", action["id"])
    assert process.wait(timeout=60) == 3
    assert not (world.work / "victim").exists()
    (kept,) = world.json("ls", "--all")
    said = [e["data"] for e in world.journal(kept["id"]) if e["type"] == "evidence"]
    told = {world.json("show", one["action"])["command"]: one["evidence"] for one in said}
    assert told == {"rm victim": "declared and seen", "rm other": "declared, not seen"}
    shown = [world.json("show", one["action"])["evidence"] for one in said]
    assert shown == [one["evidence"] for one in said]
    assert "declared, not seen" in world.call("log", kept["id"]).stdout


def test_it_is_refused_where_nothing_could_be_declared(world: World) -> None:
    more = ("--kernel-gate", "--on-undeclared", "kill", "--", "sleep", "1")
    done = world.call("run", "--no-tui", *more, check=False)
    assert (done.returncode, "has no hook" in done.stderr) == (2, True)
    ungated = ("--no-tui", "--ungated", "--on-undeclared", "kill", "--", "sleep", "1")
    assert world.call("run", *ungated, check=False).returncode == 2
