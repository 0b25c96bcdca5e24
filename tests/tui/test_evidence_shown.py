"""What was said of an action and what was seen of it is on the card and in the log, in words."""

from __future__ import annotations

from typing import Any

import pytest

from agentwatch.commands.output import action_lines
from agentwatch.model import Evidence
from agentwatch.tui.cards import card_lines
from agentwatch.tui.record import action_line
from agentwatch.tui.watched import Seen
from tests.tui.tui_double import action

CARD = {
    Evidence.DECLARED: None,
    Evidence.BOTH: "Declared by the agent, and seen",
    Evidence.UNSEEN: "Declared by the agent, NOT SEEN",
    Evidence.UNDECLARED: "NOT DECLARED",
    Evidence.SEEN: "Seen at the system",
}


def drawn(lines: Any) -> str:
    return "\n".join(line.text.plain for line in lines)


@pytest.mark.parametrize("evidence", list(Evidence))
def test_the_card_the_log_and_show_say_it(evidence: Evidence) -> None:
    raw = action(1, evidence=evidence)
    card, log = drawn(card_lines(Seen.read(raw))), drawn([action_line(Seen.read(raw))])
    assert evidence.value in log.casefold()
    assert f"evidence  {evidence.value}" in action_lines(raw)
    words = CARD[evidence]
    assert words in card if words else "eclared" not in card


def test_it_is_outside_the_digest() -> None:
    assert action(1, evidence=Evidence.UNDECLARED)["digest"] == action(1)["digest"]


def test_a_record_from_before_there_was_such_a_word_can_be_read() -> None:
    raw = action(1)
    del raw["evidence"]
    assert Seen.read(raw).action.evidence is None
    assert "eclared" not in drawn([action_line(Seen.read(raw))])
