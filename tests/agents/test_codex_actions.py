"""What Codex's events propose."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from agentwatch import agents
from agentwatch.agents.codex_actions import touches
from agentwatch.model import Kind, Proposal
from agentwatch.wire import WireError


def read(tool: str, **given: Any) -> Proposal:
    agent = agents.by_name("codex")
    assert agent is not None
    event = {"hook_event_name": "PreToolUse", "cwd": "/w", "tool_name": tool, "tool_input": given}
    return agent.proposal(event, pid=7, parents=("codex(6)",))


def patch(*lines: str) -> str:
    return "\n".join(("*** Begin Patch", *lines, "*** End Patch", ""))


def test_a_command_is_an_exec() -> None:
    action = read("Bash", command="rm -r x")
    assert (action.kind, action.command, action.tool) == (Kind.EXEC, "rm -r x", "Bash")
    assert action.channel == "hooks"


def test_a_patch_names_every_file_it_touches() -> None:
    text = patch(
        "*** Add File: new.txt", "+*** Delete File: not-this",
        "*** Update File: /abs/a.py", "*** Move to: b.py", "@@ def f", "-x", "+y", " z",
        "*** End of File",
        "*** Delete File: old",
    )  # fmt: skip
    action = read("apply_patch", command=text)
    assert action.kind is Kind.WRITE
    assert action.paths == ("/w/new.txt", "/abs/a.py", "/w/b.py", "/w/old")
    assert action.summary == "create /w/new.txt, edit /abs/a.py, move to /w/b.py, delete /w/old"
    assert action.diff == text


def test_a_patch_that_only_deletes_is_a_deletion() -> None:
    assert read("apply_patch", command=patch("*** Delete File: a")).kind is Kind.DELETE


@pytest.mark.parametrize(
    "text",
    [
        "", "touch x", "*** Begin Patch\n*** Add File: a\n+x", patch(), patch("*** Add File: "),
        patch("*** Add File: a", "+x", "*** Run Command: rm -r /"),
    ],
)  # fmt: skip
def test_what_is_no_patch_cannot_be_read(text: str) -> None:
    with pytest.raises(WireError):
        read("apply_patch", command=text)


@given(st.text(max_size=200))
def test_no_text_is_read_as_a_patch_of_nothing(text: str) -> None:
    try:
        found = touches(text)
    except WireError:
        return
    assert found
    assert all(item.path for item in found)


def test_other_tools() -> None:
    assert read("mcp__box__look", x=1).summary == "use the tool look of the MCP server box"
    assert read("mcp__box__look").kind is Kind.TOOL
    assert read("view_image", path="a.png").paths == ("/w/a.png",)
    assert read("view_image", path="a.png").kind is Kind.READ
    assert read("spawn_agent", agent_type="worker").kind is Kind.TOOL
    assert read("brand_new", command="x").command == "x"
    assert read("brand_new", command="x").kind is Kind.TOOL


@pytest.mark.parametrize(
    "event",
    [
        {"hook_event_name": "PermissionRequest"},
        {"hook_event_name": "PreToolUse", "cwd": "w", "tool_name": "Bash", "tool_input": {}},
        {"hook_event_name": "PreToolUse", "cwd": "/w", "tool_name": "Bash", "tool_input": {}},
        {"hook_event_name": "PreToolUse", "cwd": "/w", "tool_name": "Bash", "tool_input": "x"},
        {"hook_event_name": "PreToolUse", "cwd": "/w", "tool_input": {"command": "x"}},
    ],
)
def test_an_event_that_cannot_be_read_is_an_error(event: dict[str, Any]) -> None:
    agent = agents.by_name("codex")
    assert agent is not None
    with pytest.raises(WireError):
        agent.proposal(event, pid=None, parents=())
