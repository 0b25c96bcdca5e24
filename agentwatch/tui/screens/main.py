"""The one screen: status, notices, queue, card, the agent's output, keys.

Owns the choice (by the action's name, never by its row) and the filter.  The choice moves only by
a key, a click, or the person's own answer.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Input

from agentwatch.tui.keys import Where, bindings
from agentwatch.tui.panes.card import CardPane
from agentwatch.tui.panes.footer import FooterBar
from agentwatch.tui.panes.notices import Notices
from agentwatch.tui.panes.output import OutputPane
from agentwatch.tui.panes.painted import Painted
from agentwatch.tui.panes.queue import EMPTY, QueuePane
from agentwatch.tui.panes.status import StatusBar
from agentwatch.tui.panes.talk import TalkPane
from agentwatch.tui.screens.attach import AttachScreen
from agentwatch.tui.screens.breaker import BreakerScreen
from agentwatch.tui.screens.deciding import Deciding
from agentwatch.tui.screens.full import FullScreen
from agentwatch.tui.screens.grants import GrantsScreen
from agentwatch.tui.screens.log import LogScreen
from agentwatch.tui.screens.mode import ModeScreen
from agentwatch.tui.screens.palette import Palette
from agentwatch.tui.screens.report import ReportScreen
from agentwatch.tui.screens.talk import TalkScreen
from agentwatch.tui.screens.undo import UndoScreen
from agentwatch.tui.watched import Seen, search_text

NO_CARD = "Here you will see what the agent asks for."

TAIL = 8000
"""Characters of the conversation's end in the pane."""

PANES = ("queue", "card", "output")


class MainScreen(Deciding, inherit_bindings=False):
    """Everything at one look."""

    where: ClassVar[Where] = Where.MAIN
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Where.MAIN))

    def __init__(self) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]
        self.chosen: str | None = None
        self._filter = ""
        self._tripped: object = None

    def compose(self) -> ComposeResult:
        """The panes, top to bottom."""
        yield StatusBar(id="status")
        yield Notices(id="notices")
        yield Input(placeholder="show only what contains…", id="filter")
        with Container(id="panes"):
            yield QueuePane(id="queue")
            yield CardPane(id="card")
            yield OutputPane(self.watch_app.agent_screen, id="output")
            yield TalkPane(id="talk")
        yield FooterBar(id="footer")

    def on_mount(self) -> None:
        """Start on the queue."""
        self.query_one("#filter").display = False
        self.query_one(TalkPane).display = False
        self.query_one(QueuePane).focus()
        self.ready = True
        self.sync()

    def on_resize(self) -> None:
        """The rows of the bars depend on the width."""
        self.call_after_refresh(self.sync)

    def draw(self) -> None:
        """Draw what is known now."""
        app, now = self.watch_app, self.watch_app.wall()
        app.watched.forget_decided(self.chosen)
        rows = self.rows()
        if self.chosen is None and rows:
            self.chosen = rows[0].id
        self.set_class(len(rows) <= 1, "-few")  # a short queue leaves its room to the card
        self.set_class(len(rows) == 2, "-some")
        width, height = self.size
        self.query_one(StatusBar).show_status(app.watched, now, width)
        self.query_one(Notices).show_notices(app.watched, app.kill_failed, width, height // 4)
        self.query_one(QueuePane).show(
            rows, self.chosen, now, self._when_empty(), over=app.watched.over
        )
        self._open_breaker()
        self._sync_card()
        self._sync_below()
        self.show_keys()

    def rows(self) -> list[Seen]:
        """What the queue shows."""
        return self.watch_app.watched.rows(self.chosen, self._matches)

    def answered(self, action: str) -> None:
        """The person's own answer was taken: go on to the next in line."""
        if action != self.chosen:
            return
        waiting = [seen.id for seen in self.rows() if seen.pending and seen.id != action]
        place = next((i for i, seen in enumerate(self.rows()) if seen.id == action), 0)
        self.chosen = waiting[min(place, len(waiting) - 1)] if waiting else None
        self.sync()

    def action_choose(self, step: int) -> None:
        """Choose another row, or scroll the pane that has the focus."""
        focused = self.focused
        if isinstance(focused, Painted):
            focused.scroll_to(y=focused.scroll_offset.y + step, animate=False, immediate=True)
            return
        names = [seen.id for seen in self.rows()]
        if not names:
            return
        place = names.index(self.chosen) if self.chosen in names else -step
        self.chosen = names[max(0, min(len(names) - 1, place + step))]
        self.sync()

    def on_queue_pane_picked(self, event: QueuePane.Picked) -> None:
        """A click chooses, unless it is the click that brought the window to the front."""
        if self.watch_app.quiet.calm:
            self.chosen = event.action
            self.sync()

    def action_page(self, direction: int) -> None:
        """Read on in the card, wherever the focus is."""
        self.card.page(direction)

    def action_pane(self, step: int) -> None:
        """Go to the pane after or before."""
        shown = [name for name in (*PANES, "talk") if self.query_one(f"#{name}").display]
        here = getattr(self.focused, "id", None)
        place = shown.index(here) if here in shown else 0
        self.action_go(shown[(place + step) % len(shown)])

    def action_go(self, pane: str) -> None:
        """Go to a pane."""
        spoken = pane == "output" and self.watch_app.watched.talk is not None
        self.query_one("#talk" if spoken else f"#{pane}").focus()

    def action_open(self) -> None:
        """Show the card full size."""
        if self.card.drawn is not None and self.chosen is not None:
            self.app.push_screen(FullScreen(self.chosen))

    def action_attach(self) -> None:
        """Take the agent's terminal."""
        spoken = self.watch_app.watched.talk is not None
        self.app.push_screen(TalkScreen() if spoken else AttachScreen())

    def action_log(self) -> None:
        """Show recent actions."""
        self.app.push_screen(LogScreen())

    def action_grants(self) -> None:
        """Show what is granted."""
        self.app.push_screen(GrantsScreen())

    def action_undo(self) -> None:
        """Show what can be undone."""
        self.app.push_screen(UndoScreen())

    def action_mode(self) -> None:
        """Show the mode, and the others."""
        if (session := self.watch_app.watched.session) is not None:
            self.app.push_screen(ModeScreen(session.mode))

    def action_breaker(self) -> None:
        """Show what the breaker counts."""
        self.app.push_screen(BreakerScreen())

    def _open_breaker(self) -> None:
        """A trip comes to the front once, unless somebody is typing a filter."""
        trip = self.watch_app.watched.trip
        if trip and trip.get("number") != self._tripped and not isinstance(self.focused, Input):
            self._tripped = trip.get("number")
            self.app.push_screen(BreakerScreen())

    def action_report(self) -> None:
        """Show the report of the session."""
        self.app.push_screen(ReportScreen())

    def action_palette(self) -> None:
        """Show the commands by name."""
        self.app.push_screen(Palette())

    def action_resume(self) -> None:
        """Let a frozen tree run again; lets something through, so it must be aimed."""
        if self.watch_app.take_aim("r"):
            self.watch_app.ask("resume", "Resumed.")
        else:
            self.watch_app.say("Not resumed: too soon. Press r again.")

    def action_leave(self) -> None:
        """Leave; everything pending stays held."""
        self.app.exit(0)

    def action_filter(self) -> None:
        """Open the filter line."""
        box = self.query_one("#filter", Input)
        box.display = True
        box.focus()

    def action_back(self) -> None:
        """Close the filter and show everything."""
        box = self.query_one("#filter", Input)
        box.value = self._filter = ""
        box.display = False
        self.query_one(QueuePane).focus()
        self.sync()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while typing: plain text, no patterns."""
        self._filter = event.value.casefold()
        self.sync()

    def on_input_submitted(self) -> None:
        """Keep the filter, go back to the queue."""
        self.query_one(QueuePane).focus()

    def _matches(self, seen: Seen) -> bool:
        return not self._filter or self._filter in search_text(seen)

    def _when_empty(self) -> str:
        watched = self.watch_app.watched
        if self._filter:
            return "Nothing that waits contains this text. esc shows everything."
        if watched.over:
            return "The session is over. Nothing more is released."
        if watched.lost is not None:
            return "Nothing is known to wait."
        return EMPTY

    def _sync_below(self) -> None:
        """The agent's screen, or the conversation with it where there is one."""
        talk, short = self.watch_app.watched.talk, self.has_class("-short")
        self.query_one(OutputPane).follow()
        if talk is not None:
            self.query_one(OutputPane).display = False
            self.query_one(TalkPane).display = not short
            self.query_one(TalkPane).follow(talk, TAIL)

    def _sync_card(self) -> None:
        seen = self.watch_app.watched.actions.get(self.chosen or "")
        if self.card.show_card(
            seen, empty="The session is over." if self.watch_app.watched.over else NO_CARD
        ):
            self.watch_app.quiet.drawn()
