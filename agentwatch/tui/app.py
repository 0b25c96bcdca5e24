"""The application: one client of one session.

Owns what the screens share (the session as known, the quiet rule, the kill switch, the agent's
screen) and the sending of answers.  The supervisor owns everything that matters: this program may
crash, hang or be closed, and what is pending stays held.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.driver import Driver
from textual.screen import Screen

from agentwatch.errors import AgentwatchError
from agentwatch.model import Json, SessionState, Verdict
from agentwatch.paths import Places
from agentwatch.stream import Stream
from agentwatch.tui.draft import Draft
from agentwatch.tui.driver import Kill, Killed, KillSwitch, Outcome, TerminalDriver
from agentwatch.tui.hearing import Hearing
from agentwatch.tui.keys import Where, bound
from agentwatch.tui.link import Link, Open
from agentwatch.tui.panes.card import Drawn
from agentwatch.tui.quiet import Quiet
from agentwatch.tui.screens.deciding import Deciding
from agentwatch.tui.screens.edit import EditScreen
from agentwatch.tui.screens.help import HelpScreen
from agentwatch.tui.screens.keyed import Keyed
from agentwatch.tui.screens.main import MainScreen
from agentwatch.tui.screens.similar import SimilarScreen
from agentwatch.tui.talk import Talk
from agentwatch.tui.terminal import AgentScreen
from agentwatch.tui.text import agent_plain
from agentwatch.tui.watched import Watched, objects

TICK = 0.2
"""Seconds between two looks at the clocks on screen."""

FRAME = 1 / 60
PUMP = 1 / 40
PUMP_FOR = 0.008
"""Seconds of drawing output at a time; keys come in between."""

BEAT = 0.5


class WatchApp(App[int], inherit_bindings=False):
    """What a person sees of one session."""

    CSS_PATH = Path(__file__).with_name("app.tcss")
    TITLE = "agentwatch"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self,
        places: Places,
        kill: Kill,
        *,
        open_wire: Open = Stream.open,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        beat: int | None = None,
        driver: type[Driver] = TerminalDriver,
    ) -> None:
        super().__init__(driver_class=driver)
        self.animation_level = "none"
        self.wall = wall
        self.quiet = Quiet(clock)
        self.watched = Watched()
        self.switch = KillSwitch(places, kill)
        self.kill_failed: Outcome | None = None
        self.agent_screen = AgentScreen()
        self.places = places
        self.link = Link(places, open_wire, Hearing(self))
        self._beat = beat
        self._aim: str | None = None
        self._answering: set[str] = set()
        self._announced = -1
        self._pumping = False
        self._due = False

    def get_default_screen(self) -> Screen[Any]:
        """The one screen."""
        return MainScreen()

    def on_mount(self) -> None:
        """Start listening, pumping and beating."""
        self.run_worker(self.link.keep_up(), exit_on_error=False, group="line")
        self.run_worker(self.link.send_typed(), exit_on_error=False, group="typing")
        self.set_interval(TICK, self.sync)
        if self._beat is not None:
            self.set_interval(BEAT, self._beat_once)

    # What screens ask for

    @property
    def main(self) -> MainScreen:
        """The screen at the bottom of the stack."""
        screen = self.screen_stack[0]
        assert isinstance(screen, MainScreen)  # noqa: S101  there is no other at the bottom
        return screen

    @property
    def frozen(self) -> bool:
        """Whether the tree stands still."""
        session = self.watched.session
        return session is not None and session.state is SessionState.FROZEN

    def answering(self, action: str) -> bool:
        """Whether an answer to this action is on its way."""
        return action in self._answering

    def take_aim(self, key: str) -> bool:
        """Whether this key was the last to come, out of silence; counts once."""
        aimed, self._aim = self._aim == key, None
        return aimed

    def say(self, words: str, *, severity: str = "information") -> None:
        """Echo the person's own act, in words that parse no markup."""
        level: Any = severity
        self.notify(agent_plain(words), severity=level, timeout=4, markup=False)

    def show_help(self, opened_from: Keyed) -> None:
        """Open the help on the keys of a screen."""
        self.push_screen(HelpScreen(opened_from.where))

    def run_named(self, action: str) -> None:
        """Run a command of the table chosen by name."""
        self.call_later(self.run_action, action, self.main)

    def sync(self) -> None:
        """Draw what is known now on the screen that is shown."""
        if not self.screen_stack:  # closing
            return
        self.watched.killing = self.switch.busy
        self.watched.forget_decided(self.main.chosen)  # also while another screen is in front
        if isinstance(self.screen, Keyed):
            self.screen.sync()
        self._announce()

    def sync_soon(self) -> None:
        """Draw within a frame; a hundred events in that time are drawn once."""
        if not self._due:
            self._due = True
            self.set_timer(FRAME, self._sync_due)

    def _sync_due(self) -> None:
        self._due = False
        self.sync()

    # The agent's terminal

    def output_came(self) -> None:
        """Draw it with the next frame."""
        if not self._pumping:
            self._pumping = True
            self.set_timer(PUMP, self.pump_output)

    def pump_output(self) -> None:
        """Draw output for a few milliseconds; the rest waits for the next turn."""
        self._pumping = False
        until = time.perf_counter() + PUMP_FOR
        while (more := self.agent_screen.pump()) and time.perf_counter() < until:
            continue
        self.link.type(self.agent_screen.replies())
        if more:
            self.output_came()
        self.sync_soon()

    def on_resize(self, event: events.Resize) -> None:
        """The agent's terminal is ours less one row."""
        self.fit_agent(event.size.height - 1, event.size.width)

    def fit_agent(self, rows: int, columns: int) -> None:
        """Tell the emulator and the pty's owner the size."""
        self.agent_screen.resize(rows, columns)
        rows, columns = self.agent_screen.size
        self.ask("resize", "", rows=rows, cols=columns)

    def redraw_agent(self) -> None:
        """Have the agent draw everything anew where output was skipped: two resizes do it."""
        rows, columns = self.agent_screen.size
        if self.agent_screen.skipped:
            self.agent_screen.skipped = False
            self.ask("resize", "", rows=max(1, rows - 1), cols=columns)
        self.ask("resize", "", rows=rows, cols=columns)

    # Answers and orders

    def offer_similar(self, drawn: Drawn, taken: Callable[[Json | None], None]) -> None:
        """Ask what may be granted of an action, then open the panel."""
        self.run_worker(self._offer_similar(drawn, taken), exit_on_error=False)

    async def _offer_similar(self, drawn: Drawn, taken: Callable[[Json | None], None]) -> None:
        try:
            offered = objects(await self.link.call("scopes", action=drawn.action))
        except AgentwatchError as error:
            self.say(f"Nothing can be granted: {error.what}", severity="error")
            return
        if offered:
            self.push_screen(SimilarScreen(offered), taken)

    def decide(
        self, drawn: Drawn, verdict: Verdict, because: str, grant: Json | None = None
    ) -> None:
        """Send one answer, bound to what was drawn; with a grant, if the person made one."""
        if drawn.action in self._answering:
            return
        self._answering.add(drawn.action)
        self.run_worker(self._decide(drawn, verdict, because, grant or {}), exit_on_error=False)

    async def _decide(self, drawn: Drawn, verdict: Verdict, because: str, grant: Json) -> None:
        try:
            raw = await self.link.call(
                "decide",
                action=drawn.action,
                digest=drawn.digest,
                verdict=verdict.value,
                because=because,
                **grant,
            )
            self.watched.hear({"event": "action", "action": raw})
        except AgentwatchError as error:
            self.say(f"Not answered: {error.what}. {error.hint}", severity="error")
        except Exception as error:  # noqa: BLE001  nothing that goes wrong here may approve
            self.say(f"Not answered: {type(error).__name__}: {error}", severity="error")
        else:
            self._answered(drawn)
        finally:
            self._answering.discard(drawn.action)
        self.sync()

    def offer_edit(self, drawn: Drawn) -> None:
        """Open the editor, where what is changed can be carried back."""
        self.run_worker(self._offer_edit(drawn), exit_on_error=False)

    async def _offer_edit(self, drawn: Drawn) -> None:
        try:
            said = await self.link.call("editable", action=drawn.action, digest=drawn.digest)
        except AgentwatchError as error:
            self.say(f"Not to be changed: {error.what}. n says what to do instead.")
            return
        draft = Draft(said["input"])
        if not draft.names:
            self.say("Nothing of it can be changed here. n says what to do instead.")
            return

        def change(given: Json | None) -> None:
            if given is not None:
                self.run_worker(self._edit(drawn, given), exit_on_error=False)

        self.push_screen(EditScreen(draft), change)

    async def _edit(self, drawn: Drawn, given: Json) -> None:
        """Have what was drawn become another action; nothing is approved by it."""
        named = {"action": drawn.action, "digest": drawn.digest}
        try:
            raw = await self.link.call("edit", input=given, **named)
            self.watched.hear({"event": "action", "action": raw})
        except AgentwatchError as error:
            self.say(f"Not changed: {error.what}", severity="error")
            return
        self.close_everything()
        self.main.chosen = str(raw["id"])
        self.say("Changed, not approved: look at the card, then press a.")
        self.sync()

    def _answered(self, drawn: Drawn) -> None:
        for screen in (self.main, self.screen):
            if isinstance(screen, Deciding):
                screen.answered(drawn.action)

    def ask(self, op: str, done: str, **fields: Any) -> None:
        """Send one order and echo it."""
        self.run_worker(self._ask(op, done, fields), exit_on_error=False)

    async def _ask(self, op: str, done: str, fields: Json) -> None:
        try:
            await self.link.call(op, **fields)
        except AgentwatchError as error:
            if done:
                self.say(f"{op}: {error.what}", severity="error")
            return
        if done:
            self.say(done)

    def speak(self, text: str) -> None:
        """Say something to the agent."""
        self.run_worker(self._speak(text), exit_on_error=False)

    async def _speak(self, text: str) -> None:
        try:
            await self.link.call("say", text=text)
        except AgentwatchError as error:
            self.say(f"Not said: {error.what}", severity="error")

    def catch_up(self) -> None:
        """Some of the conversation was missed: take all of it anew."""
        self.run_worker(self._catch_up(), exit_on_error=False, group="talk", exclusive=True)

    async def _catch_up(self) -> None:
        with contextlib.suppress(AgentwatchError, KeyError, TypeError, ValueError):
            before = self.watched.talk.version if self.watched.talk else 0
            self.watched.talk = Talk.read(await self.link.call("conversation"))
            if self.watched.talk is not None:
                self.watched.talk.version += before
            self.sync_soon()

    # The kill

    def kill_now(self) -> None:
        """Kill from the loop's side: the palette, or a screen without a terminal of its own."""

        def press() -> None:
            self.switch.press(lambda outcome: self.post_message(Killed(outcome)))

        try:
            threading.Thread(target=press, name="kill", daemon=True).start()
        except RuntimeError:  # no thread can be started: better a stuck screen than no kill
            press()

    def on_killed(self, message: Killed) -> None:
        """Show what was measured, with nothing in front of it."""
        outcome = message.outcome
        if outcome.receipt is None:
            self.kill_failed = outcome
        else:
            self.watched.take_receipt(outcome.receipt)
        self.close_everything()
        self.sync()

    def close_everything(self) -> None:
        """Back to the one screen: a dialog would dim the banner."""
        while len(self.screen_stack) > 1:
            self.pop_screen()

    # Keys, time, the world outside

    async def on_event(self, event: events.Event) -> None:
        """See every key and disturbance before anything acts on it."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._note_key(event.key)
        elif isinstance(event, events.AppFocus | events.Paste):
            self.quiet.disturbed()
        await super().on_event(event)

    def _note_key(self, key: str) -> None:
        silent = self.quiet.key()
        self._aim = key if silent else None
        screen = self.screen
        where = screen.where if isinstance(screen, Keyed) else Where.EVERYWHERE
        if key == "escape" or key not in bound(where):
            self.quiet.disturbed()

    def _announce(self) -> None:
        """The terminal's title says how much waits; the bell rings when it grows."""
        waiting = len(self.watched.waiting())
        if waiting == self._announced:
            return
        if waiting > self._announced >= 0:
            self.bell()
        self._announced = waiting
        if self._driver is not None and not self._driver.is_headless:
            self._driver.write(f"\x1b]2;agentwatch: {waiting} waiting\x07")

    def _beat_once(self) -> None:
        """One byte to whoever watches that this loop turns; a full or closed pipe is theirs."""
        if self._beat is not None:
            with contextlib.suppress(OSError):
                os.write(self._beat, b".")
