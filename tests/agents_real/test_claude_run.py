"""`agentwatch run -- claude`, complete: real supervisor, real agent, scripted model."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.agents_real.api import Json
from tests.agents_real.claude_bench import NO_QUESTIONS, TOUCH
from tests.agents_real.kit_claude import CLAUDE
from tests.agents_real.model_server import ModelServer, model_server
from tests.agents_real.scenario import Scenario, call, play
from tests.agents_real.supervised import Run
from tests.e2e.person import DOWN, Person
from tests.e2e.world import World, alive
from tests.waiting import DEADLINE, wait_for

pytestmark = pytest.mark.agents


@pytest.fixture
def world() -> Iterator[World]:
    folder = Path(tempfile.mkdtemp(prefix="aw"))
    here = World(folder)
    CLAUDE.settle(folder, here.work)
    try:
        yield here
    finally:
        here.end()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(
    world: World, claude: str, scenario: Scenario, *arguments: str
) -> Iterator[tuple[subprocess.Popen[bytes], ModelServer]]:
    """Claude Code at work on a scenario, under supervision without a screen."""
    with model_server(scenario) as model:
        world.env |= CLAUDE.scrubbed(world.folder, model.url)
        yield world.run_agent(claude, "-p", "GO", *arguments), model


def ended(process: subprocess.Popen[bytes]) -> int:
    """The exit status, once it is over."""
    return process.wait(30)


def test_one_action_allowed_one_denied(world: World, claude: str) -> None:
    written = world.work / "written"
    write = call("Write", file_path=str(written), content="hello\n")
    with running(world, claude, play(*TOUCH.scripts["GO"], write)) as (process, model):
        (first,) = world.pending()
        assert (first["kind"], first["command"]) == ("exec", "touch ran")
        assert first["words"] == "a harmless thing"
        assert first["tool"] == "Bash"
        assert "claude" in " ".join(first["parents"])
        assert not (world.work / "ran").exists()
        world.call("approve", first["id"])
        (second,) = wait_for(
            lambda: [item for item in world.json("pending") if item["id"] != first["id"]],
            "the second question",
        )
        assert (second["kind"], second["path"]) == ("write", str(written))
        assert "+hello" in second["diff"]
        assert (world.work / "ran").exists()
        world.call("deny", second["id"], "--because", "NOT-TODAY")
        assert ended(process) == 0
        assert not written.exists()
        assert "NOT-TODAY" in model.result_texts()[1]
        assert "All done." in world.output(process)


def test_ten_actions_ask_five_questions_and_record_ten(world: World, claude: str) -> None:
    for name in "abcde":
        (world.work / name).write_text(f"{name}\n")
    looks = [call("Read", file_path=str(world.work / name)) for name in "abcd"]
    looks.append(call("Bash", command="grep -n e e"))
    acts = [
        call("Bash", command="touch ran"),
        call("Write", file_path=str(world.work / "new"), content="x"),
        call("Edit", file_path=str(world.work / "a"), old_string="a", new_string="A"),
        call("Bash", command="rm b"),
        call("Write", file_path=str(world.work / "c"), content="C"),
    ]
    turns = [turn for pair in zip(looks, acts, strict=True) for turn in pair]
    asked: dict[str, dict[str, Any]] = {}
    with running(world, claude, play(*turns)) as (process, _):
        session = world.session()["id"]
        while process.poll() is None:
            for item in json.loads(world.call("pending", "--json", check=False).stdout or "[]"):
                asked[item["id"]] = item
                world.call("approve", item["id"], check=False)
        assert ended(process) == 0
    assert [item["tool"] for item in asked.values()] == ["Bash", "Write", "Edit", "Bash", "Write"]
    assert not (world.work / "b").exists()
    assert (world.work / "a").read_text() == "A\n"
    decided = [entry["data"] for entry in world.journal(session) if entry["type"] == "decided"]
    assert len(decided) == 10
    assert sum(item["decision"]["by"].startswith("person:") for item in decided) == 5


def test_the_session_says_that_its_hook_is_alive_and_what_it_costs(
    world: World, claude: str
) -> None:
    with running(world, claude, TOUCH):
        world.pending()
        session = world.session()
        assert session["armed"] is True
        assert "claude" in session["coverage"]["tools"]
        assert any("project's .claude folder" in note for note in session["notes"])


def test_a_project_s_settings_cannot_switch_the_gate_off(world: World, claude: str) -> None:
    (world.work / ".claude").mkdir()
    off = {"disableAllHooks": True, "env": {"AGENTWATCH_SOCKET": "/nonexistent"}}
    (world.work / ".claude/settings.local.json").write_text(json.dumps(off))
    with running(world, claude, TOUCH, NO_QUESTIONS) as (process, _):
        (item,) = world.pending()
        world.call("deny", item["id"])
        assert ended(process) == 0
    assert not (world.work / "ran").exists()


def test_a_hook_killed_while_it_waits_is_a_denial(world: World, claude: str) -> None:
    with running(world, claude, TOUCH, NO_QUESTIONS) as (process, model):
        (item,) = world.pending()
        os.kill(item["pid"], signal.SIGKILL)
        assert ended(process) == 0
        assert "blocking" in model.result_texts()[0]
    assert not (world.work / "ran").exists()


def test_the_supervisor_killed_takes_agent_and_question_along(world: World, claude: str) -> None:
    with running(world, claude, TOUCH, NO_QUESTIONS) as (process, _):
        world.pending()
        session = world.session()
        assert alive(session["pid"])
        os.kill(session["supervisor_pid"], signal.SIGKILL)
        wait_for(lambda: not alive(session["pid"]), "the agent to be gone")
        ended(process)
    assert not (world.work / "ran").exists()


def test_the_kill_denies_what_is_asked(world: World, claude: str) -> None:
    with running(world, claude, TOUCH, NO_QUESTIONS) as (process, model):
        world.pending()
        receipt = world.json("kill")
        assert receipt["left"] == []
        assert receipt["denied_pending"] == 1
        assert ended(process) == 137
        assert model.results() == []
    assert not (world.work / "ran").exists()


@pytest.mark.parametrize("flag", ["--bare", "--safe-mode", "--settings={}", "--bg"])
def test_a_flag_that_would_ungate_it_starts_nothing(world: World, claude: str, flag: str) -> None:
    with model_server(TOUCH) as model:
        world.env |= CLAUDE.scrubbed(world.folder, model.url)
        done = world.call("run", "--no-tui", "--", claude, "-p", "GO", flag, check=False)
        assert done.returncode == 2
        assert done.stderr.startswith("agentwatch: error: claude cannot be supervised with --")
        assert "hint:" in done.stderr
        assert model.paths == []
    assert world.json("ls") == []


def test_interactive_it_arms_after_the_trust_dialog_and_is_gated(world: World, claude: str) -> None:
    state = json.loads((world.folder / ".claude.json").read_text())
    (world.folder / ".claude.json").write_text(json.dumps({**state, "projects": {}}))
    with model_server(TOUCH) as model:
        world.env |= CLAUDE.scrubbed(world.folder, model.url)
        person = Person(world, "run", "--no-tui", "--", claude, "GO", rows=40, cols=120)
        try:
            person.sees("No, exit")
            assert world.session()["armed"] is False
            _trusts_the_folder(person)
            (action,) = wait_for(lambda: person.look() and world.json("pending"), "the question")
            assert world.session()["armed"] is True
            assert action["command"] == "touch ran"
            world.call("deny", action["id"])
            world.call("kill")
        finally:
            person.leaves()
    assert not (world.work / "ran").exists()


def _trusts_the_folder(person: Person) -> None:
    """Choose yes.

    The dialog drops keys when it is first drawn and may take them late, so a choice counts once
    it has stood still for a while.
    """
    end = time.monotonic() + 2 * DEADLINE
    while (chosen := _standing_choice(person)) != "Yes":
        assert time.monotonic() < end, f"the dialog does not listen\n{person.look()}"
        if chosen == "No":
            person.types(DOWN)
    person.types("\r")


def _standing_choice(person: Person) -> str:
    """What the dialog's mark has stood at for two seconds; empty while it moves."""

    def choice() -> str:
        found = re.search("\u276f (Yes|No)", person.look())
        return found[1] if found else ""

    first, until = choice(), time.monotonic() + 2
    while time.monotonic() < until:
        if choice() != first:
            return ""
    return first


UNBROKEN = ("--breaker", "questions=off", "--breaker", "folder=off", "--breaker", "kind=off")
"""An agent that is not known is asked about its own state, file by file."""


def test_with_the_kernel_gate_a_switched_off_hook_changes_nothing(
    world: World, claude: str
) -> None:
    """The kernel holds what no hook ever saw: the same program, under a name that is not known."""
    unknown = world.folder / "unknown-agent"
    try:
        unknown.hardlink_to(Path(claude).resolve())
    except OSError:  # another file system
        shutil.copy(Path(claude).resolve(), unknown)
    with model_server(TOUCH) as model:
        world.env |= CLAUDE.scrubbed(world.folder, model.url)
        process = world.start(
            "run", "--no-tui", "--kernel-gate", *UNBROKEN,
            "--", str(unknown), "-p", "GO", "--dangerously-skip-permissions",
        )  # fmt: skip
        found: list[str] = []

        def all_but_it(action: Json) -> bool:
            touches = "touch ran" in action["summary"]
            found.extend([action["channel"]] if touches else [])
            return not touches

        run = Run(world, CLAUDE, model, process)
        run.decide(all_but_it, until=lambda: found or process.poll() is not None, within=120)
        assert found == ["kernel"]
        world.call("kill", check=False)
    assert not (world.work / "ran").exists()
