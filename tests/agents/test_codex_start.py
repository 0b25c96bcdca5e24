"""How Codex is started gated, what is refused, and what is said."""

from __future__ import annotations

import hashlib
import json
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest

from agentwatch import agents
from agentwatch.agents import Prepared
from agentwatch.errors import AgentwatchError, ExitCode

Json = dict[str, Any]


def start(home: Path, *arguments: str) -> Prepared:
    env = {"HOME": str(home)}
    return agents.prepare(("codex", *arguments), env, socket="/run/a b/s", cwd="/w")


def settings(prepared: Prepared) -> Json:
    """The settings given with -c, put together."""
    given = [prepared.argv[at + 1] for at, word in enumerate(prepared.argv) if word == "-c"]
    data: Json = tomllib.loads("\n".join(given))
    return data


def test_its_hook_is_put_in_trusted_and_pinned(tmp_path: Path) -> None:
    prepared = start(tmp_path, "exec", "do it")
    assert prepared.argv[0] == "codex"
    assert prepared.argv[-2:] == ("exec", "do it")
    assert prepared.expects_arm
    said = settings(prepared)
    assert said["features"] == {
        "hooks": True, "unified_exec_tty": False, "shell_snapshot": False,
    }  # fmt: skip
    for event, name, only in (
        ("PreToolUse", "pre_tool_use", {}),
        ("SessionStart", "session_start", {}),
        ("PermissionRequest", "permission_request", {"matcher": "apply_patch"}),
    ):
        (hook,) = said["hooks"][event][0].pop("hooks")
        assert said["hooks"][event] == [only]
        assert shlex.split(hook["command"])[-3:] == [str(agents.HOOK), "codex", "/run/a b/s"]
        assert hook["timeout"] == 86400
        whole = {"event_name": name, "hooks": [{**hook, "async": False}], **only}
        spelled = json.dumps(whole, sort_keys=True, separators=(",", ":"))
        known = said["hooks"]["state"][f"/<session-flags>/config.toml:{name}:0:0"]
        assert known["trusted_hash"] == f"sha256:{hashlib.sha256(spelled.encode()).hexdigest()}"


def test_its_probe_has_the_same_hook_and_no_model(tmp_path: Path) -> None:
    prepared = start(tmp_path, "-m", "gpt-5.5", "hello")
    hooks = prepared.argv.index("-m")
    assert prepared.probe[:hooks] == prepared.argv[:hooks]
    assert "--ephemeral" in prepared.probe
    assert any("127.0.0.1:9" in word for word in prepared.probe)


@pytest.mark.parametrize(
    ("arguments", "within"),
    [(("exec", "x"), 20), (("-m", "gpt-5.5", "e", "x"), 20), (("hello",), 900), ((), 900)],
)
def test_a_person_may_take_time(tmp_path: Path, arguments: tuple[str, ...], within: float) -> None:
    assert start(tmp_path, *arguments).arm_within == within


@pytest.mark.parametrize(
    "arguments",
    [
        ("-c", "features.hooks=false"),
        ("exec", "-c", "hooks={}", "x"),
        ("--config", "hooks.PreToolUse=[]"),
        ("--config=features.hooks=false",),
        ("-cfeatures.hooks=false",),
        ("-c=features.hooks=false",),
        ("-c", 'features."hooks"=false'),
        ("-c", "features={hooks=false}"),
        ("--disable", "hooks"),
        ("--disable=hooks",),
        ("--enable", "unified_exec_tty"),
        ("--remote", "unix://x"),
        ("--remote=ws://x",),
        ("app-server",),
        ("-m", "gpt-5.5", "remote-control"),
        ("agents",),
        ("cloud",),
    ],
)
def test_what_would_ungate_it_is_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(AgentwatchError) as caught:
        start(tmp_path, *arguments)
    assert caught.value.code is ExitCode.USAGE
    assert "codex cannot be supervised" in caught.value.what
    assert "--ungated" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "arguments", [("login",), ("--version",), ("mcp", "list"), ("-m", "x", "-h")]
)
def test_upkeep_runs_no_model_and_is_left_alone(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    prepared = start(tmp_path, *arguments)
    assert prepared.argv == ("codex", *arguments)
    assert not prepared.expects_arm


@pytest.mark.parametrize(
    "arguments", [("-c", "model=x"), ("-c", "featuresque=1"), ("--enable", "plugins")]
)
def test_other_settings_pass(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert start(tmp_path, *arguments).argv[-2:] == arguments


def test_hooks_of_the_user_s_own_are_said(tmp_path: Path) -> None:
    def said() -> bool:
        return any("of your own" in note for note in start(tmp_path, "exec", "x").notes)

    assert not said()
    (tmp_path / ".codex").mkdir()
    config = tmp_path / ".codex" / "config.toml"
    config.write_text("[[hooks.Stop]]\n")
    assert not said()
    config.write_text("[[hooks.PreToolUse]]\n")
    assert said()
    config.write_text("not = = toml")
    assert said()
    config.unlink()
    (tmp_path / ".codex" / "hooks.json").write_text("{}")
    assert said()


def test_the_modes_that_ask_less_are_said(tmp_path: Path) -> None:
    free = start(tmp_path, "--dangerously-bypass-approvals-and-sandbox").notes
    assert any("agentwatch still does" in note for note in free)
    assert any("its own sandbox" in note for note in start(tmp_path, "hello").notes)


def test_the_kernel_gate_alone_gets_commands_it_can_follow(tmp_path: Path) -> None:
    prepared = agents.prepare(("codex", "exec", "x"), {"HOME": str(tmp_path)}, hooked=False)
    assert prepared.argv == ("codex", "-c", "features.shell_snapshot=false", "exec", "x")
    assert "api.openai.com" in prepared.hosts
