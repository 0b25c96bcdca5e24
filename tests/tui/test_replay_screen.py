"""The player: what it shows at a place of a recording, and where its keys lead."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from agentwatch.recording import Header, Playback, Recorder, Tape
from agentwatch.tui.panes.painted import Bar, Painted
from agentwatch.tui.replay import ReplayApp
from tests.tui.conftest import text_of
from tests.tui.tui_double import NOW, Clock

Golden = Callable[[str, str], None]

CLEANER = (
    b"\x1b[1mInbox cleaner\x1b[0m\r\n\x1b[32m\xe2\x9c\x93\x1b[0m read 412 messages\r\n",
    b"\x1b[33m\xe2\x97\x8f\x1b[0m may I delete 96 of them?\r\n",
    b"\x1b]52;c;c3RvbGVu\x07\x1b[6n\x1b[32m\xe2\x9c\x93\x1b[0m deleted 96 messages\r\n",
    b"\x1b[31m\xe2\x9c\x97\x1b[0m may not empty the trash\r\n",
)


def recorded(folder: Path) -> Tape:
    clock = Clock()
    header = Header("cleaner-7f3a21", 20, 60, int(NOW), "cleaner --inbox")
    recorder = Recorder(folder / "recording", header, print, clock=clock)
    for after, output, label in (
        (1.0, CLEANER[0] + CLEANER[1], "ASKED 7f3a21-4: delete 96 messages in ~/Mail/archive"),
        (9.0, b"", "ALLOWED 7f3a21-4 by person:tui: delete 96 messages in ~/Mail/archive"),
        (2.0, CLEANER[2], "ASKED 7f3a21-5: rm -rf ~/Mail/trash"),
        (7.0, CLEANER[3], "DENIED 7f3a21-5 by person:tui: rm -rf ~/Mail/trash"),
    ):
        clock.wait(after)
        recorder.output(output)
        recorder.mark(label)
    clock.wait(1)
    recorder.end(0)
    return Tape(folder / "recording")


@asynccontextmanager
async def playing(
    folder: Path, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[ReplayApp, Pilot[Any], Clock]]:
    clock, tape = Clock(), recorded(folder)
    app = ReplayApp(tape, Playback(tape), clock=clock)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot, clock


def shown(app: ReplayApp) -> str:
    return "\n".join(app.player.agent_screen.text())


async def test_it_plays_and_steps_from_decision_to_decision(tmp_path: Path) -> None:
    async with playing(tmp_path) as (app, pilot, clock):
        clock.wait(1.5)
        app.player.play()
        assert "may I delete" in shown(app)
        assert "deleted 96" not in shown(app)
        await pilot.press("n", "n")
        assert "deleted 96" in shown(app)
        assert app.player.playback.paused
        assert "PAUSED" in app.player.query_one("#status", Bar).text
        await pilot.press("p", "p")
        assert "deleted 96" not in shown(app)
        assert app.player.playback.mark == 0
        await pilot.press("space", "plus")
        clock.wait(100)
        app.player.play()
        app.player.play()
        assert "may not empty the trash" in shown(app)
        marks = app.player.query_one("#marks", Painted).text
        assert "▸ 00:19 DENIED" in marks
        await pilot.press("q")
    assert app.return_code == 0


@pytest.mark.parametrize(("scene", "size"), [("replay", (80, 24)), ("replay-wide", (120, 36))])
async def test_scene_replay(
    scene: str, size: tuple[int, int], golden: Golden, tmp_path: Path
) -> None:
    async with playing(tmp_path, size) as (app, pilot, _clock):
        await pilot.press("n", "n", "n")
        await pilot.pause()
        app.player.draw()
        await pilot.pause()
        picture = app.export_screenshot(title="agentwatch")
        assert "c3RvbGVu" not in text_of(picture)
        golden(scene, picture)
