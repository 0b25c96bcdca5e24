"""The quiet rule, by the clock."""

from __future__ import annotations

from agentwatch.tui.quiet import CALM_FOR, DRAWN_FOR, KEYS_QUIET_FOR, Quiet
from tests.tui.tui_double import Clock


def test_a_card_must_have_been_on_screen() -> None:
    clock = Clock()
    quiet = Quiet(clock)
    seen = [quiet.settled]
    quiet.drawn()
    for pause in (DRAWN_FOR - 0.01, 0.02):
        clock.wait(pause)
        seen.append(quiet.settled)
    quiet.gone()
    seen.append(quiet.settled)
    assert seen == [False, False, True, False]


def test_a_key_counts_only_out_of_silence_and_breaks_it() -> None:
    clock = Clock()
    quiet = Quiet(clock)
    assert quiet.key()
    clock.wait(KEYS_QUIET_FOR - 0.01)
    assert not quiet.key()
    clock.wait(KEYS_QUIET_FOR + 0.01)
    assert quiet.key()


def test_a_disturbance_needs_a_longer_calm() -> None:
    clock = Clock()
    quiet = Quiet(clock)
    quiet.disturbed()
    clock.wait(CALM_FOR - 0.01)
    assert not quiet.silent
    clock.wait(0.02)
    assert quiet.silent
