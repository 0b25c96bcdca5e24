"""One line: why not.

Owns the text box and nothing else; enter hands the text back, escape hands back nothing.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from agentwatch.tui.keys import Where, bindings
from agentwatch.tui.panes.footer import FooterBar
from agentwatch.tui.screens.keyed import Keyed

LIMIT = 2000
"""Characters of a reason: the agent has to read it."""


class BecauseScreen(Keyed, ModalScreen[str | None], inherit_bindings=False):
    """Takes the reason for a denial."""

    where: ClassVar[Where] = Where.BECAUSE
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Where.BECAUSE))

    def compose(self) -> ComposeResult:
        """A titled box with one line and its keys."""
        with Vertical(id="because"):
            yield Input(
                placeholder="what the agent should know, or do instead",
                max_length=LIMIT,
                id="reason",
            )
            yield FooterBar()

    def on_mount(self) -> None:
        """Say what the line is for."""
        self.query_one("#because").border_title = "No, because…"
        self.query_one("#reason", Input).focus()
        self.ready = True
        self.call_after_refresh(self.sync)

    def draw(self) -> None:
        """Draw the keys."""
        bar = self.query_one(FooterBar)
        bar.show_keys(self.where, bar.size.width or self.size.width, not_now={})

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand the reason back."""
        self.dismiss(event.value.strip())
