"""How Copilot CLI is started gated or refused, and what its tool calls propose."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from agentwatch import agents
from agentwatch.agents import Prepared
from agentwatch.errors import AgentwatchError
from agentwatch.model import Kind, Proposal
from agentwatch.wire import WireError

Json = dict[str, Any]


def start(folder: Path, *words: str, **env: str) -> Prepared:
    return agents.prepare(
        ("copilot", *words),
        {"HOME": str(folder), **env},
        socket="/run/s",
        cwd=str(folder),
        sealed=folder / "sealed",
        home=folder / "private",
    )


@pytest.mark.parametrize(
    ("argv", "before"),
    [
        (["copilot", "-p", "x"], 1),
        (["npx", "-y", "@github/copilot@latest", "-p", "x"], 3),
        (["node", "/lib/node_modules/@github/copilot/npm-loader.js"], 2),
    ],
)
def test_our_plugin_goes_before_the_user_s_own_arguments(
    tmp_path: Path, argv: list[str], before: int
) -> None:
    prepared = agents.prepare(argv, {"HOME": "/h"}, cwd=str(tmp_path), sealed=tmp_path)
    assert prepared.argv[before] == f"--plugin-dir={tmp_path}/copilot"
    assert [*prepared.argv[:before], *prepared.argv[before + 2 :]] == argv


def test_its_plugin_has_our_hook_for_calls_and_for_the_start(tmp_path: Path) -> None:
    files = {path.name: json.loads(text) for path, text in start(tmp_path, "-p", "x").files.items()}
    assert files["plugin.json"]["hooks"] == "hooks.json"
    hooks = files["hooks.json"]["hooks"]
    (entry,) = hooks["PreToolUse"]
    assert hooks["SessionStart"] == [entry]
    words = shlex.split(entry["bash"])
    assert words[1:4] == ["-I", "-S", "-E"]
    assert words[5:] == ["copilot", "/run/s"]
    assert entry["timeoutSec"] == 86400


def test_the_trial_has_a_home_of_its_own_and_no_model(tmp_path: Path) -> None:
    probe = start(tmp_path).probe
    assert probe[0] == "env"
    assert f"COPILOT_HOME={tmp_path}/private/trial" in probe
    assert "COPILOT_PROVIDER_BASE_URL=http://127.0.0.1:9/v1" in probe
    assert f"--plugin-dir={tmp_path}/sealed/copilot" in probe


def test_without_a_prompt_its_hook_may_speak_late(tmp_path: Path) -> None:
    assert start(tmp_path).arm_within > 3600
    assert start(tmp_path, "-i", "x").arm_within > 3600  # the folder's trust is asked first
    assert start(tmp_path, "-p", "x").arm_within < 120


def test_its_own_folders_and_models_are_known(tmp_path: Path) -> None:
    prepared = start(
        tmp_path, COPILOT_HOME="/elsewhere", COPILOT_PROVIDER_BASE_URL="http://127.0.0.1:5"
    )
    assert prepared.own == ("/elsewhere",)
    assert prepared.models == ("http://127.0.0.1:5",)
    assert "COPILOT_ALLOW_ALL" in prepared.env_drop


@pytest.mark.parametrize("name", ["settings.json", "settings.local.json"])
@pytest.mark.parametrize("text", ['{"disableAllHooks": true}', '{"\\u0064isableAllHooks": true}'])
def test_a_project_that_switches_hooks_off_is_refused(tmp_path: Path, name: str, text: str) -> None:
    folder = tmp_path / ".github/copilot"
    folder.mkdir(parents=True)
    (folder / name).write_text(text)
    with pytest.raises(AgentwatchError, match="switches hooks off") as refused:
        start(tmp_path, "-p", "x")
    assert "--kernel-gate --no-hook" in refused.value.hint
    assert not start(tmp_path, "--version").expects_arm


@pytest.mark.parametrize("word", ["--connect", "--remote", "--environment-host=x", "app"])
def test_what_works_elsewhere_is_refused(tmp_path: Path, word: str) -> None:
    with pytest.raises(AgentwatchError, match="cannot be supervised"):
        start(tmp_path, word)


# -- what its calls propose -----------------------------------------------------------------


def event(tool: str, **given: Any) -> Json:
    return {
        "hook_event_name": "PreToolUse",
        "tool_name": tool,
        "tool_input": given,
        "cwd": "/ws",
    }


def propose(tool: str, **given: Any) -> Proposal:
    return read(event(tool, **given))


def read(data: Json) -> Proposal:
    agent = agents.by_name("copilot")
    assert agent is not None
    return agent.proposal(data, pid=7, parents=())


def test_a_command_is_shown_exactly() -> None:
    said = propose("Bash", command="rm x", description="tidy")
    assert (said.kind, said.command, said.words) == (Kind.EXEC, "rm x", "tidy")
    assert "in the background" in propose("bash", command="x", mode="async").summary


def test_keys_for_a_running_shell_are_a_command() -> None:
    typed = propose("write_bash", shellId="1", input="rm x{enter}")
    assert (typed.kind, typed.command) == (Kind.EXEC, "rm x{enter}")


def test_files_are_shown_as_changes(tmp_path: Path) -> None:
    path = tmp_path / "f"
    assert propose("Write", path=str(path), file_text="x").summary == f"create {path}"
    path.write_text("a\n")
    assert "+b" in (propose("Edit", path=str(path), old_str="a", new_str="b").diff or "")


def test_looking_is_reading_and_the_rest_is_asked() -> None:
    assert propose("Read", path="/a").kind is Kind.READ
    assert propose("sql", query="DROP").kind is Kind.TOOL
    assert propose("WebFetch", url="https://h/").host == "h"


def test_a_sub_agent_s_call_names_it() -> None:
    data = event("Bash", command="x") | {"agent_id": "a1", "agent_type": "general-purpose"}
    assert read(data).proposer == "general-purpose a1"
    assert "sub-agent explore" in propose("Agent", prompt="p", agent_type="explore").summary


@pytest.mark.parametrize(
    "data",
    [
        {},
        event("Bash") | {"hook_event_name": "PostToolUse"},
        event("Bash"),
        event("Bash", command="x") | {"cwd": "ws"},
        event("Write", path="/x", file_text=3),
        event("Edit", old_str="x", new_str="y"),
    ],
)
def test_an_event_that_cannot_be_read_is_refused(data: Json) -> None:
    with pytest.raises(WireError):
        read(data)
