"""A call changed from a script: shown as another action, approved as such, handed back to it."""

from __future__ import annotations

import json
import shlex
import sys

from agentwatch import agents
from tests.e2e.world import World
from tests.waiting import wait_for

EVENT = {
    "hook_event_name": "PreToolUse",
    "tool_name": "Bash",
    "tool_input": {"command": "touch build", "timeout": 5},
    "cwd": "/tmp",
}
HOOK = shlex.join([sys.executable, "-I", "-S", "-E", str(agents.HOOK), "claude"])
PROPOSE = f"{sys.executable} -m agentwatch propose exec"
AGENT = (
    f"echo {shlex.quote(json.dumps(EVENT))} | {HOOK} > answer; touch over; {PROPOSE} -- rm x; "
    f"{PROPOSE} --edits -- rm y > approved; echo $? > ended; sleep 60"
)


def test_a_changed_call_is_approved_as_what_it_became(world: World) -> None:
    world.run_agent("sh", "-c", AGENT, options=("--no-kernel-gate",))
    (asked,) = world.pending()
    given = world.work / "input.json"
    given.write_text(json.dumps({**asked["params"], "command": "touch dist"}))
    became = world.json("approve", asked["id"], "--edit", str(given))
    assert (became["edited"], became["command"]) == (asked["id"], "touch dist")
    assert world.call("approve", asked["id"], check=False).returncode == 1
    stale = ("approve", became["id"], "--digest", asked["digest"])
    assert world.call(*stale, check=False).returncode == 1
    world.json("approve", became["id"], "--digest", became["digest"])
    wait_for((world.work / "over").exists, "the hook to answer")
    answer = json.loads((world.work / "answer").read_text())["hookSpecificOutput"]
    assert answer["permissionDecision"] == "allow"
    assert answer["updatedInput"] == {"command": "touch dist", "timeout": 5}
    wait_for(world.pending, "what is proposed without a hook")
    (other,) = world.pending()
    refused = world.call("approve", other["id"], "--edit", str(given), check=False)
    assert "carries no other input back" in refused.stderr
    world.call("deny", other["id"])
    wait_for(lambda: [item["argv"] for item in world.pending()] == [["rm", "y"]], "the next one")
    (asked,) = world.pending()
    assert json.loads(world.call("show", asked["id"], "--input").stdout) == {"argv": ["rm", "y"]}
    given.write_text(json.dumps({"argv": ["rm", "z"], "cwd": "/"}))
    refused = world.call("approve", asked["id"], "--edit", str(given), check=False)
    assert "what may be changed, and stays, is: argv" in refused.stderr
    given.write_text(json.dumps({"argv": ["rm", "z"]}))
    became = world.json("approve", asked["id"], "--edit", str(given))
    assert became["summary"] == "run rm z"
    world.json("approve", became["id"], "--digest", became["digest"])
    wait_for((world.work / "ended").exists, "the proposal to end")
    assert json.loads((world.work / "approved").read_text()) == {"argv": ["rm", "z"]}
    wait_for(lambda: (world.work / "ended").read_text() == "0\n", "its status")
