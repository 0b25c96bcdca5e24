"""Halting everything, as a person with several shells sees it.

The user here has folders of its own for the halt too: a mark in /tmp would stop every other test.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.e2e.world import ROOT, World, alive
from tests.waiting import wait_for

OWN_FOLDERS = """
import os
import signal
from pathlib import Path
from agentwatch import paths

def bases():
    named = os.environ.get("XDG_RUNTIME_DIR")
    return [*([Path(named) / "agentwatch"] if named else []), Path({shared!r})]

paths.runtime_bases = bases
"""

HALTED_MEANWHILE = """
from agentwatch import halt

looks = []

def halted():
    looks.append(1)
    return None if len(looks) == 1 else halt.Halt(1.0, "ann", "in between")

halt.halted = halted
"""


@pytest.fixture(autouse=True)
def own_folders(world: World) -> Path:
    """Where this user's interpreters load their patch from."""
    site = world.folder / "site"
    site.mkdir()
    shared = str(world.folder / "shared")
    (site / "sitecustomize.py").write_text(OWN_FOLDERS.format(shared=shared))
    world.env["PYTHONPATH"] = os.pathsep.join([str(site), str(ROOT)])
    return site


def elsewhere(world: World) -> None:
    """From here on the environment of a service: other folders, the same user."""
    for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
        folder = world.folder / f"other-{name}"
        folder.mkdir(mode=0o700)
        world.env[name] = str(folder)


def agents(world: World) -> list[int]:
    """Live processes of this world's agents, found by what they run."""
    script = str(world.work / "agent.py").encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and alive(int(entry.name)):
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if script in words and b"run" not in words:
                found.append(int(entry.name))
    return found


def agent(world: World) -> tuple[str, str]:
    return sys.executable, str(world.script("agent.py", "import time; time.sleep(60)"))


def test_halt_kills_what_runs_and_refuses_what_comes_until_release(world: World) -> None:
    process = world.run_agent(*agent(world))
    wait_for(lambda: agents(world), "the agent")
    done = world.json("halt", "--because", "it sends mail")
    assert process.wait(timeout=60) == 137
    assert agents(world) == []
    assert [item["left"] for item in done["receipts"]] == [[]]
    assert done["receipts"][0]["trigger"] == "halt"

    refused = world.call("run", "--no-tui", "--", *agent(world), check=False)
    assert refused.returncode == 125
    assert "halted since 20" in refused.stderr
    assert "it sends mail" in refused.stderr
    assert refused.stderr.endswith("hint: agentwatch release\n")
    assert len(world.json("ls", "--all")) == 1  # what was refused left nothing

    assert "it sends mail" in world.call("release").stdout
    assert world.call("run", "--no-tui", "--", "true").returncode == 0


def test_halting_when_nothing_runs_still_halts(world: World) -> None:
    world.call("halt")
    assert world.call("run", "--no-tui", "--", "true", check=False).returncode == 125


def test_a_command_that_is_not_there_is_still_not_found_while_halted(world: World) -> None:
    world.call("halt")
    assert world.call("run", "--no-tui", "--", "no-such-command", check=False).returncode == 127


def test_a_service_with_another_environment_is_refused_too(world: World) -> None:
    world.call("halt", "--because", "all of them")
    elsewhere(world)
    refused = world.call("run", "--no-tui", "--", "true", check=False)
    assert refused.returncode == 125
    assert "all of them" in refused.stderr
    world.call("release")
    assert world.call("run", "--no-tui", "--", "true").returncode == 0


def test_a_session_in_another_environment_ends_itself(world: World) -> None:
    """Its folder is not where the halting shell looks; its supervisor sees the mark."""
    process = world.run_agent(*agent(world))
    wait_for(lambda: agents(world), "the agent")
    elsewhere(world)
    world.call("halt")
    assert process.wait(timeout=60) == 137
    assert agents(world) == []


def test_nothing_that_is_starting_slips_through(world: World) -> None:
    """Six starts around the moment of the halt: refused, never begun, or killed."""
    command = agent(world)
    starts = [world.start("run", "--no-tui", "--", *command) for _ in range(6)]
    wait_for(lambda: agents(world), "the first of them")
    world.call("halt")
    for process in starts:
        assert process.wait(timeout=30) in (125, 137), world.output(process)
    assert agents(world) == []


def test_a_halt_in_the_moment_of_the_start_is_noticed(world: World, own_folders: Path) -> None:
    """The look before the start says no, the one right after it says yes."""
    with (own_folders / "sitecustomize.py").open("a") as site:
        site.write(HALTED_MEANWHILE)
    done = world.call("run", "--no-tui", "--", *agent(world), check=False)
    assert done.returncode == 125
    assert "halted since 1970-01-01 00:00:01 UTC by ann: in between" in done.stderr
    assert agents(world) == []


def test_ls_and_doctor_say_that_it_is_halted(world: World) -> None:
    assert world.json("doctor")["halted"] is None
    world.call("halt", "--because", "a drill")
    listed = world.call("ls", "--json")
    assert json.loads(listed.stdout) == []
    assert "a drill" in listed.stderr
    assert world.json("doctor")["halted"]["because"] == "a drill"
    assert "a drill" in world.call("doctor").stdout
    world.call("release")
    assert world.call("ls").stderr == ""


def test_an_agent_is_told_no_and_its_own_session_goes_on(world: World) -> None:
    text = (
        "import subprocess, sys, time\n"
        "for word in ('halt', 'release'):\n"
        "    done = subprocess.run([sys.executable, '-m', 'agentwatch', word],\n"
        "        capture_output=True, text=True)\n"
        "    with open(word, 'w') as said: said.write(f'{done.returncode} {done.stderr}')\n"
        "open('done', 'w').close()\n"
        "time.sleep(60)\n"
    )
    world.run_agent(sys.executable, str(world.script("asks.py", text)))
    wait_for((world.work / "done").exists, "the agent's attempts")
    for word in ("halt", "release"):
        assert (world.work / word).read_text().startswith("1 agentwatch: error: ")
        assert "another shell" in (world.work / word).read_text()
    assert world.json("doctor")["halted"] is None
    assert world.session()["state"] == "running"


def test_doctor_says_that_the_kill_path_is_armed(world: World) -> None:
    world.run_agent("sleep", "60")
    found = world.json("doctor")
    assert [item["kill_path"] for item in found["sessions"]] == ["armed"]
    told = world.call("doctor").stdout
    assert "kill path armed" in told
    assert "gated: exec no, files no, network no, tools propose" in told


def test_doctor_fails_on_a_session_that_a_kill_would_miss(world: World) -> None:
    """The supervisor stands still: it would put right its record before doctor looks."""
    process = world.run_agent("sleep", "60")
    session = world.session()["id"]
    record = world.runtime / "agentwatch" / session / "containment.json"
    kept = record.read_bytes()
    supervisor = json.loads(kept)["supervisor"][0]
    os.kill(supervisor, signal.SIGSTOP)
    record.write_text("{")
    done = world.call("doctor", "--json", check=False)
    record.write_bytes(kept)
    world.call("kill", session)
    os.kill(supervisor, signal.SIGCONT)
    assert done.returncode == 1
    (found,) = json.loads(done.stdout)["sessions"]
    assert found["kill_path"].startswith("broken: no containment record can be read")
    assert process.wait(timeout=60) == 137
