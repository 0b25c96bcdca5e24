"""The second line of the kill: without the event loop, from everywhere, with what was measured."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pexpect
import pytest
from textual import events
from textual.drivers.headless_driver import HeadlessDriver

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Survivor
from agentwatch.tui.driver import KillFirst, KillSwitch, Outcome
from agentwatch.tui.keys import KILL_KEYS
from agentwatch.tui.panes.painted import Bar
from agentwatch.tui.watched import Watched
from tests.tui.tui_double import Supervisor, Switch, action, killed, places
from tests.tui.tui_stage import stage
from tests.waiting import wait_for

ALONE = Path(__file__).with_name("screen_alone.py")


class InputThread(KillFirst, HeadlessDriver):
    """The part of the driver under test, without a terminal."""


@pytest.mark.parametrize("key", KILL_KEYS)
async def test_the_kill_key_does_not_wait_for_a_blocked_event_loop(
    key: str, tmp_path: Path
) -> None:
    async with stage(Supervisor(action(1)), tmp_path) as on:
        driver = InputThread(on.app)
        pressed = threading.Thread(target=driver.process_message, args=(events.Key(key, None),))
        pressed.start()
        pressed.join(30)  # the loop is blocked for as long as this takes
        assert not pressed.is_alive()
        assert on.switch.calls == ["claude-7f3a key tui"]
        await on.until(lambda: on.app.watched.receipt)


async def test_a_kill_key_goes_no_further_and_other_keys_do(tmp_path: Path) -> None:
    async with stage(Supervisor(action(1), action(2)), tmp_path) as on:
        driver = InputThread(on.app)
        driver.process_message(events.Key("down", None))
        await on.until(lambda: on.main.chosen == "act-2")
        assert on.switch.calls == []


@pytest.mark.parametrize(
    "opening", [[], ["n"], ["enter"], ["question_mark"], ["l"], ["colon"], ["t"], ["slash"]]
)
async def test_the_kill_works_from_every_screen_and_nothing_covers_its_result(
    opening: list[str], tmp_path: Path
) -> None:
    async with stage(Supervisor(action(1)), tmp_path) as on:
        await on.press(*opening)
        await on.press("f9")
        await on.until(lambda: on.app.watched.receipt)
        await on.painted()
        assert on.switch.calls == ["claude-7f3a key tui"]
        assert len(on.app.screen_stack) == 1
        assert "KILLED 17 → 0 in 4 ms" in on.notices()


@pytest.mark.parametrize("key", ["question_mark", "l", "g", "b"])
async def test_a_screen_that_is_opened_afterwards_says_it_too(key: str, tmp_path: Path) -> None:
    async with stage(Supervisor(action(1)), tmp_path) as on:
        await on.press("f9")
        await on.until(lambda: on.app.watched.receipt)
        await on.press(key)
        await on.until(lambda: len(on.app.screen_stack) == 2)
        said = on.app.screen.query_one("#notices", Bar)
        await on.until(lambda: "KILLED 17 → 0 in 4 ms" in said.text)


async def test_survivors_are_named_with_what_to_do(tmp_path: Path) -> None:
    left = (Survivor(4121, 77, "node \x1b[2Jserver.js"), Survivor(4130, 78, "sleep 1000"))
    switch = Switch(killed(left=left))
    async with stage(Supervisor(action(1)), tmp_path, switch=switch) as on:
        await on.press("f9")
        await on.until(lambda: on.app.watched.receipt)
        await on.painted()
        said = on.notices()
        assert "2 still alive of 17" in said
        assert "pid 4121 node ␛[2Jserver.js" in said
        assert "kill -9 4121 4130" in said
        await on.until(lambda: "NOT ALL DEAD" in on.status())


@pytest.mark.parametrize(
    "error",
    [
        AgentwatchError("no containment record", "agentwatch ls", ExitCode.NOT_FOUND),
        OSError("disk full"),
    ],
)
async def test_a_kill_that_failed_says_so_and_never_says_killed(
    error: Exception, tmp_path: Path
) -> None:
    async with stage(Supervisor(action(1)), tmp_path, switch=Switch(error=error)) as on:
        await on.press("f9")
        await on.until(lambda: on.app.kill_failed)
        await on.until(lambda: on.notices().startswith(" NOT KILLED: "))
        await on.until(lambda: "RUNNING" in on.status())
        assert "KILLED" not in on.status()


def test_a_second_receipt_of_an_empty_tree_does_not_replace_the_measured_one() -> None:
    watched = Watched()
    watched.take_receipt(killed(before=17))
    watched.take_receipt(killed(before=0, by="supervisor"))
    assert watched.receipt is not None
    assert watched.receipt.before == 17


def test_presses_queue_up_and_each_is_answered(tmp_path: Path) -> None:
    switch = KillSwitch(places(tmp_path), Switch())
    told: list[Outcome] = []
    threads = [threading.Thread(target=switch.press, args=(told.append,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 5


async def test_where_no_thread_can_be_started_the_kill_happens_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(Supervisor(action(1)), tmp_path) as on:
        real = threading.Thread.start

        def refuse(self: threading.Thread) -> None:
            if self.name == "kill":
                raise RuntimeError("can't start new thread")
            real(self)

        monkeypatch.setattr(threading.Thread, "start", refuse)
        on.app.kill_now()
        assert on.switch.calls


@pytest.mark.parametrize("sent", ["\x1c", "\x1b[20~"], ids=["ctrl+backslash", "F9"])
def test_on_a_real_terminal_with_the_loop_blocked(sent: str, tmp_path: Path) -> None:
    """The whole program on a pty, its loop stuck until the kill was seen."""
    mark, free = tmp_path / "killed", tmp_path / "free"
    child = pexpect.spawn(
        sys.executable,
        [str(ALONE), str(mark)],
        env={**os.environ, "TERM": "xterm-256color", "AGENTWATCH_TEST_BLOCK": str(free)},
        dimensions=(24, 80),
        timeout=60,
    )
    try:
        child.expect("blocked now")
        child.send(sent)
        wait_for(mark.exists, "the kill, which must not wait for the event loop")
        free.touch()
        child.expect("KILLED 17")
        child.send("q")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0
    finally:
        if child.isalive():
            child.kill(signal.SIGKILL)
            child.close()
