"""How Gemini CLI and Qwen Code are started gated, and what their events propose."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from agentwatch import agents
from agentwatch.agents import Prepared, gemini, qwen, system_settings
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Kind, Proposal
from agentwatch.wire import WireError

Json = dict[str, Any]
PLACES = {"gemini": gemini.PLACE, "qwen": qwen.PLACE}
EVENTS = {"gemini": "BeforeTool", "qwen": "PreToolUse"}
BOTH = pytest.mark.parametrize("name", ["gemini", "qwen"])


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folders of these tests lie below a shared one."""
    monkeypatch.setattr(system_settings, "shared_parent", lambda _file: None)


def start(tmp_path: Path, name: str, *arguments: str, **env: str) -> Prepared:
    machine = {PLACES[name]: str(tmp_path / "none"), **env}
    return agents.prepare((name, *arguments), machine, socket="/run/s", sealed=tmp_path / "set")


def settings(prepared: Prepared) -> Json:
    ((path, text),) = prepared.files.items()
    assert prepared.env_add[PLACES[prepared.name]] == str(path)
    data: Json = json.loads(text)
    return data


@BOTH
def test_its_hook_is_put_in_above_every_other_settings_file(tmp_path: Path, name: str) -> None:
    prepared = start(tmp_path, name, "-p", "hello")
    assert prepared.argv == (name, "-p", "hello")
    assert prepared.expects_arm
    for event in (EVENTS[name], "SessionStart"):
        (hook,) = settings(prepared)["hooks"][event][0]["hooks"]
        assert shlex.split(hook["command"])[-3:] == [str(agents.HOOK), name, "/run/s"]
        assert hook["timeout"] == 86_400_000
    assert prepared.env_add["GEMINI_SANDBOX" if name == "gemini" else "QWEN_SANDBOX"] == "false"


def test_what_switches_hooks_off_is_overruled(tmp_path: Path) -> None:
    assert settings(start(tmp_path, "qwen", "-p", "x"))["disableAllHooks"] is False
    first = settings(start(tmp_path, "gemini", "-p", "x"))
    assert first["hooksConfig"] == {"enabled": True}
    assert first["tools"]["sandbox"] is False
    names = {
        settings(start(tmp_path, "gemini"))["hooks"]["BeforeTool"][0]["hooks"][0]["name"]
        for _ in range(2)
    }
    assert len(names) == 2  # one that is known beforehand could be named to be left out


@BOTH
def test_the_machine_s_own_system_settings_stay(tmp_path: Path, name: str) -> None:
    place = tmp_path / "machine.json"
    own = {"hooks": {EVENTS[name]: [{"hooks": []}]}, "tools": {"sandbox": True, "x": 1}, "y": 2}
    place.write_text(json.dumps(own))
    said = settings(start(tmp_path, name, **{PLACES[name]: str(place)}))
    assert said["y"] == 2
    assert said["tools"]["x"] == 1
    assert len(said["hooks"][EVENTS[name]]) == 2
    assert "agents" not in said["hooks"][EVENTS[name]][1]


@BOTH
@pytest.mark.parametrize("text", ["{ // a comment\n}", "[]", "nonsense"])
def test_system_settings_that_cannot_be_read_start_nothing(
    tmp_path: Path, name: str, text: str
) -> None:
    place = tmp_path / "machine.json"
    place.write_text(text)
    with pytest.raises(AgentwatchError, match="cannot be kept"):
        start(tmp_path, name, **{PLACES[name]: str(place)})


def test_a_place_where_others_may_write_starts_no_gemini(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    assert system_settings.shared_parent(shared / "own" / "x.json") == shared
    with pytest.raises(AgentwatchError, match="others may write"):
        agents.prepare(("gemini",), {}, sealed=shared / "set")


@pytest.mark.parametrize(
    "argv",
    [
        ("gemini", "--acp"), ("gemini", "--experimental-acp"), ("gemini", "-s"),
        ("gemini", "--sandbox", "-p", "x"), ("gemini", "--sandbox=true"),
        ("qwen", "--bare"), ("qwen", "--safe-mode"), ("qwen", "--acp"), ("qwen", "serve"),
        ("qwen", "channel", "start"), ("qwen", "-s"),
    ],
)  # fmt: skip
def test_what_would_ungate_it_is_refused(tmp_path: Path, argv: tuple[str, ...]) -> None:
    with pytest.raises(AgentwatchError, match="cannot be supervised") as caught:
        start(tmp_path, *argv)
    assert caught.value.code is ExitCode.USAGE


@pytest.mark.parametrize(
    "argv", [("gemini", "mcp", "list"), ("gemini", "--version"), ("qwen", "sessions", "list")]
)
def test_upkeep_is_left_alone(tmp_path: Path, argv: tuple[str, ...]) -> None:
    prepared = start(tmp_path, *argv)
    assert prepared.argv == argv
    assert not prepared.expects_arm
    assert prepared.files == {}


@BOTH
def test_a_talk_is_tried_first_and_may_wait_for_a_person(tmp_path: Path, name: str) -> None:
    talk, once = start(tmp_path, name), start(tmp_path, name, "-p", "x")
    assert talk.probe[0] == "env"
    assert any("127.0.0.1:9" in word for word in talk.probe)
    assert once.probe == ()
    assert talk.arm_within > once.arm_within > 0
    assert any("itself asks nothing" in note for note in start(tmp_path, name, "--yolo").notes)


def read(name: str, tool: str, given: Json, **event: Any) -> Proposal:
    agent = agents.by_name(name)
    assert agent is not None
    said = {"hook_event_name": EVENTS[name], "cwd": "/w", "tool_name": tool, "tool_input": given}
    return agent.proposal({**said, **event}, pid=1, parents=())


@BOTH
def test_commands_with_the_folder_they_run_in(name: str) -> None:
    folder = {"gemini": "dir_path", "qwen": "directory"}[name]
    action = read(name, "run_shell_command", {"command": "rm x", folder: "sub"})
    assert (action.kind, action.command, action.cwd) == (Kind.EXEC, "rm x", "/w/sub")
    behind = read(name, "run_shell_command", {"command": "x", "is_background": True})
    assert "background" in behind.summary


@BOTH
def test_files(name: str, tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("one\n")
    wrote = read(name, "write_file", {"file_path": str(file), "content": "two\n"})
    assert (wrote.kind, wrote.paths) == (Kind.WRITE, (str(file),))
    assert "-one\n+two\n" in (wrote.diff or "")
    tool = {"gemini": "replace", "qwen": "edit"}[name]
    given = {"file_path": str(file), "old_string": "one", "new_string": "1"}
    assert "-one\n+1\n" in (read(name, tool, given).diff or "")
    assert read(name, "read_file", {"file_path": "a"}).paths == ("/w/a",)
    assert read(name, "read_file", {"file_path": "a"}).kind is Kind.READ


def test_addresses_and_servers() -> None:
    fetched = read("gemini", "web_fetch", {"prompt": "read https://a.example/x and http://b.c/"})
    assert (fetched.kind, fetched.host) == (Kind.NETWORK, "a.example")
    assert "http://b.c/" in fetched.summary
    assert read("gemini", "web_fetch", {"prompt": "nothing"}).kind is Kind.TOOL
    assert read("qwen", "web_fetch", {"url": "https://a.example/x"}).host == "a.example"
    assert read("gemini", "google_web_search", {"query": "q"}).kind is Kind.NETWORK
    assert read("qwen", "web_search", {"query": "q"}).kind is Kind.NETWORK
    context = {"server_name": "box", "tool_name": "look"}
    of_server = read("gemini", "mcp_box_look", {}, mcp_context=context)
    assert of_server.summary == "use the tool look of the MCP server box"
    assert read("qwen", "mcp__box__look", {}).summary == of_server.summary
    assert read("gemini", "invoke_agent", {"agent_name": "x"}).kind is Kind.TOOL
    assert read("qwen", "agent", {"subagent_type": "x"}).kind is Kind.TOOL


def test_a_tool_that_was_looked_up_is_read_by_its_own_name() -> None:
    inner = {"name": "web_fetch", "arguments": {"url": "https://a.example/"}}
    action = read("qwen", "tool_call", inner)
    assert (action.tool, action.host) == ("web_fetch", "a.example")
    assert read("qwen", "tool_call", {"name": "new", "arguments": {}}).kind is Kind.TOOL
    with pytest.raises(WireError):
        read("qwen", "tool_call", {"name": "new"})


def test_a_notebook_s_cell() -> None:
    given = {"notebook_path": "n.ipynb", "new_source": "print(1)", "cell_id": "c"}
    action = read("qwen", "notebook_edit", given)
    assert (action.kind, action.paths) == (Kind.WRITE, ("/w/n.ipynb",))
    assert "print(1)" in (action.diff or "")


@BOTH
def test_what_cannot_be_read_is_an_error(name: str) -> None:
    with pytest.raises(WireError):
        read(name, "run_shell_command", {"command": ""})
    with pytest.raises(WireError):
        read(name, "run_shell_command", {}, hook_event_name="AfterTool")
    with pytest.raises(WireError):
        read(name, "write_file", {"file_path": "x"})
