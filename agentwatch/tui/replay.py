"""The player: a recording drawn again, with its decisions beside or below it.

Owns the screen and the timer.  What was recorded is drawn in the same emulator as a live agent's
output and goes nowhere else: what it asks of a terminal is not answered, and there is no session
here to decide anything in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.screen import Screen

from agentwatch import visible
from agentwatch.recording import Code, Event, Mark, Playback, Tape
from agentwatch.tui.keys import Where, bindings
from agentwatch.tui.lines import Line, sentence
from agentwatch.tui.panes.footer import FooterBar
from agentwatch.tui.panes.output import OutputPane
from agentwatch.tui.panes.painted import Bar, Painted
from agentwatch.tui.panes.status import clip, elapsed
from agentwatch.tui.terminal import AgentScreen
from agentwatch.tui.text import Role, agent_text, our_text

FRAME = 1 / 30

DRAW_FOR = 0.02
"""Seconds of drawing in one frame; keys come in between."""

ROLES = {
    "ASKED": Role.ACCENT,
    "ALLOWED": Role.GOOD,
    "DENIED": Role.DANGER,
    "ALARM": Role.DANGER,
    "KILL": Role.DANGER,
    "KILLED": Role.DANGER,
    "FROZEN": Role.WARN,
    "RESUMED": Role.WARN,
}


class ReplayScreen(Screen[Any], inherit_bindings=False):
    """The agent's screen as it was, the decisions, the keys."""

    where: ClassVar[Where] = Where.REPLAY
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Where.REPLAY))

    def __init__(self, tape: Tape, playback: Playback, clock: Callable[[], float]) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
        self.tape = tape
        self.playback = playback
        self.agent_screen = AgentScreen(tape.header.rows, tape.header.cols)
        self._clock = clock
        self._then = clock()
        self._drawn: tuple[int, ...] = ()

    def compose(self) -> ComposeResult:
        """The line of where we are, the terminal, the decisions, the keys."""
        yield Bar(id="status")
        with Container(id="replay"):
            yield OutputPane(self.agent_screen, id="output")
            yield Painted(id="marks")
        yield FooterBar(id="footer")

    def on_mount(self) -> None:
        """Begin to play."""
        self.query_one("#marks", Painted).border_title = "Decisions"
        self.query_one(OutputPane).focus()
        self._then = self._clock()
        self.set_interval(FRAME, self.play)
        self.call_after_refresh(self.draw)

    def on_resize(self) -> None:
        """The rows depend on the width."""
        self.call_after_refresh(self.draw)

    def play(self) -> None:
        """Draw what has come due; a flood is drawn over several frames."""
        now = self._clock()
        passed, self._then = now - self._then, now
        until = time.perf_counter() + DRAW_FOR
        if not self._pump(until):
            return
        for event in self.playback.pass_time(passed):
            self._take(event)
            if not self._pump(until) or time.perf_counter() > until:
                break
        self.draw()

    def draw(self) -> None:
        """Everything as it is at this place of the recording."""
        if not self.is_mounted:
            return
        width = self.size.width
        self.query_one("#status", Bar).show([self._status()])
        self.query_one(OutputPane).follow()
        self._draw_marks()
        self.query_one(FooterBar).show_keys(self.where, width, not_now={})

    def action_pause(self) -> None:
        """Stop, or go on."""
        self.playback.pause()
        self.draw()

    def action_next(self) -> None:
        """To the next decision, with everything in between."""
        self._take_all(self.playback.forward())
        self.playback.paused = True
        self.draw()

    def action_previous(self) -> None:
        """To the decision before."""
        scene = self.playback.back()
        self.agent_screen.resize(scene.rows, scene.cols)
        self.agent_screen.replay(scene.output.encode())
        self.playback.paused = True
        self.draw()

    def action_faster(self, steps: int) -> None:
        """Another speed."""
        self.playback.faster(steps)
        self.draw()

    def action_leave(self) -> None:
        """End the replay."""
        self.app.exit(0)

    def _take_all(self, events: Iterable[Event]) -> None:
        for event in events:
            self._take(event)
        while self.agent_screen.pump():
            continue

    def _take(self, event: Event) -> None:
        if event.code is Code.OUTPUT:
            self.agent_screen.offer(event.data.encode())
        elif size := event.size:
            while self.agent_screen.pump():
                continue
            self.agent_screen.resize(*size)

    def _pump(self, until: float) -> bool:
        """Draw what waits; whether all of it is drawn."""
        while more := self.agent_screen.pump():
            if time.perf_counter() > until:
                break
        self.agent_screen.replies()  # nobody is there any more to be answered
        return not more

    def _status(self) -> Text:
        played, width = self.playback, self.size.width
        word, role = ("PAUSED", Role.WARN) if played.paused else ("PLAYING", Role.GOOD)
        if played.over:
            word, role = "OVER", Role.DIM
        tail = our_text(f" {word} ", role)
        at, length = elapsed(played.at / 1_000_000), elapsed(self.tape.length / 1_000_000)
        tail.append(f" {at} of {length}  {played.speed:g}x ", Role.DIM)
        began = visible.clock(self.tape.header.timestamp, "%Y-%m-%d %H:%M UTC", utc=True)
        name = clip(self.tape.header.session or "a recording", max(8, width - tail.cell_len - 24))
        head = our_text("").append(f" {name} ", Role.STRONG).append(f" {began}", Role.DIM)
        head.append(" " * max(1, width - head.cell_len - tail.cell_len))
        return head.append_text(tail)

    def _draw_marks(self) -> None:
        """Only where they have changed: thirty times a second would be a flood."""
        pane = self.query_one("#marks", Painted)
        now = (self.playback.mark, *pane.content_region.size)
        if now != self._drawn:
            self._drawn = now
            pane.show(self._marks())

    def _marks(self) -> list[Line]:
        """As many decisions as there is room for, the last one passed among them."""
        pane = self.query_one("#marks", Painted)
        room = max(1, pane.content_region.height)
        marks, first = self.tape.marks, self.tape.marks[0].number if self.tape.marks else 0
        if not marks:
            return [sentence("Nothing was asked in this session.", Role.DIM)]
        here, width = self.playback.mark - first, pane.content_region.width - 1
        if 0 <= here < len(marks):
            room = max(1, room + 1 - len(self._mark(marks[here], width).rows(width)))
        start = max(0, min(here - room // 2, len(marks) - room))
        return [self._mark(mark, width) for mark in marks[start : start + room]]

    def _mark(self, mark: Mark, width: int) -> Line:
        """One row; the one we are at as many as it needs."""
        word, _, rest = mark.label.partition(" ")
        here = mark.number == self.playback.mark
        row = our_text("▸" if here else " ", Role.KEY)
        row = our_text("").append_text(row).append(f"{elapsed(mark.seconds):>6} ", Role.DIM)
        role = ROLES.get(word, Role.DIM)
        row.append_text(agent_text(clip(word, 12), role=role)).append(" ")
        if here:
            return Line(row.append_text(agent_text(rest, role=Role.STRONG)), "", " " * 8)
        return Line(row.append_text(agent_text(clip(rest, max(4, width - row.cell_len)), role="")))


class ReplayApp(App[int], inherit_bindings=False):
    """One replay."""

    CSS_PATH = Path(__file__).with_name("app.tcss")
    TITLE = "agentwatch replay"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self, tape: Tape, playback: Playback, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self.animation_level = "none"
        self.player = ReplayScreen(tape, playback, clock)

    def get_default_screen(self) -> Screen[Any]:
        """The one screen."""
        return self.player


def play(tape: Tape, *, speed: float, idle_limit: float | None, step: bool) -> int:
    """Play a recording in this terminal; the exit status."""
    playback = Playback(tape, speed=speed, idle_limit=idle_limit, step=step)
    return ReplayApp(tape, playback).run() or 0
