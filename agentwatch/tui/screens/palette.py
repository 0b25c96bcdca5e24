"""The command palette: the table's commands by name.

Owns the list, which holds no key that lets something through: the palette is left by enter.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from agentwatch.tui.keys import Where, bindings, palette
from agentwatch.tui.screens.keyed import Keyed
from agentwatch.tui.text import our_text


class Palette(Keyed, ModalScreen[str | None], inherit_bindings=False):
    """Type a part of a command's name, choose, enter."""

    where: ClassVar[Where] = Where.BECAUSE
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(Where.BECAUSE),
        ("down", "move(1)"),
        ("up", "move(-1)"),
    ]

    def compose(self) -> ComposeResult:
        """A line to type in and what it leaves of the list."""
        with Vertical(id="palette"):
            yield Input(placeholder="a command", id="wanted")
            yield OptionList(id="commands")

    def on_mount(self) -> None:
        """Offer everything."""
        self.query_one("#palette").border_title = "Commands"
        self.query_one("#wanted").focus()
        self._offer("")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Offer what contains the text."""
        self._offer(event.value.casefold())

    def on_input_submitted(self) -> None:
        """Run the marked command."""
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            self._run(options.get_option_at_index(options.highlighted).id)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Run the command that was clicked."""
        self._run(event.option.id)

    def action_move(self, step: int) -> None:
        """Mark another command while typing."""
        options = self.query_one(OptionList)
        if options.option_count:
            options.highlighted = ((options.highlighted or 0) + step) % options.option_count

    def _offer(self, wanted: str) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        for key in palette():
            if wanted in key.spoken.casefold():
                row = our_text(f"{key.shown:<7}{key.spoken}")
                options.add_option(Option(row, id=key.action))
        options.highlighted = 0 if options.option_count else None

    def _run(self, action: str | None) -> None:
        self.dismiss(None)
        if action is not None:
            self.watch_app.run_named(action)
