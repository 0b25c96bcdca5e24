"""The floor in the whole product: what no agent writes or reaches, with and without the gate."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import ROOT, World
from tests.waiting import wait_for

TRIES = """
import json, os, socket, sys
results = {}
def tried(name, work):
    try: work(); results[name] = "done"
    except OSError as error: results[name] = error.errno
home = os.environ["HOME"]
for name in (".bashrc", ".zshenv", ".ssh/authorized_keys", ".config/fish/config.fish",
             ".claude/settings.json", ".aws/credentials", ".claude.json"):
    tried(name, lambda: open(f"{home}/{name}", "w").close())
tried("move", lambda: os.rename(f"{home}/.config", f"{home}/c"))
tried("ssh-agent", lambda: socket.socket(socket.AF_UNIX).connect(os.environ["SSH_AUTH_SOCK"]))
tried("state", lambda: os.mkdir(os.environ["XDG_STATE_HOME"] + "/agentwatch/more"))
json.dump(results, open("results.new", "w"))
os.rename("results.new", "results")
"""


@pytest.fixture
def home(world: World) -> Path:
    """What a home has; .zshenv is not there."""
    for name in (".bashrc", ".ssh/config", ".config/fish/config.fish", ".claude/settings.json",
                 ".aws/credentials", ".claude.json"):  # fmt: skip
        path = world.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("good")
    return world.folder


def results(world: World, *options: str) -> dict[str, Any]:
    """What the agent could do."""
    import json

    script = world.script("tries.py", TRIES)
    world.run_agent(sys.executable, str(script), options=options)
    wait_for((world.work / "results").exists, "the agent to have tried everything")
    found: dict[str, Any] = json.loads((world.work / "results").read_text())
    return found


def listening(world: World) -> socket.socket:
    """A socket where the user's ssh agent would be."""
    agent = socket.socket(socket.AF_UNIX)
    agent.bind(str(world.folder / "ssh.sock"))
    agent.listen()
    world.env["SSH_AUTH_SOCK"] = str(world.folder / "ssh.sock")
    return agent


def test_the_namespace_keeps_the_floor(world: World, home: Path) -> None:
    with listening(world):
        found = results(world, "--containment", "pidns")
    open_ones = [name for name, result in found.items() if result == "done"]
    assert open_ones == [".zshenv", ".claude.json"]
    assert (home / ".bashrc").read_text() == "good"


def test_a_file_that_was_not_there_is_told_of_when_it_is_made(world: World, home: Path) -> None:
    script = world.script(
        "makes.py", "open('../.zshenv', 'w').close()\nimport time; time.sleep(60)"
    )
    world.run_agent(sys.executable, str(script), options=("--containment", "pidns"))
    session = world.session()["id"]

    def alarmed() -> bool:
        alarms = [e["data"]["text"] for e in world.journal(session) if e["type"] == "alarm"]
        return any(f"{home}/.zshenv was changed" in text for text in alarms)

    wait_for(alarmed, "the alarm")


def test_a_person_opens_a_part_of_it_by_name(world: World, home: Path) -> None:
    with listening(world):
        found = results(
            world, "--containment", "pidns", "--reach", "ssh-agent", "--reach", "agents"
        )
    open_ones = [name for name, result in found.items() if result == "done"]
    assert open_ones == [".zshenv", ".claude/settings.json", ".claude.json", "ssh-agent"]


def test_the_notes_say_what_is_out_of_reach(world: World, home: Path) -> None:
    with listening(world):
        world.run_agent("sleep", "60", options=("--containment", "pidns"))
        notes = " ".join(world.session()["notes"])
    assert "the ssh agent (`ssh-agent`)" in notes
    assert "cannot be written inside" in notes


def test_a_person_may_do_without_it(world: World, home: Path) -> None:
    """Our own files stay ours all the same."""
    with listening(world):
        found = results(world, "--containment", "pidns", "--no-floor")
    assert [name for name, result in found.items() if result != "done"] == ["move", "state"]
    (kept,) = world.json("ls", "--all")
    assert "No floor: --no-floor" in " ".join(kept["notes"])


@pytest.mark.parametrize("means", ["subreaper", "portable"])
def test_without_a_namespace_the_notes_say_that_there_is_no_floor(world: World, means: str) -> None:
    world.run_agent("sleep", "60", options=("--containment", means))
    assert f"No floor in the containment '{means}'" in " ".join(world.session()["notes"])


@pytest.mark.parametrize("means", ["pidns", "subreaper"])
def test_the_gate_refuses_the_floor_without_a_question(
    world: World, home: Path, means: str
) -> None:
    """Also what is not there yet; and it is recorded."""
    script = world.script(
        "writes.py",
        "import os\n"
        "for name in ('.bashrc', '.zshenv', '.ssh/authorized_keys', '.gitconfig'):\n"
        "  try: open(os.environ['HOME'] + '/' + name, 'w'); os._exit(1)\n"
        "  except PermissionError: pass\n"
        "  except OSError as error: os._exit(error.errno)\n"
        "try: os.rename(os.environ['HOME'] + '/.config', os.environ['HOME'] + '/c'); os._exit(2)\n"
        "except PermissionError: pass\n",
    )
    process = world.run_agent(
        sys.executable, str(script), options=("--kernel-gate", "--containment", means)
    )
    assert process.wait(timeout=30) == 0
    (kept,) = world.json("ls", "--all")
    journal = world.journal(kept["id"])
    refused = [e["data"]["what"] for e in journal if e["type"] == "refused"]
    assert f"write {home}/.zshenv" in refused
    assert not (home / ".zshenv").exists()
    assert [e for e in journal if e["type"] == "proposed"] == []


def test_beside_a_gate_the_ssh_agent_is_asked_for(world: World, home: Path) -> None:
    with listening(world):
        script = world.script(
            "asks.py",
            "import os, socket; socket.socket(socket.AF_UNIX).connect(os.environ['SSH_AUTH_SOCK'])",
        )
        options = ("--kernel-gate", "--containment", "pidns")
        process = world.run_agent(sys.executable, str(script), options=options)
        (action,) = world.pending()
        assert action["kind"] == "ask-daemon"
        world.call("approve", action["id"])
        assert process.wait(timeout=30) == 0


def test_beside_a_gate_the_trees_own_terminals_are_not_asked_for(world: World) -> None:
    text = (
        "import os, pty\n"
        "master, slave = pty.openpty()\n"
        "os.write(os.open(os.ttyname(slave), os.O_RDWR | os.O_NOCTTY), b'x')\n"
    )
    script = world.script("terminal.py", text)
    options = ("--kernel-gate", "--containment", "pidns")
    process = world.run_agent(sys.executable, str(script), options=options)
    assert process.wait(timeout=30) == 0
    (kept,) = world.json("ls", "--all")
    assert [e for e in world.journal(kept["id"]) if e["type"] == "proposed"] == []


def test_where_it_is_installed_in_the_workspace_that_is_said(world: World) -> None:
    world.work = ROOT
    options = ("--containment", "pidns", "--workspace", str(ROOT))
    world.run_agent("sleep", "60", options=options)
    assert "installed in the workspace" in " ".join(world.session()["notes"])


def test_working_in_a_kept_folder_is_the_persons_own_wish(world: World, home: Path) -> None:
    world.work = home / ".config/fish"
    process = world.start(
        "run", "--no-tui", "--containment", "pidns", "--", "sh", "-c", "echo x >made"
    )
    assert process.wait(timeout=30) == 0
    assert (home / ".config/fish/made").exists()


def test_a_nested_run_is_refused_with_words_and_loosens_nothing(world: World, home: Path) -> None:
    line = f"{sys.executable} -m agentwatch run --no-tui --no-floor -- touch {home}/.bashrc"
    script = world.work / "nested.sh"
    script.write_text(f"{line} >said 2>&1; echo $? >status; mv status over")
    world.run_agent("sh", str(script), options=("--containment", "pidns"))
    wait_for((world.work / "over").exists, "the nested run to end")
    assert int((world.work / "over").read_text()) == 125
    assert "inside another session" in (world.work / "said").read_text()
    assert (home / ".bashrc").read_text() == "good"


def test_a_strict_floor_holds_by_landlock_where_there_is_no_namespace(
    world: World, home: Path
) -> None:
    script = world.script(
        "writes.py",
        "import os\n"
        "for name in ('.bashrc', '.zshenv', '.ssh/authorized_keys', '.config/fish/x'):\n"
        "  try: open(os.environ['HOME'] + '/' + name, 'w'); os._exit(1)\n"
        "  except PermissionError: pass\n"
        "open('made', 'w').close()",
    )
    options = ("--strict-floor", "--containment", "subreaper")
    process = world.run_agent(sys.executable, str(script), options=options)
    assert process.wait(timeout=30) == 0
    (kept,) = world.json("ls", "--all")
    assert "Could not be walled off: sockets, terminals" in " ".join(kept["notes"])


def test_a_strict_floor_that_cannot_be_had_is_no_start(world: World) -> None:
    options = ("--strict-floor", "--containment", "portable")
    done = world.call("run", "--no-tui", *options, "--", "true", check=False)
    assert done.returncode == 125
    assert "it has no floor" in done.stderr
