"""The record of the session, a page of it at a time: read on, read back, find, go to.

Owns which page is shown.  The record is read from its file, not asked of the supervisor, so a
session that is over, hung or long is read like any other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from agentwatch.errors import AgentwatchError
from agentwatch.journal import Entry, Stretch, Wanted, Window
from agentwatch.tui.keys import Where, bindings
from agentwatch.tui.lines import Line, sentence
from agentwatch.tui.panes.footer import FooterBar
from agentwatch.tui.panes.notices import Notices
from agentwatch.tui.panes.painted import Painted
from agentwatch.tui.panes.status import StatusBar
from agentwatch.tui.record import PAGE, Sought, Stopped, found_later, row
from agentwatch.tui.screens.reading import ReadingScreen
from agentwatch.tui.text import Role, agent_text, our_text

Look = Callable[[Window, Wanted], Stretch]
"""Finds a page of the entries that are wanted."""

FIND, GO = "show only what contains…", "14:03, 14:03:59 or a record's number"

EARLIER = "Earlier entries: PgUp. The first: Home."
LATER = "Later entries: PgDn. The newest: End."
FIRST = "The beginning of the record."


class RecordPane(Painted, inherit_bindings=False):
    """The text, without scroll keys of its own: where a page ends, another is read."""


class LogScreen(ReadingScreen, inherit_bindings=False):
    """What was proposed, decided and noticed."""

    where: ClassVar[Where] = Where.LOG
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Where.LOG))
    heading: ClassVar[str] = "The record"

    def __init__(self) -> None:
        super().__init__()
        self._window: Window | None = None
        self._page = Stretch((), 0, 0)
        self._lines: list[Line] = []
        self._filter = ""
        self._turn = 0
        """Counts what was asked for: an answer to anything but the last is dropped."""
        self._loading = False
        self._newest = True
        """Whether the page ends with the end of the record, and follows it."""

    def compose(self) -> ComposeResult:
        """Status, what became of a kill, the line to type into, text, keys."""
        yield StatusBar(id="status")
        yield Notices(id="notices")
        yield Input(id="filter")
        yield RecordPane(id="reading")
        yield FooterBar(id="footer")

    def on_mount(self) -> None:
        """The newest first."""
        self.query_one("#filter").display = False
        super().on_mount()
        self._window = Window(self.watch_app.places.journal)
        self.show_lines([sentence("Reading the record…", Role.DIM)])
        self._to_end()

    def draw(self) -> None:
        """Draw the bars, and follow the record where its end is in view."""
        super().draw()
        grown = self._window is not None and self._window.size > self._page.end
        if grown and self._newest and not self._loading:
            self._to_end()

    @property
    def pane(self) -> Painted:
        """The text."""
        return self.query_one("#reading", Painted)

    def action_choose(self, step: int) -> None:
        """One row up or down."""
        pane = self.pane
        if not self._turned(step):
            pane.scroll_to(y=pane.scroll_offset.y + step, animate=False, immediate=True)

    def action_page(self, direction: int) -> None:
        """A screenful up or down."""
        if not self._turned(direction):
            self.pane.page(direction)

    def action_first(self) -> None:
        """To the beginning of the record."""
        self._load(lambda window, wants: window.after(0, PAGE, wants), newest=False)

    def action_last(self) -> None:
        """To its end, and follow it."""
        self._to_end()

    def action_filter(self) -> None:
        """Ask what to look for."""
        self._ask(FIND, self._filter)

    def action_jump(self) -> None:
        """Ask where to go."""
        self._ask(GO, "")

    def action_back(self) -> None:
        """Close the line, or show everything again, or leave."""
        if self.query_one("#filter").display:
            self._close_line()
        elif self._filter:
            self._filter = ""
            self._to_end()
        else:
            self.dismiss(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Look for it, or go there."""
        finding = event.input.placeholder == FIND
        self._close_line()
        if finding:
            self._filter = event.value.casefold()
            self._to_end()
        else:
            self._go(event.value.strip())

    def _ask(self, placeholder: str, value: str) -> None:
        box = self.query_one("#filter", Input)
        box.placeholder, box.value, box.display = placeholder, value, True
        box.focus()

    def _close_line(self) -> None:
        self.query_one("#filter").display = False
        self.pane.focus()

    def _go(self, where: str) -> None:
        reached = place_of(where, self.watch_app.wall())
        if reached is None:
            self.watch_app.say(f"No time and no number: {where}", severity="error")
            return

        def look(window: Window, wants: Wanted) -> Stretch:
            return window.after(window.find(reached), PAGE, wants)

        self._load(look, newest=False)

    def _turned(self, direction: int) -> bool:
        """Whether another page is on its way, because this one ends here."""
        pane, page = self.pane, self._page
        if direction < 0 and pane.scroll_offset.y <= 0 and page.start > 0 and page.records:
            kept = page.records[min(self._in_view(), len(page.records) - 1)].place
            self._load(
                lambda window, wants: window.before(kept, PAGE, wants),
                newest=False,
                then=lambda: self._scroll(back=1),
            )
            return True
        at_end = pane.scroll_offset.y >= pane.max_scroll_y
        if direction > 0 and at_end and not self._newest and page.records:
            kept = page.records[-min(self._in_view(), len(page.records))].place
            self._load(
                lambda window, wants: window.after(kept, PAGE, wants),
                newest=False,
                then=lambda: self._scroll(on=1),
            )
            return True
        return False

    def _in_view(self) -> int:
        """About how many entries a screenful holds."""
        width = self.pane.content_region.width
        rows = sum(len(line.rows(width)) for line in self._lines[:50])
        each = rows / max(1, len(self._lines[:50]))
        return max(1, int(self.pane.size.height / max(1.0, each)) - 1)

    def _scroll(self, *, back: int = 0, on: int = 0) -> None:
        """So many screenfuls from the end or from the beginning."""
        pane = self.pane
        step = max(1, pane.scrollable_content_region.height - 1)
        y = on * step if on else pane.max_scroll_y - back * step
        # The new rows' scroll bar may not be there yet.
        pane.scroll_to(y=y, animate=False, immediate=True, force=True)

    def _to_end(self) -> None:
        def look(window: Window, wants: Wanted) -> Stretch:
            return window.before(window.size, PAGE, wants)

        self._load(look, newest=True, then=self._scroll)

    def _load(
        self,
        look: Look,
        *,
        newest: bool,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """Read another page in a thread; what was being read is given up."""
        self._turn += 1
        self._loading = True
        self.run_worker(self._read(look, self._turn, newest, then), exit_on_error=False)

    async def _read(
        self,
        look: Look,
        turn: int,
        newest: bool,
        then: Callable[[], None],
    ) -> None:
        waiting = frozenset(seen.id for seen in self.watch_app.watched.waiting())
        sought = Sought(self._filter, waiting)

        def wants(kind: str, line: bytes) -> bool:
            if turn != self._turn:
                raise Stopped
            return sought.wants(kind, line)

        def read() -> tuple[Stretch, list[Line]]:
            window = self._window or Window(self.watch_app.places.journal)
            page = look(window, wants)
            later = found_later(window, page)
            return page, [row(item, later) for item in page.records]

        try:
            page, rows = await asyncio.to_thread(read)
        except Stopped:
            return
        except AgentwatchError as error:
            self._loading = False
            failed = our_text("The record cannot be read: ", Role.DANGER)
            self.show_lines([Line(failed.append_text(agent_text(error.what)))])
            return
        self._show(page, rows, newest=newest)
        # How far can be scrolled is known once the new rows are laid out.
        self.call_after_refresh(self._shown, turn, then)

    def _shown(self, turn: int, then: Callable[[], None]) -> None:
        if turn == self._turn:
            self._loading = False
            then()

    def _show(self, page: Stretch, rows: list[Line], *, newest: bool) -> None:
        window = self._window
        self._page, self._lines = page, rows
        self._newest = newest or (window is not None and page.end >= window.size)
        lines = [sentence(EARLIER if page.start > 0 else FIRST, Role.DIM), *rows]
        if self._filter:
            said = our_text("Only what contains ", Role.WARN).append_text(agent_text(self._filter))
            lines.insert(0, Line(said.append("; esc shows everything.", Role.DIM), "  ", "  "))
        if not self._newest:
            lines.append(sentence(LATER, Role.DIM))
        self.show_lines(lines)


def place_of(text: str, now: float) -> Callable[[Entry], bool] | None:
    """What it means to have reached a time of today or a record's number; None for neither."""
    if text.isascii() and text.isdecimal():
        number = int(text[:18])
        return lambda entry: entry.seq >= number
    for form in ("%H:%M:%S", "%H:%M"):
        try:
            clock = time.strptime(text, form)
        except ValueError:
            continue
        day = time.localtime(now)
        at = time.mktime((*day[:3], clock.tm_hour, clock.tm_min, clock.tm_sec, 0, 0, -1))
        milliseconds = (at if at <= now else at - 86_400) * 1000
        return lambda entry: entry.t >= milliseconds
    return None
