"""What every screen shares: the keys that work everywhere, and the drawing of the moment.

Owns the actions behind the everywhere-keys and the way from a screen to the application.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.css.query import NoMatches
from textual.screen import Screen

from agentwatch.tui.keys import Where

if TYPE_CHECKING:
    from agentwatch.tui.app import WatchApp


class Keyed(Screen[Any], inherit_bindings=False):
    """A screen whose keys come from the table."""

    where: ClassVar[Where]

    @property
    def watch_app(self) -> WatchApp:
        """The application, as what it is."""
        return cast("WatchApp", self.app)

    ready = False
    """Whether the screen's parts are there to draw on."""

    def sync(self) -> None:
        """Draw what is known now; called after every event and ten times a second."""
        if self.ready:
            with suppress(NoMatches):  # a screen that is being closed has lost its parts
                self.draw()

    def draw(self) -> None:
        """What `sync` does on this screen."""

    def action_kill(self) -> None:
        """Kill; the input thread comes first where there is a terminal."""
        self.watch_app.kill_now()

    def action_freeze(self) -> None:
        """Freeze the tree."""
        self.watch_app.ask("freeze", "Frozen.")

    def action_back(self) -> None:
        """Leave this screen, decide nothing."""
        self.dismiss(None)

    def action_help(self) -> None:
        """Show the keys."""
        self.watch_app.show_help(self)

    def action_copy(self) -> None:
        """Copy what is marked, or say which key does what ctrl+c does not."""
        marked = self.get_selected_text()
        if marked:
            self.app.copy_to_clipboard(marked)
            self.watch_app.say("Copied.")
        else:
            self.watch_app.say("Nothing is marked. F9 kills · q leaves")

    def action_page(self, direction: int) -> None:
        """Scroll the screen's text; screens without any have nothing to do."""
