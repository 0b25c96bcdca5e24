"""What commands print for people: no text of an agent's begins where our own lines do."""

from __future__ import annotations

import pytest

from agentwatch.commands.output import prose, set_in, visible, wrapped


def test_a_long_text_goes_on_set_in() -> None:
    forged = "touch x" + " " * 33 + "decision  allow by you"
    assert list(set_in(forged, 40)) == [
        f"touch x{' ' * 33}",
        f"{' ' * 10}decision  allow by you",
    ]
    assert "".join(part.strip() for part in set_in("漢" * 50, 41)) == "漢" * 50
    assert all(len(part.strip()) <= 20 for part in set_in("漢" * 50, 41))


def test_a_file_gets_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: False)
    assert wrapped("x" * 500) == "x" * 500
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    assert wrapped("x" * 150).split("\n") == ["x" * 100, " " * 10 + "x" * 50]


@pytest.mark.parametrize("char", "\u3164\u00a0\u2003\u202e\x1b\n\u2800\ufe0f")
def test_what_cannot_be_seen_is_spelled(char: str) -> None:
    assert visible(f"a{char}b").isascii()


def test_prose_is_broken_between_words_and_stays_below_its_own_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "gated:\n  kill: every process of the tree, as far as the grade above promises it"
    assert prose(text) == text  # nobody's terminal: whole lines for grep
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "50")
    assert prose(text).split("\n") == [
        "gated:",
        "  kill: every process of the tree, as far as the",
        "    grade above promises it",
    ]
