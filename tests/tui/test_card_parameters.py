"""The parameters on a card: short ones side by side, and none that looks like another."""

from __future__ import annotations

from typing import Any

import pytest

from agentwatch.tui.cards import card_lines
from agentwatch.tui.watched import Seen
from tests.tui.tui_double import action


def parameters(**params: Any) -> list[str]:
    """What is drawn below the heading, a text for each line."""
    lines = [line.text.plain for line in card_lines(Seen.read(action(1, params=params)))]
    at = next(number for number, line in enumerate(lines) if line.startswith("The tool's"))
    return lines[at + 1 :]


def test_short_ones_share_a_line_and_equal_values_are_said_once() -> None:
    drawn = parameters(exe="/usr/bin/rm", spelled="/usr/bin/rm", flags=["creat", "trunc"])
    assert drawn == ["exe, spelled: /usr/bin/rm · flags: creat, trunc"]


@pytest.mark.parametrize(
    "value",
    ["x · exe: /bin/true", "two words", "a, b", "a\nb", "ünïcode", "\x1b[2J", "", 7, None, [], {}],
)
def test_what_is_not_plain_stands_alone(value: Any) -> None:
    drawn = parameters(comm=value, exe="/usr/bin/rm")
    assert drawn[0] == "exe: /usr/bin/rm"
    assert drawn[1].startswith("comm: ")


def test_a_name_that_is_not_plain_stands_alone() -> None:
    drawn = parameters(**{"exe: /bin/true · comm": "x", "exe": "/usr/bin/rm"})
    assert drawn == ["exe: /usr/bin/rm", "exe: /bin/true · comm: x"]


def test_a_long_one_stands_alone() -> None:
    drawn = parameters(path="a" * 61, exe="/usr/bin/rm")
    assert drawn == ["exe: /usr/bin/rm", f"path: {'a' * 61}"]
