"""What was approved is what runs: a script rewritten after it was shown is not run by that yes."""

from __future__ import annotations

import sys

from tests.e2e.world import World

HELD = """
import subprocess
try:
    subprocess.run(["sh", "build.sh"])
except PermissionError:
    pass
"""

DECLARED = """
import os, subprocess, time
from agentwatch import propose
propose("exec", command="sh build.sh")
while not os.path.exists("go"):
    time.sleep(0.02)
try:
    subprocess.run(["sh", "-c", "sh build.sh"])
except PermissionError:
    pass
"""


def test_a_script_rewritten_after_the_question_is_asked_about_anew(world: World) -> None:
    build = world.work / "build.sh"
    build.write_text("echo ran > good\n")
    process = world.run_agent(
        sys.executable, str(world.script("agent.py", HELD)), options=("--kernel-gate",)
    )
    (first,) = world.pending()
    assert first["argv"] == ["sh", "build.sh"]
    assert [one["path"] for one in first["files"]] == [str(build)]
    build.write_text("echo ran > evil\n")
    done = world.call("approve", first["id"], "--digest", first["digest"], check=False)
    assert done.returncode == 1
    assert f"changed since you were shown it: {build}" in done.stderr
    (again,) = world.pending()
    assert again["id"] == first["id"]
    assert again["digest"] != first["digest"]
    assert again["reasons"][0].startswith("changed since")
    done = world.call("approve", first["id"], "--digest", first["digest"], check=False)
    assert "not what you were shown" in done.stderr
    world.call("deny", first["id"])
    process.wait(60)
    assert not (world.work / "evil").exists()
    asked = [entry["data"]["digest"] for entry in world.json("log") if entry["type"] == "proposed"]
    assert asked[:2] == [first["digest"], again["digest"]]


def test_a_script_rewritten_after_the_yes_is_not_run_by_it(world: World) -> None:
    build = world.work / "build.sh"
    build.write_text("echo ran > good\n")
    script = str(world.script("agent.py", DECLARED))
    process = world.run_agent(sys.executable, script, options=("--kernel-gate",))
    (first,) = world.pending()
    world.call("approve", first["id"])
    build.write_text("echo ran > evil\n")
    (world.work / "go").touch()
    (second,) = world.pending()
    assert second["origin"] == "observed"
    assert second["reasons"][0] == f"changed since {first['id']} was approved: {build}"
    world.call("deny", second["id"])
    process.wait(60)
    assert not (world.work / "evil").exists()
