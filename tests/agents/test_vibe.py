"""How Mistral Vibe is started gated or refused, and what its tool calls propose."""

from __future__ import annotations

import json
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from agentwatch import agents
from agentwatch.agents import Prepared
from agentwatch.channels.hooks import client, trial
from agentwatch.errors import AgentwatchError
from agentwatch.model import Kind, Proposal
from agentwatch.wire import WireError

Json = dict[str, Any]


def start(folder: Path, *words: str, **env: str) -> Prepared:
    return agents.prepare(
        ("vibe", *words),
        {"HOME": str(folder), **env},
        socket="/run/s",
        cwd=str(folder),
        sealed=folder / "sealed",
        home=folder / "private",
    )


@pytest.mark.parametrize(
    ("argv", "before"),
    [
        (["vibe", "-p", "x"], 1),
        (["uvx", "mistral-vibe", "-p", "x"], 2),
        (["uvx", "--from", "mistral-vibe==3.0.2", "vibe", "-p", "x"], 4),
    ],
)
def test_our_folder_goes_before_the_user_s_own_arguments(
    tmp_path: Path, argv: list[str], before: int
) -> None:
    prepared = agents.prepare(argv, {"HOME": "/h"}, cwd=str(tmp_path), sealed=tmp_path)
    assert prepared.argv[before] == f"--add-dir={tmp_path}/vibe"
    assert [*prepared.argv[:before], *prepared.argv[before + 1 :]] == argv


def test_its_hook_is_strict_and_waits_for_a_person(tmp_path: Path) -> None:
    ((path, text),) = start(tmp_path, "-p", "x").files.items()
    assert path == tmp_path / "sealed/vibe/.vibe/hooks.toml"
    (hook,) = tomllib.loads(text)["hooks"]
    assert (hook["type"], hook["strict"], hook["timeout"]) == ("pre_tool", True, 86400)
    assert shlex.split(hook["command"])[5:] == ["vibe", "/run/s"]


def test_the_trial_has_a_home_and_a_model_of_its_own(tmp_path: Path) -> None:
    probe = start(tmp_path).probe
    assert probe[:2] == ("env", f"VIBE_HOME={tmp_path}/private/trial")
    assert trial.__file__ in probe
    assert f"--add-dir={tmp_path}/sealed/vibe" in probe
    tomllib.loads(trial.SETTINGS.format(port=1))


def test_the_trial_s_call_is_the_one_that_the_hook_blocks() -> None:
    spoken = json.dumps(list(trial.said(called=False)))
    assert client.TRIAL == trial.CALL
    assert client.TRIAL in spoken
    assert client.TRIAL not in json.dumps(list(trial.said(called=True)))


def test_its_own_folder_and_its_models_are_known(tmp_path: Path) -> None:
    settings = tmp_path / ".vibe/config.toml"
    settings.parent.mkdir()
    settings.write_text('[[providers]]\napi_base = "http://127.0.0.1:5/v1"\n')
    prepared = start(tmp_path, VIBE_PROVIDERS='[{"api_base": "http://127.0.0.1:6/v1"}]')
    assert prepared.own == (str(settings.parent),)
    assert prepared.models == ("http://127.0.0.1:5/v1", "http://127.0.0.1:6/v1")
    settings.write_bytes(b"\xff")
    assert start(tmp_path).models == ()


def test_a_hook_of_the_user_s_is_said(tmp_path: Path) -> None:
    quiet = start(tmp_path).notes
    (tmp_path / ".vibe").mkdir()
    (tmp_path / ".vibe/hooks.toml").touch()
    assert len(start(tmp_path).notes) == len(quiet) + 1


@pytest.mark.parametrize("text", ['name = "agentwatch"', 'name = "\\u0061gentwatch"'])
def test_a_project_with_a_hook_of_our_name_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / ".vibe").mkdir()
    (tmp_path / ".vibe/hooks.toml").write_text(f"[[hooks]]\n{text}\n")
    with pytest.raises(AgentwatchError, match="stand in for") as refused:
        start(tmp_path, "-p", "x")
    assert "--kernel-gate --no-hook" in refused.value.hint
    assert not start(tmp_path, "--version").expects_arm


# -- what its calls propose -----------------------------------------------------------------


def propose(tool: str, event: Json | None = None, **given: Any) -> Proposal:
    agent = agents.by_name("vibe")
    assert agent is not None
    data = {
        "hook_event_name": "pre_tool",
        "tool_name": tool,
        "tool_input": given,
        "cwd": "/ws",
        **(event or {}),
    }
    return agent.proposal(data, pid=7, parents=())


def test_commands_and_what_is_typed_into_them_are_shown_exactly() -> None:
    said = propose("file_system.bash", command="rm x")
    assert (said.kind, said.command, said.cwd) == (Kind.EXEC, "rm x", "/ws")
    assert "in the background" in propose("process.start", command="x").summary
    typed = propose("process.write", process_id="1", input="rm x\n")
    assert (typed.kind, typed.command) == (Kind.TOOL, "rm x\n")


def test_files_are_shown_as_changes(tmp_path: Path) -> None:
    path = tmp_path / "f"
    created = propose("file_system.write_file", file_path=str(path), content="x")
    assert created.summary == f"create {path}"
    path.write_text("a\n")
    one = propose("file_system.search_replace", file_path=str(path), old_string="a", new_string="b")
    assert "+b" in (one.diff or "")
    several = propose("file_system.search_replace", file_path=str(path), content=[{}, {}])
    assert several.kind is Kind.TOOL


def test_looking_is_reading_and_the_rest_is_asked() -> None:
    assert propose("file_system.read_file", file_path="/a").kind is Kind.READ
    assert propose("vibe.todo", action="read").kind is Kind.READ
    assert propose("vibe.web_fetch", url="https://h/").host == "h"
    assert propose("vibe.web_search", query="q").kind is Kind.NETWORK
    assert "MCP server s" in propose("mcp_s.read", x=1).summary
    assert propose("new.tool", x=1).kind is Kind.TOOL


def test_a_sub_agent_s_call_names_it() -> None:
    event = {"session_id": "s2", "parent_session_id": "s1"}
    assert propose("file_system.bash", event, command="x").proposer == "sub-agent s2"
    assert "sub-agent explore" in propose("agents.spawn", agent="explore").summary


@pytest.mark.parametrize(
    ("tool", "given", "event"),
    [
        ("file_system.bash", {}, {}),
        ("file_system.bash", {"command": "x"}, {"cwd": "ws"}),
        ("file_system.bash", {"command": "x"}, {"hook_event_name": "post_tool"}),
        ("file_system.write_file", {"file_path": "/x", "content": 3}, {}),
    ],
)
def test_an_event_that_cannot_be_read_is_refused(tool: str, given: Json, event: Json) -> None:
    with pytest.raises(WireError):
        propose(tool, event, **given)


def test_the_trial_s_model_speaks_http(tmp_path: Path) -> None:
    """The command finds the model by the settings in its home."""
    looks = (
        "import sys, tomllib, urllib.request as r;"
        f"d = tomllib.load(open({str(tmp_path / 'home/config.toml')!r}, 'rb'));"
        "q = r.Request(d['providers'][0]['api_base'] + '/chat/completions', b'{}');"
        "sys.exit(0 if b'agentwatch-trial' in r.urlopen(q).read() else 1)"
    )
    assert trial.main([str(tmp_path / "home"), sys.executable, "-c", looks]) == 0
