"""`run --kernel-gate`: what an agent does without a word is held as well."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.e2e.person import Person
from tests.e2e.world import World, contained
from tests.waiting import wait_for

DELETES = """
import os, sys
try:
    os.unlink("victim")
    print("GONE", flush=True)
except PermissionError as error:
    print("REFUSED", error.errno, flush=True)
    sys.exit(9)
"""

BEHIND = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(0.2)
        try:
            os.unlink("victim")
        except PermissionError:
            open("/tmp/" + os.path.basename(os.getcwd()) + "-refused", "w").close()
    os._exit(0)
time.sleep(60)
"""

READS = """
import os, pathlib, subprocess
print(len(os.listdir("/etc")), pathlib.Path("/etc/hosts").read_text()[:1])
print(subprocess.run(["ls", "-la"], capture_output=True).returncode)
print(subprocess.run(["sh", "-c", "cat /etc/hosts | wc -l"], capture_output=True).returncode)
"""


@pytest.fixture(params=["pidns", "subreaper"])
def options(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The gate on, in each containment that can have it."""
    return ("--kernel-gate", "--containment", request.param)


def agent(world: World, text: str) -> tuple[str, str]:
    """A scripted agent, and something for it to delete."""
    (world.work / "victim").write_text("x")
    return sys.executable, str(world.script("agent.py", text))


def test_an_undeclared_deletion_waits_and_is_refused(
    world: World, options: tuple[str, ...]
) -> None:
    process = world.run_agent(*agent(world, DELETES), options=options)
    (action,) = world.pending()
    assert (action["channel"], action["origin"], action["kind"]) == ("kernel", "observed", "delete")
    assert action["paths"] == [str(world.work / "victim")]
    world.call("deny", action["id"])
    assert process.wait(timeout=30) == 9
    assert (world.work / "victim").exists()


def test_an_undeclared_deletion_happens_once_a_person_says_so(
    world: World, options: tuple[str, ...]
) -> None:
    process = world.run_agent(*agent(world, DELETES), options=options)
    (action,) = world.pending()
    world.call("approve", action["id"])
    assert process.wait(timeout=30) == 0
    assert not (world.work / "victim").exists()


def test_a_daemon_in_the_tree_is_held_as_well(world: World, options: tuple[str, ...]) -> None:
    world.run_agent(*agent(world, BEHIND), options=options)
    found = wait_for(
        lambda: [a for a in world.json("pending") if a["kind"] == "delete"], "the deletion"
    )
    assert (world.work / "victim").exists()
    assert found[0]["paths"] == [str(world.work / "victim")]


def test_reading_asks_nothing(world: World, options: tuple[str, ...]) -> None:
    process = world.run_agent(*agent(world, READS), options=options)
    assert process.wait(timeout=30) == 0
    (kept,) = world.json("ls", "--all")
    asked = [e for e in world.journal(kept["id"]) if e["type"] == "proposed"]
    assert asked == []


def test_a_held_tree_can_be_killed(world: World, options: tuple[str, ...]) -> None:
    world.run_agent(*agent(world, DELETES), options=options)
    world.pending()
    session = world.session()["id"]
    receipt = world.json("kill")
    assert receipt["left"] == []
    assert contained(session) == 0
    assert (world.work / "victim").exists()


def test_with_the_supervisor_gone_nothing_passes(world: World, options: tuple[str, ...]) -> None:
    world.run_agent(*agent(world, DELETES), options=options)
    world.pending()
    session = world.session()
    os.kill(session["supervisor_pid"], signal.SIGKILL)
    wait_for(lambda: contained(session["id"]) == 0, "the tree to be gone")
    assert (world.work / "victim").exists()


def test_the_coverage_says_so(world: World, options: tuple[str, ...]) -> None:
    world.run_agent("sleep", "60", options=options)
    assert "kernel gate" in world.session()["coverage"]["exec"]


PROPOSES = """
import os, sys
print(os.getpid(), flush=True)
from agentwatch import propose
propose("delete", paths=["victim"])
"""


def test_who_proposes_is_named_though_the_gate_connects(
    world: World, options: tuple[str, ...]
) -> None:
    world.run_agent(*agent(world, PROPOSES), options=options)
    (action,) = world.pending()
    assert action["channel"] == "propose"
    assert action["pid"] == world.session()["pid"]
    assert action["parents"][0].endswith(f"({action['pid']})")


def test_portable_containment_cannot_have_it(world: World) -> None:
    done = world.call(
        "run", "--no-tui", "--kernel-gate", "--containment", "portable", "--", "true", check=False
    )
    assert done.returncode == 125
    assert "cannot be held" in done.stderr


def test_a_shell_on_its_own_terminal_is_asked_for_what_it_does_alone(world: World) -> None:
    """Neither for its terminal nor for reading; the write waits."""
    person = Person(world, "run", "--no-tui", "--kernel-gate", "--", "bash", "--norc", "-i")
    try:
        person.sees(r"\$|#")
        person.types("cat /etc/hosts | head -1; git --version; echo hi > new-file\r")
        (action,) = world.pending()
        assert (action["kind"], action["paths"]) == ("write", [str(world.work / "new-file")])
        world.call("approve", action["id"])
        wait_for((world.work / "new-file").exists, "the approved write")
        assert [e["data"]["id"] for e in world.journal(world.session()["id"])
                if e["type"] == "proposed"] == [action["id"]]  # fmt: skip
    finally:
        person.leaves()


COVERED = """
import subprocess, sys
sys.exit(subprocess.run([sys.executable, "-c", '''
import os, subprocess
for n in range(30):
    open(f"f{n}", "w").close()
    subprocess.run(["true"], check=True)
'''], check=False).returncode)
"""


def test_what_belongs_to_an_allowed_start_is_recorded_without_a_question(
    world: World, options: tuple[str, ...]
) -> None:
    process = world.run_agent(*agent(world, COVERED), options=options)
    (action,) = world.pending()
    world.call("approve", action["id"])
    assert process.wait(timeout=30) == 0
    (kept,) = world.json("ls", "--all")
    entries = world.journal(kept["id"])
    assert [e["data"]["id"] for e in entries if e["type"] == "proposed"] == [action["id"]]
    folded = [e["data"] for e in entries if e["type"] == "passed"]
    assert sum(one["covers"].get(action["id"], 0) for one in folded) >= 60
    assert sum(one["kinds"].get("write", 0) for one in folded) >= 30
    record = world.state / "agentwatch/sessions" / kept["id"] / folded[0]["file"]
    assert folded[-1]["to"] == record.stat().st_size
    assert kept["passed"] == sum(one["passed"] for one in folded)
    calls = [
        json.loads(line)
        for line in world.call("log", kept["id"], "--passed", "--json").stdout.splitlines()
    ]
    assert len(calls) == kept["passed"]
    assert sum(call["action"] == action["id"] for call in calls) >= 60


def test_a_rule_that_denies_holds_for_what_belongs_to_an_allowed_start(world: World) -> None:
    (world.folder / "never.toml").write_text(
        'version = 1\n[[rule]]\nid = "never-true"\ndecide = "deny"\nargv = ["true"]\n'
    )
    process = world.run_agent(
        *agent(world, COVERED),
        options=("--kernel-gate", "--rules", str(world.folder / "never.toml")),
    )
    (action,) = world.pending()
    world.call("approve", action["id"])
    assert process.wait(timeout=30) != 0
    (kept,) = world.json("ls", "--all")
    denied = [
        entry["data"]
        for entry in world.journal(kept["id"])
        if entry["type"] == "decided" and entry["data"]["decision"]["verdict"] == "deny"
    ]
    assert "never-true" in denied[0]["decision"]["rule"]


def gate_of(world: World) -> int:
    """The gate process of the one live session."""
    parent = world.session()["supervisor_pid"]
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    named = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
    (found,) = [pid for pid, line in named.items() if b"kernel" in line and b"-c" in line]
    return found


def test_with_the_gate_process_gone_what_is_held_fails_and_is_denied(
    world: World, options: tuple[str, ...]
) -> None:
    process = world.run_agent(*agent(world, DELETES), options=options)
    (action,) = world.pending()
    os.kill(gate_of(world), signal.SIGKILL)
    assert process.wait(timeout=30) == 1  # ENOSYS, which the agent does not expect
    assert (world.work / "victim").exists()
    decided = [e["data"] for e in world.journal(action["session"]) if e["type"] == "decided"]
    assert [one["state"] for one in decided if one["id"] == action["id"]] == ["denied"]


def test_a_frozen_tree_with_a_held_call_can_be_killed(
    world: World, options: tuple[str, ...]
) -> None:
    world.run_agent(*agent(world, DELETES), options=options)
    world.pending()
    session = world.session()["id"]
    assert world.json("freeze")["state"] == "frozen"
    assert world.json("kill")["left"] == []
    assert contained(session) == 0
    assert (world.work / "victim").exists()
