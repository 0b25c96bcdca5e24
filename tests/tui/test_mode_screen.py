"""The mode on screen: always shown; stricter by one key, looser only by an aimed `a`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agentwatch.model import Mode
from agentwatch.tui.panes.status import status_row
from agentwatch.tui.screens.mode import ModeScreen
from agentwatch.tui.watched import Watched
from tests.tui.tui_double import NOW, Supervisor, session
from tests.tui.tui_stage import Stage, stage


def asked(on: Stage) -> list[Any]:
    return [fields["mode"] for op, fields in on.supervisor.calls if op == "mode"]


async def opened(on: Stage) -> ModeScreen:
    await on.calm()
    await on.press("m")
    await on.until(lambda: isinstance(on.app.screen, ModeScreen))
    screen = on.app.screen
    assert isinstance(screen, ModeScreen)
    return screen


@pytest.mark.parametrize("mode", list(Mode))
def test_the_mode_is_on_the_status_line(mode: Mode) -> None:
    watched = Watched(session=session(mode=mode), lost=None)
    assert f"RUNNING  {mode.value}  0 waiting" in status_row(watched, NOW, 80).plain


def test_what_passed_without_a_question_is_counted_on_the_status_line() -> None:
    watched = Watched(session=session(passed=1204), lost=None)
    assert "1204 passed" in status_row(watched, NOW, 80).plain


async def test_a_stricter_mode_takes_one_key(tmp_path: Path) -> None:
    async with stage(Supervisor(), tmp_path) as on:
        await opened(on)
        await on.press("up", "enter")
        await on.until(lambda: asked(on) == ["locked"])
        assert len(on.app.screen_stack) == 1


async def test_a_looser_mode_is_taken_by_an_aimed_key_alone(tmp_path: Path) -> None:
    async with stage(Supervisor(), tmp_path) as on:
        await opened(on)
        await on.press("down", "a")  # too soon: what it means has only just come
        await on.press("enter", "space", "y", "2")
        assert asked(on) == []
        await on.aim("a")
        await on.until(lambda: asked(on) == ["draft"])


async def test_the_marked_one_is_compared_with_what_is_so_now(tmp_path: Path) -> None:
    """Somebody else locks the session while the panel is open: what was stricter is looser."""
    async with stage(Supervisor(), tmp_path) as on:
        await opened(on)
        changed = session(mode=Mode.LOCKED).to_json()
        on.supervisor.say(event="session", session=changed)
        await on.until(lambda: on.app.watched.session == session(mode=Mode.LOCKED))
        await on.press("enter", "escape")
        await on.painted()
        assert asked(on) == []
        assert len(on.app.screen_stack) == 1
