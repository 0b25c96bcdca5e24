"""What each tool call of Claude Code's proposes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from agentwatch import agents
from agentwatch.agents import changes
from agentwatch.model import Kind, Proposal
from agentwatch.wire import WireError

Json = dict[str, Any]


def event(tool: str, **given: Any) -> Json:
    return {
        "hook_event_name": "PreToolUse",
        "tool_name": tool,
        "tool_input": given,
        "cwd": "/ws",
        "tool_use_id": "t1",
    }


def read(data: Json) -> Proposal:
    agent = agents.by_name("claude")
    assert agent is not None
    return agent.proposal(data, pid=7, parents=("claude(5)",))


def propose(tool: str, **given: Any) -> Proposal:
    return read(event(tool, **given))


def test_a_shell_command_is_shown_exactly() -> None:
    command = "cd /x && rm -rf  'a b'\n# done"
    proposal = propose("Bash", command=command, description="Tidy up a bit")
    assert proposal.kind is Kind.EXEC
    assert proposal.command == command
    assert proposal.summary == f"run {command}"
    assert proposal.words == "Tidy up a bit"
    assert proposal.cwd == "/ws"
    assert (proposal.pid, proposal.parents) == (7, ("claude(5)",))
    assert proposal.channel == "hooks"
    assert proposal.proposer == ""


def test_the_agent_s_description_never_reaches_our_own_line() -> None:
    for tool in ("Bash", "Agent", "Mystery"):
        given = {"command": "x", "prompt": "p", "description": "HARMLESS"}
        assert "HARMLESS" not in propose(tool, **given).summary


def test_a_command_in_the_background_is_said_to_be() -> None:
    proposal = propose("Bash", command="sleep 9", run_in_background=True)
    assert proposal.summary == "run in the background sleep 9"
    assert proposal.params["run_in_background"] is True


def test_a_monitor_is_a_command_that_goes_on() -> None:
    assert propose("Monitor", command="tail -f x", description="d").kind is Kind.EXEC
    watched = propose("Monitor", ws={"url": "wss://h.example/x"}, description="d")
    assert (watched.kind, watched.host) == (Kind.NETWORK, "h.example")


def test_a_sub_agent_s_call_names_it() -> None:
    data = event("Bash", command="ls") | {"agent_id": "a9", "agent_type": "Explore"}
    assert read(data).proposer == "Explore a9"
    assert read(event("Bash", command="ls") | {"agent_id": "a9"}).proposer == "sub-agent a9"


@pytest.mark.parametrize("tool", ["Agent", "Task"])
def test_starting_a_sub_agent_is_a_tool(tool: str) -> None:
    proposal = propose(tool, description="d", prompt="p", subagent_type="Explore")
    assert proposal.kind is Kind.TOOL
    assert "sub-agent Explore" in proposal.summary


def test_a_new_file_is_shown_whole(tmp_path: Path) -> None:
    path = str(tmp_path / "new.txt")
    proposal = propose("Write", file_path=path, content="one\ntwo\n")
    assert proposal.kind is Kind.WRITE
    assert proposal.paths == (path,)
    assert proposal.summary == f"create {path}"
    assert proposal.diff == f"--- /dev/null\n+++ {path}\n@@ -0,0 +1,2 @@\n+one\n+two\n"
    assert not os.path.lexists(path)


def test_an_overwrite_is_shown_against_the_file_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("keep\nold\n")
    proposal = propose("Write", file_path=str(path), content="keep\nnew\n")
    assert proposal.summary == f"overwrite {path}"
    assert proposal.diff is not None
    assert "-old\n+new\n" in proposal.diff
    assert " keep\n" in proposal.diff
    assert path.read_text() == "keep\nold\n"


def test_an_edit_is_shown_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("a\nb\nc\n")
    proposal = propose("Edit", file_path=str(path), old_string="b", new_string="B")
    assert proposal.summary == f"edit {path}"
    assert proposal.diff is not None
    assert " a\n-b\n+B\n c\n" in proposal.diff


def test_several_edits_are_shown_as_one_change(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("a a\nb\n")
    edits = [
        {"old_string": "a", "new_string": "x", "replace_all": True},
        {"old_string": "x x", "new_string": "y"},
    ]
    proposal = propose("MultiEdit", file_path=str(path), edits=edits)
    assert proposal.diff is not None
    assert "-a a\n+y\n" in proposal.diff


@pytest.mark.parametrize(
    ("old", "said"), [("zebra", "not in the file"), ("a", "2 times"), ("", "not in the file")]
)
def test_an_edit_that_does_not_fit_is_said_and_still_shown(
    tmp_path: Path, old: str, said: str
) -> None:
    path = tmp_path / "f"
    path.write_text("a a\n")
    diff = propose("Edit", file_path=str(path), old_string=old, new_string="Q").diff
    assert diff is not None
    assert said in diff
    assert "+Q" in diff


def test_an_edit_of_no_file_creates_it(tmp_path: Path) -> None:
    path = tmp_path / "f"
    proposal = propose("Edit", file_path=str(path), old_string="", new_string="hi\n")
    assert proposal.summary == f"create {path}"
    assert proposal.diff is not None
    assert "+hi\n" in proposal.diff


@pytest.mark.parametrize("sort", ["binary", "long", "folder", "fifo", "unreadable", "nul"])
def test_a_file_that_cannot_be_compared_is_said_in_words(tmp_path: Path, sort: str) -> None:
    path = tmp_path / "f"
    said = {
        "binary": "not text",
        "long": "too long",
        "folder": "not a regular file",
        "fifo": "not a regular file",
        "unreadable": "cannot be read",
        "nul": "cannot be read",
    }[sort]
    name = str(path)
    if sort == "binary":
        path.write_bytes(b"\xff\x00")
    elif sort == "long":
        path.write_bytes(b"x" * (changes.MAX_FILE + 1))
    elif sort == "folder":
        path.mkdir()
    elif sort == "fifo":
        os.mkfifo(path)
    elif sort == "unreadable":
        path.write_text("")
        name = str(path / "below a file")
    else:
        name += "\0"
    for tool in ({"content": "NEW"}, {"old_string": "x", "new_string": "NEW"}):
        proposal = propose("Write" if "content" in tool else "Edit", file_path=name, **tool)
        assert proposal.kind is Kind.WRITE
        assert proposal.diff is not None
        assert said in proposal.diff
        assert "NEW" in proposal.diff


def test_a_change_too_long_to_compare_is_quoted_and_cut_in_words(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("a\n" * (changes.MAX_LINES + 1))
    diff = propose("Write", file_path=str(path), content="b\n" * changes.MAX_DIFF).diff
    assert diff is not None
    assert "too long to compare" in diff
    assert "cut here" in diff
    assert len(diff) < changes.MAX_DIFF + 500


def test_lines_end_where_the_file_ends_them(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("a\u2028b\x0cc", newline="")
    diff = propose("Write", file_path=str(path), content="a\u2028b\x0cc\r\n").diff
    assert diff is not None
    assert "-a\u2028b\x0cc\n\\ No newline at end of file\n+a\u2028b\x0cc\r\n" in diff


def test_writing_what_is_there_is_said(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("same")
    diff = propose("Write", file_path=str(path), content="same").diff
    assert diff == "(the file already has exactly this content)\n"


def test_a_relative_path_is_taken_from_the_call_s_directory() -> None:
    assert propose("Write", file_path="../x", content="").paths == ("/ws/../x",)


def test_a_notebook_s_cell_is_a_write() -> None:
    given = {"notebook_path": "/n.ipynb", "cell_id": "c1", "new_source": "print(1)"}
    proposal = propose("NotebookEdit", **given)
    assert (proposal.kind, proposal.paths) == (Kind.WRITE, ("/n.ipynb",))
    assert proposal.diff is not None
    assert "print(1)" in proposal.diff


def test_a_fetch_names_its_host() -> None:
    proposal = propose("WebFetch", url="https://User@Example.com:8/x?q", prompt="p")
    assert proposal.kind is Kind.NETWORK
    assert (proposal.url, proposal.host) == ("https://User@Example.com:8/x?q", "example.com")
    assert propose("WebSearch", query="q").kind is Kind.NETWORK


def test_a_tool_of_a_server_is_named_with_its_arguments() -> None:
    proposal = propose("mcp__mail__send__now", to="x", command="not a shell's")
    assert (proposal.kind, proposal.tool) == (Kind.TOOL, "mcp__mail__send__now")
    assert proposal.summary == "use the tool send__now of the MCP server mail"
    assert proposal.params == {"to": "x", "command": "not a shell's"}


@pytest.mark.parametrize("tool", ["Read", "Glob", "Grep", "LS", "TodoWrite", "TaskOutput"])
def test_looking_is_reading(tool: str) -> None:
    assert propose(tool, file_path="a").kind is Kind.READ
    assert propose(tool).kind is Kind.READ


def test_a_read_names_its_path() -> None:
    assert propose("Read", file_path="a").paths == ("/ws/a",)
    assert propose("Grep", pattern="x", path="/y").paths == ("/y",)


@pytest.mark.parametrize("tool", ["Mystery", "read", "Read ", "mcp__", "Workflow", "Skill"])
def test_a_tool_nobody_told_us_of_is_asked(tool: str) -> None:
    assert propose(tool, file_path="a").kind is Kind.TOOL


def test_an_unknown_tool_s_command_is_shown_as_one() -> None:
    proposal = propose("NewShell", command="rm x")
    assert (proposal.kind, proposal.command) == (Kind.TOOL, "rm x")


BROKEN: dict[str, Json] = {
    "no event": {},
    "another event": event("Bash", command="x") | {"hook_event_name": "PostToolUse"},
    "no tool": event("", command="x"),
    "a tool that is no text": event("Bash", command="x") | {"tool_name": 3},
    "input that is no object": event("Bash") | {"tool_input": ["x"]},
    "no cwd": event("Bash", command="x") | {"cwd": None},
    "a relative cwd": event("Bash", command="x") | {"cwd": "work"},
    "no command": event("Bash"),
    "an empty command": event("Bash", command=""),
    "a command that is no text": event("Bash", command=["rm"]),
    "no path": event("Write", content="x"),
    "no content": event("Write", file_path="/x"),
    "no old text": event("Edit", file_path="/x", new_string="y"),
    "edits that are no list": event("MultiEdit", file_path="/x", edits="y"),
    "an edit that is no object": event("MultiEdit", file_path="/x", edits=["y"]),
    "no url": event("WebFetch", prompt="x"),
    "a url that cannot be read": event("WebFetch", url="http://[x"),
    "a monitor of nothing": event("Monitor", ws="x"),
    "no notebook": event("NotebookEdit", new_source="x"),
}


@pytest.mark.parametrize("way", BROKEN)
def test_an_event_that_cannot_be_read_is_no_proposal(way: str) -> None:
    with pytest.raises(WireError):
        read(BROKEN[way])


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
NAMES = st.sampled_from(
    "command file_path content old_string new_string edits url ws query notebook_path".split()
)
TOOLS = st.sampled_from("Bash Write Edit MultiEdit NotebookEdit WebFetch Monitor Read X".split())


@given(tool=TOOLS | ANYTHING, tool_input=st.dictionaries(NAMES, ANYTHING) | ANYTHING, more=ANYTHING)
def test_no_event_does_anything_but_propose_or_be_refused(
    tool: Any, tool_input: Any, more: Any
) -> None:
    data = event("x") | {"tool_name": tool, "tool_input": tool_input, "agent_id": more}
    try:
        proposal = read(data)
    except WireError:
        return
    assert proposal.tool == tool
    assert proposal.params == tool_input
