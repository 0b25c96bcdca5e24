"""Which commands start Claude Code, and how they are gated or refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from agentwatch import agents
from agentwatch.agents import Prepared
from agentwatch.errors import AgentwatchError, ExitCode

Json = dict[str, Any]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".claude").mkdir()
    return tmp_path


def start(home: Path, *arguments: str, **env: str) -> Prepared:
    return agents.prepare(
        ("claude", *arguments), {"HOME": str(home), **env}, socket="/run/s", cwd="/work space"
    )


def settings(prepared: Prepared) -> Json:
    data: Json = json.loads(prepared.argv[prepared.argv.index("--settings") + 1])
    return data


@pytest.mark.parametrize(
    ("argv", "before"),
    [
        (["claude", "x"], 1),
        (["/opt/bin/claude", "x"], 1),
        (["./claude.exe", "x"], 1),
        (["npx", "-y", "@anthropic-ai/claude-code", "x"], 3),
        (["npx", "--yes", "@anthropic-ai/claude-code@2.1.329", "x"], 3),
        (["npx", "@anthropic-ai/claude-code", "--", "x"], 3),
        (["npx", "-p", "@anthropic-ai/claude-code", "claude", "x"], 4),
        (["npx", "--package=@anthropic-ai/claude-code@latest", "-y", "claude", "x"], 4),
        (["npm", "exec", "@anthropic-ai/claude-code", "--", "x"], 4),
        (["bunx", "@anthropic-ai/claude-code", "x"], 2),
        (["pnpm", "dlx", "@anthropic-ai/claude-code", "x"], 3),
        (["node", "/lib/node_modules/@anthropic-ai/claude-code/cli.js", "x"], 2),
    ],
)
def test_its_flags_go_before_the_user_s_own_arguments(
    home: Path, argv: list[str], before: int
) -> None:
    prepared = agents.prepare(argv, {"HOME": str(home)}, socket="/run/s", cwd="/w")
    assert prepared.name == "claude"
    assert prepared.expects_arm
    at = prepared.argv.index("--settings")
    assert at == before + (argv[before] == "--")
    assert [*prepared.argv[:at], *prepared.argv[-1:]] == argv


@pytest.mark.parametrize(
    "argv",
    [
        ["python3", "claude.py"],
        ["npx", "-y", "something", "@anthropic-ai/claude-code"],
        ["npm", "install", "@anthropic-ai/claude-code"],
        ["npx", "-p", "@anthropic-ai/claude-code", "other"],
        ["npx"],
        ["claude-monitor"],
        ["node", "server.js"],
    ],
)
def test_another_program_is_left_as_it_is(argv: list[str]) -> None:
    prepared = agents.prepare(argv, {})
    assert agents.recognise(argv) is None
    assert prepared.argv == tuple(argv)
    assert not prepared.expects_arm


def test_nothing_is_no_agent() -> None:
    assert agents.recognise(()) is None


def test_a_link_of_another_name_is_recognised(tmp_path: Path) -> None:
    program = tmp_path / "claude"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    alias = tmp_path / "cc"
    alias.symlink_to(program)
    assert agents.recognise((str(alias),)) is not None


def test_the_hook_needs_no_shell_and_names_its_socket(home: Path) -> None:
    hooks = settings(start(home, "-p", "hi"))["hooks"]
    (tools,) = hooks["PreToolUse"]
    assert tools["matcher"] == "*"
    (hook,) = tools["hooks"]
    assert hook["command"] == sys.executable
    assert hook["args"][:3] == ["-I", "-S", "-E"]
    assert Path(hook["args"][3]).name == "client.py"
    assert Path(hook["args"][3]).exists()
    assert hook["args"][4:] == ["claude", "/run/s"]
    assert hook["onFailure"] == "block"
    assert hook["timeout"] == 86400
    assert hooks["SessionStart"] == [{"hooks": [hook]}]


def test_what_could_switch_the_hook_off_is_pinned_and_dropped(home: Path) -> None:
    prepared = start(home, LD_PRELOAD="/mine.so")
    pinned = settings(prepared)["env"]
    assert settings(prepared)["disableAllHooks"] is False
    assert pinned["CLAUDE_CODE_SIMPLE"] == pinned["CLAUDE_CODE_SAFE_MODE"] == ""
    assert pinned["LD_PRELOAD"] == "/mine.so"
    assert pinned["LD_AUDIT"] == ""
    assert set(prepared.env_drop) == {"CLAUDE_CODE_SIMPLE", "CLAUDE_CODE_SAFE_MODE"}


def test_project_settings_are_left_out_and_that_is_said(home: Path) -> None:
    prepared = start(home, "hello")
    at = prepared.argv.index("--setting-sources")
    assert prepared.argv[at + 1] == "user"
    assert "--add-dir=/work space" in prepared.argv
    assert prepared.env_add == {"CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD": "1"}
    assert any("project's .claude folder" in note for note in prepared.notes)


@pytest.mark.parametrize(
    "flag",
    "--bare --safe-mode --settings --setting-sources --managed-settings --bg --background "
    "--managed-settings-in-initialize --tmux --cloud --desktop".split(),
)
@pytest.mark.parametrize("form", ["{}", "{}=x"])
@pytest.mark.parametrize("place", [0, 2])
def test_a_flag_that_would_ungate_it_is_refused(
    home: Path, flag: str, form: str, place: int
) -> None:
    arguments = ["-p", "hi"]
    arguments.insert(place, form.format(flag))
    with pytest.raises(AgentwatchError) as refused:
        start(home, *arguments)
    assert refused.value.code is ExitCode.USAGE
    assert flag in refused.value.what
    assert "--ungated" in refused.value.hint


@pytest.mark.parametrize(
    "arguments",
    [
        ["agents"],
        ["attach", "x"],
        ["remote-control"],
        ["--verbose", "daemon", "run"],
        ["mcp", "serve"],
        ["plugin", "eval", "x"],
        ["ultrareview"],
    ],
)
def test_work_that_is_done_elsewhere_is_refused(home: Path, arguments: list[str]) -> None:
    with pytest.raises(AgentwatchError, match="cannot be supervised") as refused:
        start(home, *arguments)
    assert refused.value.code is ExitCode.USAGE


@pytest.mark.parametrize("arguments", [["--version"], ["mcp", "list"], ["doctor"], ["update"]])
def test_upkeep_runs_no_tools_and_is_left_as_it_is(home: Path, arguments: list[str]) -> None:
    prepared = start(home, *arguments)
    assert prepared.argv == ("claude", *arguments)
    assert not prepared.expects_arm


@pytest.mark.parametrize(
    ("argv", "held"),
    [
        (("claude", "-p", "x"), True),
        (("/opt/bin/claude",), True),
        (("npx", "-y", "@anthropic-ai/claude-code", "x"), False),
        (("pnpm", "dlx", "@anthropic-ai/claude-code"), False),
        (("bunx", "@anthropic-ai/claude-code"), True),
    ],
)
def test_what_installs_the_agent_first_is_not_held_and_says_why(
    argv: tuple[str, ...], held: bool, home: Path
) -> None:
    prepared = agents.prepare(argv, {"HOME": str(home)}, socket="/run/s", cwd="/w")
    assert prepared.unheld == (
        "" if held else f"{argv[0]} would be asked about all it installs: install claude first"
    )
    assert prepared.trial_within == (30 if held else agents.INSTALLING)


def test_ungated_is_left_as_it_is(home: Path) -> None:
    prepared = agents.prepare(("claude", "--bare"), {"HOME": str(home)}, ungated=True)
    assert prepared.argv == ("claude", "--bare")
    assert not prepared.expects_arm


@pytest.mark.parametrize(
    "arguments",
    [
        ["--dangerously-skip-permissions"],
        ["--permission-mode", "bypassPermissions"],
        ["--permission-mode=bypassPermissions"],
    ],
)
def test_skipping_its_own_questions_is_fine_and_said(home: Path, arguments: list[str]) -> None:
    prepared = start(home, *arguments)
    assert prepared.expects_arm
    assert any("agentwatch still does" in note for note in prepared.notes)


def test_hooks_of_the_user_s_own_are_said(home: Path) -> None:
    assert not any("of your own" in note for note in start(home).notes)
    own: Json = {"hooks": {"PreToolUse": [{"hooks": []}]}}
    (home / ".claude/settings.json").write_text(json.dumps(own))
    assert any("of your own" in note for note in start(home).notes)
    other = start(home, CLAUDE_CONFIG_DIR=str(home / "elsewhere"))
    assert not any("of your own" in note for note in other.notes)


@pytest.mark.parametrize("broken", ["", "[]", "{", '{"projects":[],"hooks":3}', "\xff"])
def test_settings_of_the_user_s_that_cannot_be_read_change_nothing(home: Path, broken: str) -> None:
    (home / ".claude/settings.json").write_text(broken, encoding="latin-1")
    (home / ".claude.json").write_text(broken, encoding="latin-1")
    assert start(home).expects_arm


def test_the_probe_is_the_same_start_without_a_model(home: Path) -> None:
    prepared = start(home, "-p", "hi")
    at = prepared.argv.index("-p")
    assert prepared.probe == (*prepared.argv[:at], "--init-only")
    setup: Json = {"hooks": {"Setup": [{"hooks": []}]}}
    (home / ".claude/settings.json").write_text(json.dumps(setup))
    assert start(home, "-p", "hi").probe == ()
    assert start(home, "--version").probe == ()


def test_commands_inside_skills_are_switched_off_and_that_is_said(home: Path) -> None:
    prepared = start(home)
    assert settings(prepared)["disableSkillShellExecution"] is True
    assert any("skill" in note and "not run" in note for note in prepared.notes)


def known(home: Path, **state: Any) -> None:
    projects = {"/work space": {"hasTrustDialogAccepted": True}}
    data = {"hasCompletedOnboarding": True, "projects": projects, **state}
    (home / ".claude.json").write_text(json.dumps(data))


def test_the_hook_is_expected_soon_where_no_dialog_is_in_the_way(home: Path) -> None:
    assert start(home, "-p", "hi").arm_within == 20
    assert start(home).arm_within == 900
    known(home)
    assert start(home).arm_within == 20
    assert start(home, "--resume").arm_within == 900
    known(home, projects={})
    assert start(home).arm_within == 900
    known(home, hasCompletedOnboarding=False)
    assert start(home).arm_within == 900


def test_the_agent_is_found_by_the_word_its_hook_says() -> None:
    agent = agents.by_name("claude")
    assert agent is not None
    assert agent.about.name == "claude"
    assert agents.by_name("another") is None


def test_an_installed_agent_is_found_with_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert agents.found() == []
    program = tmp_path / "claude"
    program.write_text("#!/bin/sh\necho '9.8.7 (Claude Code)'\n")
    program.chmod(0o755)
    (seen,) = agents.found()
    assert seen.to_json()["version"] == "9.8.7"
    program.write_text("not a program")
    assert agents.found()[0].version == "(version not told)"
