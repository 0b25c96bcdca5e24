"""What a tool call proposes comes from its arguments, never from its title or its kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agentwatch.agents import changes
from agentwatch.channels.acp.calls import Call
from agentwatch.channels.acp.proposing import UNSAID, of_call
from agentwatch.model import Kind, Proposal


def proposed(**told: Any) -> tuple[Proposal, tuple[str, ...]]:
    return of_call(Call("t1", told), "/home/ada", changes)


@pytest.mark.parametrize("kind", ["execute", "read", "search", "think", "other", None])
def test_a_command_is_a_command_whatever_the_call_calls_itself(kind: str | None) -> None:
    proposal, _ = proposed(kind=kind, title="look around", rawInput={"command": "rm -rf ~"})
    assert (proposal.kind, proposal.command) == (Kind.EXEC, "rm -rf ~")
    assert proposal.summary == "run rm -rf ~"
    assert proposal.words == "look around"


@pytest.mark.parametrize(
    "given", [{"command": ["rm", "-rf", "x"]}, {"cmd": "rm", "args": ["-rf", "x"]}]
)
def test_the_words_of_a_command_are_kept_apart(given: dict[str, Any]) -> None:
    proposal, _ = proposed(kind="execute", rawInput=given)
    assert proposal.argv == ("rm", "-rf", "x")


def test_reading_is_reading_only_with_arguments_that_order_nothing() -> None:
    proposal, _ = proposed(kind="read", rawInput={"file_path": "a", "limit": 5})
    assert (proposal.kind, proposal.paths) == (Kind.READ, ("/home/ada/a",))
    proposal, _ = proposed(kind="read", rawInput={"file_path": "a", "then": "delete it"})
    assert proposal.kind is Kind.TOOL


def test_a_call_without_arguments_says_so_on_the_card() -> None:
    proposal, reasons = proposed(kind="execute", title="echo hello")
    assert (proposal.kind, proposal.command, proposal.words) == (Kind.EXEC, None, "echo hello")
    assert "echo hello" not in proposal.summary
    assert reasons == (UNSAID,)


def test_an_edit_is_shown_against_the_file_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("one\ntwo\n")
    content = [{"type": "diff", "path": str(file), "oldText": "two", "newText": "three"}]
    proposal, _ = proposed(kind="edit", content=content)
    assert (proposal.kind, proposal.paths) == (Kind.WRITE, (str(file),))
    assert "-two" in (proposal.diff or "")
    assert "+three" in (proposal.diff or "")
    lied = [{"type": "diff", "path": str(file), "oldText": "zwei", "newText": "drei"}]
    proposal, _ = proposed(kind="edit", content=lied)
    assert "is not in the file as it is now" in (proposal.diff or "")


def test_a_deletion_names_its_files() -> None:
    proposal, _ = proposed(kind="delete", locations=[{"path": "a"}], rawInput={"force": True})
    assert (proposal.kind, proposal.paths) == (Kind.DELETE, ("/home/ada/a",))


def test_a_fetch_names_its_host() -> None:
    proposal, _ = proposed(kind="fetch", rawInput={"url": "https://example.org/x"})
    assert (proposal.kind, proposal.host) == (Kind.NETWORK, "example.org")


def test_anything_else_is_a_tool_with_its_arguments() -> None:
    proposal, reasons = proposed(kind="other", name="mail", rawInput={"to": "all"})
    assert (proposal.kind, proposal.tool, proposal.params) == (Kind.TOOL, "mail", {"to": "all"})
    assert reasons == ()


@pytest.mark.parametrize(
    "told",
    [
        {"rawInput": "rm"},
        {"content": "x", "locations": "y"},
        {"content": [1, {"type": "diff"}], "locations": [1, {"path": 2}]},
        {"kind": 7, "title": {}},
        {"rawInput": {"command": {"a": 1}, "url": "http://[bad"}},
    ],
)
def test_nonsense_is_asked(told: dict[str, Any]) -> None:
    proposal, _ = proposed(**told)
    assert proposal.kind is not Kind.READ
