"""What an agent says is drawn in a moment, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from agentwatch.model import Action, Kind, Proposal, Reversibility
from agentwatch.tui.cards import ROW, summary
from agentwatch.tui.length import MOST, too_long
from agentwatch.tui.panes.card import CardPane
from agentwatch.tui.panes.status import clip
from agentwatch.tui.talk import Talk
from agentwatch.tui.watched import Seen


def action(**said: Any) -> Action:
    proposal = Proposal(kind=Kind.TOOL, channel="mcp", **{"summary": "use it", **said})
    return Action("a-1", "s", 1, proposal, Reversibility.IRREVERSIBLE, ("why",), (), 0.0, None)


MUCH: dict[str, dict[str, Any]] = {
    "empty lines": {"words": "\n" * 60_000},
    "hidden characters": {"command": "\u202e" * 150_000},
    "control characters": {"diff": "\x1b" * 60_000},
    "a list": {"params": {"a": ["x"] * 60_000}},
    "a table": {"params": {f"k{n}": n for n in range(60_000)}},
    "words": {"argv": ("x",) * 60_000},
    "paths": {"paths": ("/x",) * 60_000},
    "megabytes": {"params": {"a": "x" * (MOST + 1)}},
}


@pytest.mark.parametrize("what", MUCH)
def test_what_takes_long_to_draw_is_found_before(what: str) -> None:
    assert too_long(action(**MUCH[what]))


def test_a_long_file_is_drawn() -> None:
    content = "a line of a file that somebody wrote\n" * 15_000
    assert not too_long(action(diff=content[:200_000], params={"content": content}))
    assert not too_long(action(words="漢字" * 40_000))


def test_what_is_not_drawn_is_not_approved() -> None:
    long = action(words="\n" * 60_000)
    pane = CardPane()
    lines = pane._lines_of(Seen(long.to_json(), long, long.digest))
    assert pane.drawn is not None
    assert not pane.drawn.approvable
    assert "agentwatch show a-1" in "".join(line.text.plain for line in lines)


def test_a_row_of_the_queue_is_no_longer_than_a_screen() -> None:
    one = action(summary="\u202e" * 100_000, cwd="/x")
    assert summary(Seen(one.to_json(), one, one.digest)).plain == "⟦U+202E⟧" * ROW + "…"


def test_of_a_long_conversation_the_end_is_drawn() -> None:
    talk = Talk()
    for number, text in enumerate(("first", "\n" * 200_000 + "last", "\u202e" * 50_000), 1):
        talk.entries[number] = {"n": number, "kind": "agent", "text": text}
    lines = talk.lines()
    assert sum(len(line.text.plain) + 1 for line in lines) < 400_000
    assert lines[-1].text.plain.endswith("⟦U+202E⟧")
    del talk.entries[3]
    assert talk.lines()[-1].text.plain == "last"
    assert len(talk.lines()) < 20_000


def test_numbers_that_are_none_are_not_said() -> None:
    talk = Talk(mode="x" * 10_000, usage={"used": 10**400, "size": 1})
    talk.usage["cost"] = {"amount": 10**400}
    assert len(talk.words()) < 200
    talk.usage = {"used": 1, "size": 2, "cost": {"amount": 1.5, "currency": "USD" * 1000}}
    assert "50 % of its context used · 1.50 USD" in talk.words()
    assert len(talk.words()) < 400


@pytest.mark.parametrize("keep_end", [False, True])
def test_a_long_text_is_clipped_at_once(keep_end: bool) -> None:
    """Each step of the cutting looks at the whole: it must begin with what is near the end."""
    text = "a" + "\u202e" * 1_000_000 + "z"
    clipped = clip(text, 12, keep_end=keep_end)
    assert len(clipped) <= 12
    assert clipped[-1 if keep_end else 0] in "az"
    assert clip("e\u0301" * 10, 10) == "e\u0301" * 10
