"""Agent text on its one road: nothing hidden, nothing parsed."""

from __future__ import annotations

import ast
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from rich.cells import cell_len

import agentwatch.tui
from agentwatch.tui.text import Role, agent_text, cell_text

TREACHEROUS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
SOURCES = sorted(Path(agentwatch.tui.__file__).parent.rglob("*.py"))
PARSE_MARKUP = {"Static", "Label", "DataTable", "Markdown", "RichLog", "Button", "Header", "Footer"}


@given(st.text(alphabet=st.characters(codec=None), max_size=200))
def test_no_control_bidi_or_zero_width_character_survives(raw: str) -> None:
    for char in agent_text(raw).plain:
        assert unicodedata.category(char) not in TREACHEROUS
        assert not 0xFE00 <= ord(char) <= 0xFE0F


@given(st.text(max_size=200))
def test_every_character_is_accounted_for(raw: str) -> None:
    """Nothing is dropped: what is harmless stays, what is not has a name."""
    plain = agent_text(raw).plain
    for char in raw:
        named = f"⟦U+{ord(char):04X}⟧"
        assert char in plain or named in plain or unicodedata.category(char) == "Cc"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred", "␛[31mred"),
        ("a\rb", "a␍b"),
        ("a\nb", "a␊b"),
        ("\x9b2J", "⟦U+009B⟧2J"),
        ("rm \u202etxt.exe", "rm ⟦U+202E⟧txt.exe"),
        ("a\u2066b\u2069", "a⟦U+2066⟧b⟦U+2069⟧"),
        ("a\u200bb\ufeff", "a⟦U+200B⟧b⟦U+FEFF⟧"),
        ("a\u00a0b", "a⟦U+00A0⟧b"),
        ("x\U000e0041", "x⟦U+E0041⟧"),
        ("x\u2028y", "x⟦U+2028⟧y"),
        ("\ud800", "⟦U+D800⟧"),
        ("a\ufe0f", "a⟦U+FE0F⟧"),
        ("\u3164", "⟦U+3164⟧"),
        ("=\u0338", "=⟦U+0338⟧"),
        ("e\u0301", "e\u0301"),
        ("naïve größe 日本", "naïve größe 日本"),
    ],
)
def test_what_is_shown(raw: str, shown: str) -> None:
    assert agent_text(raw).plain == shown


def test_a_visible_name_looks_unlike_the_same_letters_typed() -> None:
    real, typed = agent_text("\x1b"), agent_text("␛")
    assert real.plain == typed.plain
    assert [span.style for span in real.spans] == [Role.HIDDEN]
    assert typed.spans == []


def test_newlines_stay_only_where_asked() -> None:
    assert agent_text("a\nb\tc", newlines=True).plain == "a\nb⇥   c"


def test_markup_is_never_parsed() -> None:
    planted = "[@click=app.decide('allow')]see details[/] [bold]x"
    text = agent_text(planted)
    assert text.plain == planted
    assert text.spans == []


def test_accents_cannot_pile_up_over_other_lines() -> None:
    assert agent_text("a" + "\u0301" * 50).plain.count("⟦U+0301⟧") == 48


@given(st.text(max_size=4), st.sampled_from([1, 2]))
def test_a_cell_of_the_agents_screen_is_as_wide_as_it_must_be(cluster: str, width: int) -> None:
    shown = cell_text(cluster, width)
    assert cell_len(shown) == width or cluster == ""
    assert not any(unicodedata.category(char) in TREACHEROUS for char in shown)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_widget_that_parses_markup_is_used(source: Path) -> None:
    tree = ast.parse(source.read_text())
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("textual")
        for alias in node.names
    }
    assert not imported & PARSE_MARKUP


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_titles_are_our_own_words_and_toasts_parse_no_markup(source: Path) -> None:
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "notify":
            given_ = {word.arg: word.value for word in node.keywords}
            markup = given_["markup"]
            assert isinstance(markup, ast.Constant)
            assert markup.value is False
        if isinstance(node, ast.Assign) and any(
            getattr(target, "attr", "") in {"border_title", "border_subtitle", "tooltip"}
            for target in node.targets
        ):
            assert ast.unparse(node.value) in OUR_TITLES


OUR_TITLES = {
    "'Action'",
    "'Change it (approves nothing)'",
    "'Commands'",
    "'Decisions'",
    "'No, because…'",
    "TITLE",
    "AFRESH if self._agent.faults else TITLE",
    "f'Waiting: {waiting}' if waiting else 'Waiting: none'",
    "self.heading",
}
