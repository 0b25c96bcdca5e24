"""How OpenClaw is started gated or refused, and what its tool calls propose."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from agentwatch import agents
from agentwatch.agents import Prepared, openclaw
from agentwatch.agents.openclaw_place import place
from agentwatch.errors import AgentwatchError
from agentwatch.model import Kind, Proposal
from agentwatch.wire import WireError

Json = dict[str, Any]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".openclaw").mkdir()
    return tmp_path


def start(home: Path, *words: str, **env: str) -> Prepared:
    return agents.prepare(
        ("openclaw", *words),
        {"HOME": str(home), **env},
        socket="/run/s",
        cwd=str(home),
        sealed=home / "sealed",
    )


def settings(prepared: Prepared) -> Json:
    ((path, text),) = prepared.files.items()
    assert str(path) == prepared.env_add["OPENCLAW_CONFIG_PATH"]
    data: Json = json.loads(text)
    return data


def running_gateway(home: Path, pid: int, began: int | None = None) -> None:
    folder = home / ".openclaw/tmp/openclaw-0"
    folder.mkdir(parents=True)
    lock = {"pid": pid} | ({} if began is None else {"startTime": began})
    (folder / "gateway.state.lock").write_text(json.dumps(lock) + "\n\t \t\n")


def started(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])


@pytest.mark.parametrize(
    "words", [("gateway",), ("gateway", "run"), ("gateway", "--port", "1"), ("agent", "--local")]
)
def test_our_plugin_is_added_to_the_user_s_settings(home: Path, words: tuple[str, ...]) -> None:
    (home / ".openclaw/openclaw.json").write_text("{}")
    prepared = start(home, *words)
    data = settings(prepared)
    assert data["$include"] == str(home / ".openclaw/openclaw.json")
    (folder,) = data["plugins"]["load"]["paths"]
    assert (Path(folder) / "openclaw.plugin.json").is_file()
    assert data["plugins"]["entries"]["agentwatch"]["config"] == {"socket": "/run/s"}
    assert "allow" not in data["plugins"]
    assert prepared.env_add["OPENCLAW_STATE_DIR"] == str(home / ".openclaw")
    assert prepared.env_add["OPENCLAW_INCLUDE_ROOTS"] == str(home / ".openclaw")
    assert prepared.argv == ("openclaw", *words)
    assert prepared.expects_arm


JSON5 = """{
  // mine
  plugins: { allow: ['it\\'s mine',], /* more */ entries: {} },
  "models": { providers: { a: { baseUrl: "http://127.0.0.1:1/v1", }, b: {} } },
  gateway: { mode: "local" },
}"""


def test_the_user_s_settings_are_read_as_json5(home: Path) -> None:
    (home / ".openclaw/openclaw.json").write_text(JSON5)
    prepared = start(home, "gateway")
    assert settings(prepared)["plugins"]["allow"] == ["agentwatch"]
    assert prepared.models == ("http://127.0.0.1:1/v1",)
    here = place({"HOME": str(home)})
    assert here.settings["plugins"]["allow"] == ["it's mine"]


@pytest.mark.parametrize("text", ["{", "[]", "\x00"])
def test_settings_that_cannot_be_read_are_still_included(home: Path, text: str) -> None:
    (home / ".openclaw/openclaw.json").write_text(text)
    assert "$include" in settings(start(home, "gateway"))


def test_settings_that_leave_our_plugin_out_are_refused(home: Path) -> None:
    (home / ".openclaw/openclaw.json").write_text("{plugins: {deny: ['agentwatch']}}")
    with pytest.raises(AgentwatchError, match="leave agentwatch's plugin out") as refused:
        start(home, "gateway")
    assert "plugins.deny" in refused.value.hint
    (home / ".openclaw/openclaw.json").write_text("{plugins: {deny: ['other']}}")
    assert start(home, "gateway").expects_arm


def test_the_agent_cannot_write_the_settings_that_name_our_plugin(home: Path) -> None:
    prepared = start(home, "gateway")
    (path,) = prepared.files
    assert path.parent == home / "sealed"
    assert prepared.own == (str(home / ".openclaw"),)


def test_our_own_patience_ends_before_openclaw_s(home: Path) -> None:
    """Then the model hears why, and the question does not stand on."""
    prepared = start(home, "gateway")
    entry = settings(prepared)["plugins"]["entries"]["agentwatch"]
    found = re.search(r"PATIENCE = ([\d_]+)", (openclaw.PLUGIN / "index.js").read_text())
    assert found
    assert int(found[1]) < entry["hooks"]["timeouts"]["before_tool_call"] == 600_000


def test_without_settings_ours_stand_alone(home: Path) -> None:
    assert "$include" not in settings(start(home, "gateway"))


def test_a_gateway_outside_is_said_before_the_start(home: Path) -> None:
    running_gateway(home, os.getpid(), started(os.getpid()))
    for words in (("agent", "--message", "x"), ("tui",), ("--log-level", "debug", "chat")):
        with pytest.raises(AgentwatchError, match="started elsewhere") as refused:
            start(home, *words)
        assert f"(process {os.getpid()})" in refused.value.what
        assert "agentwatch run -- openclaw gateway" in refused.value.hint
    with pytest.raises(AgentwatchError, match="runs already, outside"):
        start(home, "gateway")
    assert start(home, "agent", "--local", "--message", "x").expects_arm


def test_a_lock_left_behind_is_no_gateway(home: Path) -> None:
    running_gateway(home, os.getpid(), started(os.getpid()) - 1)
    assert start(home, "gateway").expects_arm


@pytest.mark.parametrize("lock", ["", "{}", '{"pid": "x"}', '{"pid": -1}', "[1]"])
def test_a_lock_that_cannot_be_read_is_no_gateway(home: Path, lock: str) -> None:
    running_gateway(home, 1)
    (home / ".openclaw/tmp/openclaw-0/gateway.state.lock").write_text(lock)
    assert place({"HOME": str(home)}).gateway() is None


def test_a_gateway_on_another_machine_is_outside(home: Path) -> None:
    with pytest.raises(AgentwatchError, match="another machine"):
        start(home, "agent", "--message", "x", "--url", "ws://h")
    (home / ".openclaw/openclaw.json").write_text('{gateway: {mode: "remote"}}')
    with pytest.raises(AgentwatchError, match="another machine"):
        start(home, "tui")


@pytest.mark.parametrize(
    "words",
    [
        ("gateway", "install"),
        ("gateway", "start"),
        ("daemon", "restart"),
        ("agent", "exec", "x"),
        ("--profile", "work", "gateway"),
        ("--dev", "gateway"),
    ],
)
def test_what_could_not_be_asked_is_refused(home: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(AgentwatchError, match="cannot be supervised this way"):
        start(home, *words)


@pytest.mark.parametrize("words", [("config", "get", "x"), ("gateway", "status"), ("--version",)])
def test_upkeep_is_left_as_it_is(home: Path, words: tuple[str, ...]) -> None:
    prepared = start(home, *words)
    assert (prepared.expects_arm, prepared.env_add) == (False, {})


# -- what its calls propose -----------------------------------------------------------------


def propose(tool: str, **given: Any) -> Proposal:
    return read({"tool": tool, "args": given, "cwd": "/ws", "agent": "main", "call": "c"})


def read(data: Json) -> Proposal:
    agent = agents.by_name("openclaw")
    assert agent is not None
    return agent.proposal(data, pid=7, parents=())


def test_a_command_is_shown_exactly() -> None:
    said = propose("exec", command="rm x", workdir="/other", title="tidy")
    assert (said.kind, said.command, said.cwd) == (Kind.EXEC, "rm x", "/other")
    assert said.words == "tidy"
    assert "in the background" in propose("exec", command="x", background=True).summary


def test_a_command_for_another_machine_is_said_to_be() -> None:
    said = propose("exec", command="rm x", host="node")
    assert (said.kind, said.summary) == (Kind.ASK_DAEMON, "run rm x (on: node)")


def test_code_mode_is_a_tool_with_all_it_holds() -> None:
    assert propose("exec", code="1").kind is Kind.TOOL


def test_a_running_command_is_looked_at_or_written_to() -> None:
    assert propose("process", action="log").kind is Kind.READ
    typed = propose("process", action="write", sessionId="s", data="rm x\n")
    assert (typed.kind, "rm x" in typed.summary) == (Kind.TOOL, True)


def test_files_are_shown_as_changes(tmp_path: Path) -> None:
    path = tmp_path / "f"
    assert propose("write", path=str(path), content="x").summary == f"create {path}"
    path.write_text("a\nb\n")
    edits = [{"oldText": "a", "newText": "1"}, {"oldText": "b", "newText": "2"}]
    diff = propose("edit", path=str(path), edits=edits).diff or ""
    assert "+1\n+2\n" in diff


def test_the_rest_is_asked_and_says_who_asks() -> None:
    assert propose("mail_delete", id=1).kind is Kind.TOOL
    assert propose("message", action="send", to="+1", message="x").kind is Kind.MESSAGE
    assert propose("web_fetch", url="https://h/x").host == "h"
    other = {"tool": "mail", "args": {}, "cwd": "/ws", "agent": "ops"}
    assert read(other).proposer == "agent ops"


def test_what_a_tool_call_calls_is_asked_itself() -> None:
    assert propose("tool_call", id="mail_delete", args={}).kind is Kind.READ


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"tool": "exec", "args": {"command": 1}, "cwd": "/ws"},
        {"tool": "exec", "args": {"command": "x"}},
        {"tool": "edit", "args": {"path": "x", "edits": "y"}, "cwd": "/ws"},
        {"tool": "edit", "args": {"path": "x", "edits": [{}]}, "cwd": "/ws"},
        {"tool": "process", "args": {}, "cwd": "/ws"},
        {"tool": "apply_patch", "args": {"input": ""}, "cwd": "/ws"},
    ],
)
def test_an_event_that_cannot_be_read_is_refused(data: Json) -> None:
    with pytest.raises(WireError):
        read(data)


def test_it_works_in_a_way_that_the_kernel_gate_can_follow(home: Path) -> None:
    plain = {"FS_SAFE_NATIVE_MODE": "off", "OPENCLAW_EXEC_SHELL_SNAPSHOT": "0"}
    bare = agents.prepare(("openclaw", "gateway"), {"HOME": str(home)}, hooked=False)
    for prepared in (start(home, "gateway"), bare):
        assert plain.items() <= prepared.env_add.items()
        assert not prepared.unheld


@pytest.mark.parametrize("words", [("chat",), ("tui", "--local", "--message", "x")])
def test_its_own_screen_is_said_to_be_held_by_the_kernel_gate_alone(
    home: Path, words: tuple[str, ...]
) -> None:
    prepared = start(home, *words)
    assert not prepared.expects_arm
    assert "FS_SAFE_NATIVE_MODE" in prepared.env_add
    assert any("kernel gate alone" in note for note in prepared.notes)
