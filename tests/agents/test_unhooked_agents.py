"""Agents without a hook: recognised, left as they are, and said to be so."""

from __future__ import annotations

import pytest

from agentwatch import agents
from agentwatch.wire import WireError


@pytest.mark.parametrize(
    ("name", "argv"),
    [
        ("aider", ["aider", "--model", "x"]),
        ("aider", ["uvx", "--from", "aider-chat", "aider"]),
        ("aider", ["python3", "-m", "aider"]),
        ("mini", ["mini", "-t", "x"]),
        ("mini", ["uvx", "mini-swe-agent", "-y"]),
        ("mini", ["pipx", "run", "mini-swe-agent"]),
    ],
)
def test_it_is_recognised_and_its_command_stays(name: str, argv: list[str]) -> None:
    prepared = agents.prepare(argv, {"HOME": "/h"}, cwd="/w")
    assert (prepared.name, prepared.argv, prepared.expects_arm) == (name, tuple(argv), False)
    assert any("has no hook" in note and "the gate" in note for note in prepared.notes)


def test_a_yes_that_nobody_gives_is_said() -> None:
    for words in (["--message", "x"], []):
        aider = agents.prepare(["aider", *words], {"HOME": "/h"}, cwd="/w")
        assert any("end of its input" in note for note in aider.notes)
    yolo = agents.prepare(["mini", "-y"], {"HOME": "/h"}, cwd="/w")
    assert any("asks nothing in this mode" in note for note in yolo.notes)
    asking = agents.prepare(["mini"], {"HOME": "/h"}, cwd="/w")
    assert any("asks before each command too" in note for note in asking.notes)


def test_their_own_folders_are_known() -> None:
    assert agents.prepare(["aider"], {"HOME": "/h"}, cwd="/w").own == ("/h/.aider",)
    env = {"HOME": "/h", "MSWEA_GLOBAL_CONFIG_DIR": "/elsewhere"}
    own = agents.prepare(["mini"], env, cwd="/w").own
    assert own == ("/elsewhere", "/h/.local/share/mini-swe-agent")


@pytest.mark.parametrize("name", ["aider", "mini"])
def test_a_hook_that_speaks_for_it_is_refused(name: str) -> None:
    agent = agents.by_name(name)
    assert agent is not None
    with pytest.raises(WireError):
        agent.proposal({"tool": "x"}, pid=None, parents=())
