"""The card of one action over the whole screen, for long changes.

Owns no choice: it shows the action it was opened with, and closes when that is answered.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from agentwatch.tui.keys import Where, bindings
from agentwatch.tui.panes.card import CardPane
from agentwatch.tui.panes.footer import FooterBar
from agentwatch.tui.panes.status import StatusBar
from agentwatch.tui.screens.deciding import Deciding


class FullScreen(Deciding, inherit_bindings=False):
    """One card, all of the screen."""

    where: ClassVar[Where] = Where.FULL
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Where.FULL))

    def __init__(self, action: str) -> None:
        super().__init__()
        self._action = action

    def compose(self) -> ComposeResult:
        """Status, card, keys."""
        yield StatusBar(id="status")
        yield CardPane(id="card")
        yield FooterBar(id="footer")

    def on_mount(self) -> None:
        """Arrow keys scroll the card."""
        self.card.focus()
        self.ready = True
        self.sync()

    def draw(self) -> None:
        """Draw what is known now."""
        app = self.watch_app
        self.query_one(StatusBar).show_status(app.watched, app.wall(), self.size.width)
        seen = app.watched.actions.get(self._action)
        if self.card.show_card(seen, empty="This action no longer waits. esc goes back."):
            app.quiet.drawn()
        self.show_keys()

    def answered(self, action: str) -> None:
        """Answered: nothing more to read here."""
        if action == self._action:
            self.dismiss(None)

    def action_page(self, direction: int) -> None:
        """Read on."""
        self.card.page(direction)
