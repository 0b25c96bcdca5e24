"""The fire drill as a person runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import World, alive
from tests.waiting import wait_for

SLIPS_PORTABLE = {"cleared", "hopper"}
"""What the weakest means says it cannot hold."""


def runaways(world: World) -> list[int]:
    """Live runaways of this world's drills: those whose folder it made."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and alive(int(entry.name)):
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if b"drill/runaway.py" in words and str(world.folder).encode() in words:
                found.append(int(entry.name))
    return found


@pytest.fixture(autouse=True)
def temporary(world: World) -> None:
    """Drills make their folders where this user's temporary files go."""
    (world.folder / "t").mkdir()
    world.env["TMPDIR"] = str(world.folder / "t")


def left_nothing(world: World) -> bool:
    """No runaway, no session, no folder, in the time a process takes to be buried."""
    wait_for(lambda: not runaways(world), "the last runaway to be gone")
    sessions = world.state / "agentwatch/sessions"
    folders = [*(world.runtime / "agentwatch").iterdir(), *sessions.iterdir()]
    return not folders and not list((world.folder / "t").iterdir())


@pytest.mark.parametrize("means", ["pidns", "subreaper"])
def test_nobody_survives_a_drill(world: World, means: str) -> None:
    findings = {item["name"]: item for item in world.json("doctor")["containment"]}
    if not findings[means]["available"]:
        pytest.skip(findings[means]["why_not"])
    with subprocess.Popen(["sleep", "600"], env={}) as canary:
        found = world.json("drill", "--containment", means)
        assert canary.poll() is None
        canary.kill()
    assert (found["verdict"], found["survivors"]) == ("passed", 0)
    triggers = [item["trigger"] for item in found["exercises"]]
    assert triggers == ["command", "key", "supervisor stopped", "supervisor lost"]
    assert {item["containment"]["means"] for item in found["exercises"]} == {means}
    assert left_nothing(world)


def test_the_weakest_means_names_what_it_missed_and_the_drill_ends_it(world: World) -> None:
    done = world.call("drill", "--containment", "portable", "--json", check=False, timeout=60)
    found: dict[str, Any] = json.loads(done.stdout)
    missed = {
        item["runaway"]
        for one in found["exercises"]
        for item in one["runaways"]
        if item["left"] and item["runaway"] != "other"
    }
    assert missed <= SLIPS_PORTABLE
    assert done.returncode == (1 if found["survivors"] else 0)
    assert any("clears its environment" in text for text in found["containment"]["cannot"])
    assert left_nothing(world)


def test_people_get_a_table_and_the_path_of_the_evidence(world: World) -> None:
    done = world.call("drill", timeout=60)
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["TRIGGER", "RUNAWAY", "BEFORE", "LEFT", "MS"]
    assert sum(line.startswith("key ") for line in lines) == 10
    evidence = Path(lines[-1].removeprefix("evidence: "))
    assert evidence.parent == world.state / "agentwatch/drills"
    assert evidence.stat().st_mode & 0o777 == 0o600
    assert json.loads(evidence.read_text())["verdict"] == "passed"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_drill_clears_up_and_says_so(world: World, number: int) -> None:
    process = world.start("drill")
    wait_for(lambda: runaways(world), "the first runaways")
    os.kill(process.pid, number)
    assert process.wait(timeout=60) == 128 + number
    assert left_nothing(world)
    (evidence,) = (world.state / "agentwatch/drills").iterdir()
    assert json.loads(evidence.read_text())["verdict"] == "incomplete"


def test_a_drill_that_is_killed_leaves_no_runaway_behind(world: World) -> None:
    """Nobody listens to them any more: the agent's first process ends, the session ends them."""
    process = world.start("drill")
    wait_for(lambda: len(runaways(world)) > 30, "most of the runaways")
    process.kill()
    wait_for(lambda: not runaways(world), "the last runaway to be gone")
    wait_for(lambda: world.json("ls") == [], "the session to be over")
