"""A screen's life: connecting, losing, coming back, the end; floods; alarms; the way in."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual import events

from agentwatch import paths, tui
from agentwatch.model import Json, Receipt, SessionState
from agentwatch.paths import Places
from agentwatch.tui.app import WatchApp
from agentwatch.tui.panes.notices import LOST
from agentwatch.tui.panes.queue import QueuePane
from agentwatch.tui.terminal import BACKLOG
from tests.tui.tui_double import NOW, Supervisor, Switch, action, killed, places, session
from tests.tui.tui_stage import Stage, stage


async def test_losing_the_supervisor_is_said_and_nothing_can_be_approved(tmp_path: Path) -> None:
    async with stage(Supervisor(action(1)), tmp_path) as on:
        on.supervisor.reachable = False
        on.supervisor.hang_up()
        await on.until(lambda: on.app.watched.lost)
        await on.aim("a")
        assert LOST in on.notices()
        assert on.footer().startswith(" a lost")
        assert on.supervisor.decisions == []


async def test_it_comes_back_by_itself_and_the_card_must_be_looked_at_anew(
    tmp_path: Path,
) -> None:
    async with stage(Supervisor(action(1), action(2)), tmp_path) as on:
        await on.press("down")
        on.supervisor.reachable = False
        on.supervisor.hang_up()
        await on.until(lambda: on.app.watched.lost)
        del on.supervisor.pending["act-1"]
        on.supervisor.reachable = True
        await on.until(lambda: on.app.watched.lost is None)
        await on.painted()
        assert on.main.chosen == "act-2"
        assert [seen.id for seen in on.main.rows()] == ["act-2"]
        await on.aim("a")
        await on.until(lambda: on.supervisor.decisions == [("act-2", "allow")])


async def test_a_session_that_is_over_is_shown_from_its_files(tmp_path: Path) -> None:
    supervisor = Supervisor()
    supervisor.reachable = False
    here = places(tmp_path)
    here.state.mkdir()
    here.session.write_text(json.dumps(session(state=SessionState.KILLED).to_json()))
    here.receipt.write_text(json.dumps(killed().to_json()))
    async with stage(supervisor, tmp_path) as on:
        await on.until(lambda: on.app.watched.over)
        await on.painted()
        assert "KILLED 17 → 0 in 4 ms" in on.notices()
        assert LOST not in on.notices()
        await on.press("q")
    assert on.app.return_value == 0


@pytest.mark.parametrize(
    "event",
    [
        {"event": "action"},
        {"event": "action", "action": {"id": "x"}},
        {"event": "action", "action": {**action(3), "kind": "no such kind"}},
        {"event": "session", "session": {"id": 1}},
        {"event": "receipt", "receipt": {}},
        {"event": "alarm"},
        {"event": "something new"},
        {"event": "output", "data": "!!"},
    ],
)
async def test_an_event_that_makes_no_sense_is_an_alarm_and_not_a_crash(
    event: Json, tmp_path: Path
) -> None:
    async with stage(Supervisor(action(1)), tmp_path) as on:
        on.supervisor.say(**event)
        on.supervisor.say(event="alarm", text="the last", at=NOW)
        await on.until(lambda: "the last" in on.notices())
        assert on.app.watched.lost is None
        assert on.main.chosen == "act-1"


async def test_an_alarm_a_missing_hook_and_ungated_are_said_in_words(tmp_path: Path) -> None:
    notes = ("This session is ungated.", "The network is not gated.")
    async with stage(Supervisor(action(1), armed=False, notes=notes), tmp_path) as on:
        on.supervisor.say(event="alarm", text="pid 9 inside tried to approve\x1b[2J", at=NOW)
        await on.until(lambda: "ALARM: pid 9 inside tried to approve␛[2J" in on.notices())
        assert "NOT ARMED" in on.notices()
        assert "UNGATED" in on.notices()
        assert "Note: The network is not gated." in on.notices()


async def test_a_flood_of_output_does_not_hold_up_keys_and_memory_stays_bounded(
    tmp_path: Path,
) -> None:
    data = base64.b64encode(b"y\r\n" * 5000).decode()
    supervisor = Supervisor(action(1), action(2))
    over = False

    async def flood() -> AsyncIterator[Json]:
        while not over:
            yield {"event": "output", "data": data, "gap": False}

    supervisor.flood = flood
    async with stage(supervisor, tmp_path) as on:
        await on.press("down")
        await on.until(lambda: on.main.chosen == "act-2")
        await on.until(lambda: on.app.agent_screen.skipped)
        assert on.app.agent_screen._waiting <= BACKLOG + len(data)
        over = True


async def test_a_million_characters_in_one_action_are_drawn_whole(tmp_path: Path) -> None:
    long = "".join(f"echo {number:06}; " for number in range(70_000))
    async with stage(Supervisor(action(1, command=long)), tmp_path) as on:
        await on.painted()
        drawn = on.main.card.text.replace("\n", "").replace("┊ ", "")
        assert "echo 000000; " in drawn
        assert "echo 069999; " in drawn


async def test_two_thousand_waiting_actions_are_still_one_keypress_away(tmp_path: Path) -> None:
    many = [action(number) for number in range(2000)]
    async with stage(Supervisor(*many), tmp_path) as on:
        await on.press("up", "down", "down")
        assert on.main.chosen == "act-2"


async def test_the_loop_beats_into_the_pipe_it_was_given(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    supervisor = Supervisor()
    app = WatchApp(places(tmp_path), Switch(), open_wire=supervisor.open, beat=writer)
    async with app.run_test(size=(80, 24)) as pilot:
        beats = b""
        end = time.monotonic() + 10
        while len(beats) < 2 and time.monotonic() < end:
            await pilot.pause(0.05)
            try:
                beats += os.read(reader, 100)
            except BlockingIOError:
                await asyncio.sleep(0)
        assert len(beats) >= 2
        os.close(reader)
        await pilot.pause(0.7)
        assert app.is_running
    os.close(writer)


async def test_the_bell_rings_for_an_arrival_and_not_for_a_departure(tmp_path: Path) -> None:
    async with stage(Supervisor(action(1)), tmp_path) as on:
        rung: list[int] = []
        on.app.bell = lambda: rung.append(1)  # type: ignore[method-assign]
        on.supervisor.propose(action(2))
        await on.until(lambda: rung == [1])
        await on.press("d")
        await on.until(lambda: len(on.app.watched.waiting()) == 1)
        await on.painted()
        assert rung == [1]


@pytest.mark.parametrize(
    ("size", "classes", "output"),
    [
        ((80, 24), {"-narrow", "-tall"}, True),
        ((80, 16), {"-short"}, False),
        ((120, 36), {"-wide"}, True),
    ],
)
async def test_the_layout_follows_the_terminal(
    size: tuple[int, int], classes: set[str], output: bool, tmp_path: Path
) -> None:
    async with stage(Supervisor(action(1)), tmp_path, size=size) as on:
        assert classes <= on.main.classes
        assert on.main.query_one("#output").display is output


async def test_palette_runs_a_command_by_name(tmp_path: Path) -> None:
    async with stage(Supervisor(action(1)), tmp_path) as on:
        await on.press("colon", *"freeze", "enter")
        await on.until(lambda: "freeze" in [op for op, _ in on.supervisor.calls])


def test_a_terminal_that_cannot_show_it_is_refused_with_the_way_that_works(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(paths, "live_places", lambda: [places(tmp_path)])
    monkeypatch.setenv("TERM", "dumb")
    assert tui.main(["claude-7f3a"]) == 2
    assert "agentwatch pending" in capsys.readouterr().err


def test_an_unknown_session_is_exit_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(paths, "live_places", list)
    assert tui.main(["nobody"]) == 3
    assert tui.main(["../../etc"]) == 3
    assert "no session" in capsys.readouterr().err


async def test_what_is_marked_can_be_copied_and_ctrl_c_kills_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    async with stage(Supervisor(action(1, command="rm 1")), tmp_path) as on:
        copied: list[str] = []
        on.app.copy_to_clipboard = copied.append  # type: ignore[method-assign, assignment]
        await on.press("ctrl+c")
        assert copied == []
        on.main.text_select_all()
        await on.painted()
        await on.press("ctrl+c")
        assert "rm 1" in copied[0]
        assert on.app.is_running
        assert on.switch.calls == []


async def test_the_click_that_brings_the_window_to_the_front_chooses_nothing(
    tmp_path: Path,
) -> None:
    async with stage(Supervisor(action(1), action(2)), tmp_path) as on:
        await on.calm()
        on.app.post_message(events.AppFocus())
        await on.painted()
        await on.pilot.click("#queue", offset=(5, 2))
        assert on.main.chosen == "act-1"
        await on.calm()
        await on.pilot.click("#queue", offset=(5, 2))
        assert on.main.chosen == "act-2"


async def test_an_action_that_breaks_its_row_takes_neither_the_queue_nor_the_screen_away(
    tmp_path: Path,
) -> None:
    bad = {**action(2), "deadline": "soon"}
    async with stage(Supervisor(action(1), bad), tmp_path) as on:
        await on.painted()
        queue = on.main.query_one(QueuePane)
        assert "cannot be drawn" in queue.text
        await on.press("down")
        assert on.main.chosen == "act-2"


async def test_a_slow_kill_is_called_killing_until_it_is_measured(tmp_path: Path) -> None:
    go = threading.Event()

    class Slow(Switch):
        def __call__(self, places: Places, *, trigger: str, by: str) -> Receipt:
            go.wait(10)
            return super().__call__(places, trigger=trigger, by=by)

    async with stage(Supervisor(action(1)), tmp_path, switch=Slow()) as on:
        await on.press("f9")
        await on.until(lambda: "KILLING…" in on.status())
        go.set()
        await on.until(lambda: "KILLED " in on.status())


async def test_the_mouse_reaches_an_agent_that_asks_for_it(tmp_path: Path) -> None:
    async with stage(Supervisor(action(1)), tmp_path) as on:
        await on.press("t")
        await on.pilot.click("#terminal", offset=(4, 2))
        on.app.agent_screen.feed(b"\x1b[?1000h\x1b[?1006h")
        await on.pilot.click("#terminal", offset=(4, 2))
        wanted = b"\x1b[<0;5;3M\x1b[<0;5;3m"
        await on.until(lambda: typed(on) == wanted)


def typed(on: Stage) -> bytes:
    sent = (fields["data"] for op, fields in on.supervisor.calls if op == "input")
    return b"".join(base64.b64decode(data) for data in sent)


async def test_an_emulator_that_had_to_start_afresh_says_so(tmp_path: Path) -> None:
    more = base64.b64encode(b"more").decode()
    async with stage(Supervisor(action(1)), tmp_path) as on:
        on.app.agent_screen.feed(b"\x1b[" + b"1" * 9000 + b"m")
        on.supervisor.say(event="output", data=more, gap=False)
        output = on.main.query_one("#output")
        await on.until(lambda: "started afresh" in str(output.border_title))
        assert on.app.is_running
