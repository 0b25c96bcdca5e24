"""How OpenCode is started gated or refused, and what its tool calls propose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentwatch import agents
from agentwatch.agents import Prepared
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Kind, Proposal
from agentwatch.wire import WireError

Json = dict[str, Any]


def start(folder: Path, *arguments: str, **env: str) -> Prepared:
    given = {"HOME": str(folder), **env}
    return agents.prepare(("opencode", *arguments), given, socket="/run/s", cwd=str(folder))


def content(prepared: Prepared) -> Json:
    data: Json = json.loads(prepared.env_add["OPENCODE_CONFIG_CONTENT"])
    return data


@pytest.mark.parametrize(
    "argv",
    [
        ["opencode"],
        ["opencode", "run", "x"],
        ["/opt/bin/opencode"],
        ["npx", "-y", "opencode-ai@latest", "run", "x"],
        ["bunx", "opencode-ai"],
        ["pnpm", "dlx", "opencode-ai", "serve"],
    ],
)
def test_its_command_stays_and_a_plugin_comes_by_the_environment(
    tmp_path: Path, argv: list[str]
) -> None:
    prepared = agents.prepare(argv, {"HOME": str(tmp_path)}, socket="/run/s", cwd=str(tmp_path))
    assert prepared.name == "opencode"
    assert prepared.argv == tuple(argv)
    assert prepared.expects_arm
    ((address, options),) = content(prepared)["plugin"]
    assert Path(address.removeprefix("file://")).is_file()
    assert options == {"socket": "/run/s"}


def test_the_user_s_own_inline_configuration_stays_and_ours_is_last(tmp_path: Path) -> None:
    own = {"plugin": ["mine"], "model": "x/y", "instructions": ["a.md"]}
    data = content(start(tmp_path, OPENCODE_CONFIG_CONTENT=json.dumps(own)))
    assert data["plugin"][0] == "mine"
    assert "opencode.mjs" in data["plugin"][1][0]
    assert data["model"] == "x/y"
    assert data["instructions"] == ["a.md"]


@pytest.mark.parametrize("own", ["{", "[]", '{"plugin":"x"}', '{"instructions":{"a":1}}'])
def test_an_inline_configuration_that_cannot_be_kept_starts_nothing(
    tmp_path: Path, own: str
) -> None:
    with pytest.raises(AgentwatchError, match="OPENCODE_CONFIG_CONTENT"):
        start(tmp_path, OPENCODE_CONFIG_CONTENT=own)


def test_the_project_s_configuration_is_left_out_but_not_its_instructions(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "AGENTS.md").write_text("x")
    inner = tmp_path / "inner"
    inner.mkdir()
    prepared = agents.prepare(["opencode"], {"HOME": "/h"}, socket="/s", cwd=str(inner))
    assert prepared.env_add["OPENCODE_DISABLE_PROJECT_CONFIG"] == "1"
    assert content(prepared)["instructions"] == [str(tmp_path / "AGENTS.md")]
    assert any("not the project's" in note for note in prepared.notes)


def test_instructions_above_the_project_are_not_named(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("x")
    inner = tmp_path / "inner"
    inner.mkdir()
    assert content(start(inner))["instructions"] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".opencode/plugin/a.js", ""),
        (".opencode/plugins/a.ts", ""),
        ("opencode.json", '{"plugins": ["./x.js"]}'),
        (".opencode/opencode.jsonc", '{"\\u0070lugins": ["./x.js"]}'),
    ],
)
def test_a_project_with_plugins_is_refused_where_a_hook_is_wanted(
    tmp_path: Path, name: str, text: str
) -> None:
    inner = tmp_path / "project/inner"
    inner.mkdir(parents=True)
    (tmp_path / "project/.git").mkdir()
    path = tmp_path / "project" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    argv, env = ("opencode", "run", "x"), {"HOME": str(tmp_path)}
    with pytest.raises(AgentwatchError, match="brings a plugin") as refused:
        agents.prepare(argv, env, socket="/s", cwd=str(inner))
    assert "--kernel-gate --no-hook" in refused.value.hint
    below = agents.prepare(argv, env, socket="/s", cwd=str(inner), hooked=False)
    assert (below.argv, below.expects_arm, below.env_add) == (argv, False, {})
    assert str(tmp_path / ".local/share/opencode") in below.own


def test_what_leaves_plugins_out_is_dropped_or_refused(tmp_path: Path) -> None:
    assert "OPENCODE_PURE" in start(tmp_path).env_drop
    for arguments in (("--pure",), ("run", "--pure", "x")):
        with pytest.raises(AgentwatchError, match="--pure") as refused:
            start(tmp_path, *arguments)
        assert refused.value.code == ExitCode.USAGE


@pytest.mark.parametrize("arguments", [("attach", "http://x"), ("run", "--attach=http://x", "hi")])
def test_a_server_elsewhere_is_refused_with_the_command_that_works(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    with pytest.raises(AgentwatchError, match="started elsewhere") as refused:
        start(tmp_path, *arguments)
    assert "agentwatch run -- opencode serve" in refused.value.hint


@pytest.mark.parametrize("word", ["models", "auth", "--version", "session"])
def test_upkeep_is_left_as_it_is(tmp_path: Path, word: str) -> None:
    prepared = start(tmp_path, word)
    assert not prepared.expects_arm
    assert prepared.env_add == {}


def test_a_port_is_said_to_be_a_way_around(tmp_path: Path) -> None:
    assert any("port" in note for note in start(tmp_path, "--port", "4096").notes)
    assert not any("port" in note for note in start(tmp_path).notes)


def test_the_models_it_is_told_of_are_known(tmp_path: Path) -> None:
    folder = tmp_path / "conf/opencode"
    folder.mkdir(parents=True)
    told = {"provider": {"a": {"options": {"baseURL": "http://127.0.0.1:5/v1"}}}}
    (folder / "opencode.json").write_text(json.dumps(told))
    inline = json.dumps(told).replace("5/v1", "6/v1")
    prepared = start(
        tmp_path, XDG_CONFIG_HOME=str(tmp_path / "conf"), OPENCODE_CONFIG_CONTENT=inline
    )
    assert set(prepared.models) == {"http://127.0.0.1:5/v1", "http://127.0.0.1:6/v1"}


# -- what its calls propose -----------------------------------------------------------------


def event(tool: str, **given: Any) -> Json:
    return {"tool": tool, "args": given, "cwd": "/ws", "session": "s1", "call": "c1"}


def propose(tool: str, **given: Any) -> Proposal:
    return read(event(tool, **given))


def read(data: Json) -> Proposal:
    agent = agents.by_name("opencode")
    assert agent is not None
    return agent.proposal(data, pid=7, parents=("opencode(5)",))


def test_a_shell_command_is_shown_exactly_with_its_folder() -> None:
    said = propose("bash", command="rm -rf x", description="harmless", workdir="sub")
    assert (said.kind, said.command, said.cwd) == (Kind.EXEC, "rm -rf x", "/ws/sub")
    assert (said.words, said.pid, said.channel) == ("harmless", 7, "hooks")
    assert "harmless" not in said.summary


def test_writes_and_edits_are_shown_as_changes(tmp_path: Path) -> None:
    path = tmp_path / "f"
    made = propose("write", filePath=str(path), content="one\n")
    assert (made.kind, made.paths, made.summary) == (Kind.WRITE, (str(path),), f"create {path}")
    path.write_text("one\n")
    changed = propose("edit", filePath=str(path), oldString="one", newString="two")
    assert changed.diff is not None
    assert "-one\n+two\n" in changed.diff
    assert propose("write", filePath="f", content="").paths == ("/ws/f",)


PATCH = """*** Begin Patch
*** Add File: new.txt
+x
*** Update File: old.txt
*** Move to: moved.txt
@@
-a
+b
*** Delete File: gone.txt
*** End Patch
"""


def test_a_patch_names_every_file_it_touches() -> None:
    said = propose("apply_patch", patchText=PATCH)
    assert said.kind is Kind.WRITE
    assert said.paths == ("/ws/new.txt", "/ws/old.txt", "/ws/moved.txt", "/ws/gone.txt")
    assert said.summary.endswith("deletes gone.txt")
    assert said.diff == PATCH
    only = propose("apply_patch", patchText="*** Begin Patch\n*** Delete File: a\n*** End Patch")
    assert only.kind is Kind.DELETE


@pytest.mark.parametrize("tool", ["read", "glob", "grep", "list", "todowrite", "skill"])
def test_looking_is_reading(tool: str) -> None:
    said = propose(tool, filePath="a")
    assert (said.kind, said.paths) == (Kind.READ, ("/ws/a",))


def test_fetches_searches_and_sub_agents() -> None:
    fetched = propose("webfetch", url="https://h.example/x")
    assert (fetched.kind, fetched.host) == (Kind.NETWORK, "h.example")
    assert propose("websearch", query="q").kind is Kind.NETWORK
    task = propose("task", description="d", prompt="p", subagent_type="explore")
    assert (task.kind, "sub-agent explore" in task.summary) == (Kind.TOOL, True)


def test_an_unknown_tool_is_asked_with_all_it_holds() -> None:
    said = propose("mail_delete", ids=[1, 2], command="x")
    assert (said.kind, said.params, said.command) == (
        Kind.TOOL, {"ids": [1, 2], "command": "x"}, "x",
    )  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"tool": "bash"},
        {"tool": "bash", "args": {}, "cwd": "/ws"},
        {"tool": "bash", "args": {"command": 1}, "cwd": "/ws"},
        {"tool": "bash", "args": {"command": "x"}, "cwd": "ws"},
        {"tool": "bash", "args": {"command": "x", "workdir": 1}, "cwd": "/ws"},
        {"tool": "bash", "args": [], "cwd": "/ws"},
        {"tool": 3, "args": {}, "cwd": "/ws"},
        {"tool": "write", "args": {"content": "x"}, "cwd": "/ws"},
        {"tool": "edit", "args": {"filePath": "x", "oldString": 1}, "cwd": "/ws"},
        {"tool": "apply_patch", "args": {"patchText": "nothing"}, "cwd": "/ws"},
        {"tool": "webfetch", "args": {"url": "http://[x"}, "cwd": "/ws"},
        {"tool": "websearch", "args": {}, "cwd": "/ws"},
    ],
)
def test_an_event_that_cannot_be_read_is_refused(data: Json) -> None:
    with pytest.raises(WireError):
        read(data)
