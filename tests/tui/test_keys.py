"""The key table, and what is generated from it."""

from __future__ import annotations

import pytest

from agentwatch.tui.keys import KEPT_FROM_AGENT, KILL_KEYS, TABLE, Where, bindings, footer, palette
from agentwatch.tui.panes.footer import footer_row
from agentwatch.tui.screens.attach import AttachScreen
from agentwatch.tui.screens.because import BecauseScreen
from agentwatch.tui.screens.breaker import BreakerScreen
from agentwatch.tui.screens.edit import EditScreen
from agentwatch.tui.screens.full import FullScreen
from agentwatch.tui.screens.grants import GrantsScreen
from agentwatch.tui.screens.help import HelpScreen, help_lines
from agentwatch.tui.screens.keyed import Keyed
from agentwatch.tui.screens.log import LogScreen
from agentwatch.tui.screens.main import MainScreen
from agentwatch.tui.screens.mode import ModeScreen
from agentwatch.tui.screens.palette import Palette
from agentwatch.tui.screens.report import ReportScreen
from agentwatch.tui.screens.similar import SimilarScreen
from agentwatch.tui.screens.talk import TalkScreen
from agentwatch.tui.screens.undo import UndoScreen

SCREENS: tuple[type[Keyed], ...] = (
    MainScreen,
    FullScreen,
    BecauseScreen,
    EditScreen,
    AttachScreen,
    HelpScreen,
    LogScreen,
    ReportScreen,
    Palette,
    SimilarScreen,
    GrantsScreen,
    BreakerScreen,
    TalkScreen,
    ModeScreen,
    UndoScreen,
)
TORN_TAILS = frozenset("ABCDFHIMOPQRSZcmntuxy~[$0123456789")
"""What is left of an escape sequence or a terminal's reply that arrives in two pieces."""


def test_one_key_approves_and_it_is_no_tail_of_a_torn_sequence() -> None:
    approving = [name for key in TABLE if key.action == "approve" for name in key.keys]
    assert approving == ["a"]
    assert not TORN_TAILS & set(approving)


def test_only_aimed_keys_let_something_through_and_the_palette_has_none_of_them() -> None:
    aimed = {"approve", "grant", "write_rule", "resume", "extend", "loosen", "put_back"}
    assert {key.action for key in TABLE if key.aimed} == aimed
    assert not aimed & {key.action for key in palette()}


def test_nothing_in_the_table_approves_more_than_one() -> None:
    assert not [key for key in TABLE if "all" in key.does.split() and "approve" in key.does]


def test_the_kill_keys_work_on_every_screen_before_any_text_box() -> None:
    for where in Where.EVERYWHERE:
        found = {item.key: item for item in bindings(where)}
        for name in KILL_KEYS:
            assert found[name].action == "kill"
            assert found[name].priority


def test_an_attached_agent_gets_every_key_but_four() -> None:
    names = {name for key in TABLE if key.where & Where.ATTACH for name in key.keys}
    assert names == KEPT_FROM_AGENT
    assert len(KEPT_FROM_AGENT) == 4


@pytest.mark.parametrize("screen", SCREENS)
def test_every_key_of_a_screen_has_one_meaning_and_that_exists(screen: type[Keyed]) -> None:
    where = screen.where
    names = [name for key in TABLE if key.where & where for name in key.keys]
    assert len(names) == len(set(names))
    for key in TABLE:
        if key.where & where and key.keys:
            assert callable(getattr(screen, f"action_{key.action.partition('(')[0]}"))


def test_at_80_columns_the_footer_shows_the_keys_that_matter_and_fits() -> None:
    row = footer_row(footer(Where.MAIN, 80, {"resume"}), {}).plain
    assert row == (" a approve  s similar…  d deny  n no, because…  p freeze  F9 KILL  ? help")
    assert len(row) <= 80


@pytest.mark.parametrize("width", [24, 40, 80, 100, 120, 200])
def test_kill_and_help_are_in_every_footer_and_last(width: int) -> None:
    row = footer_row(footer(Where.MAIN, width, {"resume"}), {}).plain
    assert len(row) <= width
    assert row.endswith("F9 KILL  ? help")


def test_a_refused_key_says_why_in_a_word_and_moves_no_other_key() -> None:
    keys = footer(Where.MAIN, 80, {"resume"})
    free, refused = footer_row(keys, {}).plain, footer_row(keys, {"approve": "read ↓"}).plain
    assert refused.startswith(" a read ↓   s similar…  d deny")
    assert free[12:] == refused[12:]


def test_the_help_names_every_key_of_the_table() -> None:
    page = "\n".join(line.text.plain for line in help_lines(Where.MAIN, None))
    for key in TABLE:
        assert key.does in page
        assert key.shown in page
