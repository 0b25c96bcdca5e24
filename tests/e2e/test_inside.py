"""Nobody inside the containment gives orders, whatever it knows."""

from __future__ import annotations

import json
import sys

import pytest

from tests.e2e.world import World
from tests.waiting import wait_for

APPROVES_ITSELF = """
import json, os, subprocess, sys, threading, time
from agentwatch import Denied, propose

def ask():
    try:
        propose("delete", path="victim")
        open("acted", "w").close()
    except Denied:
        pass

threading.Thread(target=ask, daemon=True).start()
mine = {k: v for k, v in os.environ.items() if not k.startswith("AGENTWATCH")}

def call(*args, env=mine):
    done = subprocess.run([sys.executable, "-m", "agentwatch", *args], env=env,
                          capture_output=True, text=True)
    return [done.returncode, done.stdout, done.stderr]

while json.loads(call("ls", "--json")[1] or "[]") == []:
    time.sleep(0.05)
found = sys.argv[1:]
results = {}
session = os.environ["AGENTWATCH_SESSION"]
guess = session.rsplit("-", 1)[-1] + "-1"
results["approve"] = call("approve", guess)
results["deny"] = call("deny", guess)
results["resume"] = call("resume", session)
results["pending"] = call("pending", session)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        results["daemon"] = subprocess.run(
            ["env", "-i", "PATH=" + os.environ["PATH"], "PYTHONPATH=" + os.environ["PYTHONPATH"],
             "XDG_RUNTIME_DIR=" + os.environ["XDG_RUNTIME_DIR"],
             "XDG_STATE_HOME=" + os.environ["XDG_STATE_HOME"], "HOME=/",
             sys.executable, "-m", "agentwatch", "approve", guess],
            capture_output=True, text=True).returncode
        json.dump(results, open("results.new", "w"))
        os.rename("results.new", "results")
    os._exit(0)
time.sleep(120)
"""


@pytest.mark.parametrize("means", ["pidns", "subreaper", "portable"])
def test_an_agent_cannot_approve_itself(world: World, means: str) -> None:
    """By the command line, also from a daemon with an empty environment."""
    script = world.script("inside.py", APPROVES_ITSELF)
    world.run_agent(sys.executable, str(script), options=("--containment", means))
    results = world.work / "results"
    wait_for(results.exists, "the agent to have tried everything")
    tried = json.loads(results.read_text())
    for verb in ("approve", "deny", "resume", "pending"):
        status, _, errors = tried[verb]
        assert status != 0, verb
        assert "refused" in errors or "no such" in errors, (verb, errors)
    assert tried["daemon"] != 0
    assert not (world.work / "acted").exists()
    (action,) = world.json("pending")
    assert action["state"] == "pending"
    session = world.session()["id"]
    refused = [e for e in world.journal(session) if e["type"] == "refused"]
    assert len(refused) >= 4
    assert any(e["type"] == "alarm" for e in world.journal(session))
