"""A screen of text: help and log are made of it.

Owns scrolling and the title line; decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from agentwatch.tui.keys import Where, bindings
from agentwatch.tui.lines import Line
from agentwatch.tui.panes.footer import FooterBar
from agentwatch.tui.panes.notices import Notices
from agentwatch.tui.panes.painted import Painted
from agentwatch.tui.panes.status import StatusBar
from agentwatch.tui.screens.keyed import Keyed


class ReadingScreen(Keyed, inherit_bindings=False):
    """Lines under a title."""

    where: ClassVar[Where] = Where.READING
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Where.READING))
    heading: ClassVar[str] = ""

    def compose(self) -> ComposeResult:
        """Status, what became of a kill, text, keys."""
        yield StatusBar(id="status")
        yield Notices(id="notices")
        yield Painted(id="reading")
        yield FooterBar(id="footer")

    def on_mount(self) -> None:
        """Arrow keys scroll."""
        page = self.query_one("#reading", Painted)
        page.border_title = self.heading
        page.focus()
        self.ready = True
        self.sync()

    def draw(self) -> None:
        """Draw the bars."""
        app, (width, height) = self.watch_app, self.size
        self.query_one(StatusBar).show_status(app.watched, app.wall(), width)
        self.query_one(Notices).show_kill(app.watched, app.kill_failed, width, height // 4)
        self.query_one(FooterBar).show_keys(self.where, width, not_now={})

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Draw the text."""
        self.query_one("#reading", Painted).show(lines)

    def action_page(self, direction: int) -> None:
        """Read on."""
        self.query_one("#reading", Painted).page(direction)
