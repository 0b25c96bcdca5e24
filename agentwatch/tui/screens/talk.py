"""The conversation with the agent, full size, and a line to say something.

Owns the line.  Nothing is decided here: what waits is said, and escape leads to it.
"""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from agentwatch.tui.keys import Where, bindings
from agentwatch.tui.panes.footer import FooterBar
from agentwatch.tui.panes.notices import Notices
from agentwatch.tui.panes.painted import Bar
from agentwatch.tui.panes.status import StatusBar
from agentwatch.tui.panes.talk import TalkPane
from agentwatch.tui.screens.keyed import Keyed
from agentwatch.tui.talk import SHOWN
from agentwatch.tui.text import Role, agent_text, our_text

LIMIT = 100_000
"""Characters of one prompt."""

FIRST = "esc "
"""What leads to keys that are letters: here they are typed."""


class TalkScreen(Keyed, inherit_bindings=False):
    """What was said, and what to say."""

    where: ClassVar[Where] = Where.TALK
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Where.TALK))

    def compose(self) -> ComposeResult:
        """Status, what must not be missed, conversation, what waits, the line, keys."""
        yield StatusBar(id="status")
        yield Notices(id="notices")
        yield TalkPane(id="talk")
        yield Bar(id="waiting")
        yield Input(placeholder="say something to the agent…", max_length=LIMIT, id="prompt")
        yield FooterBar(id="footer")

    def on_mount(self) -> None:
        """Ready to type; the newest in view."""
        self.query_one("#prompt", Input).focus()
        self.ready = True
        self.sync()

    def draw(self) -> None:
        """Follow the conversation."""
        app, width = self.watch_app, self.size.width
        self.query_one(StatusBar).show_status(app.watched, app.wall(), width)
        notices = self.query_one(Notices)
        notices.show_notices(app.watched, app.kill_failed, width, 4, first=FIRST)
        talk = app.watched.talk
        if talk is not None:
            self.query_one(TalkPane).follow(talk, SHOWN)
        self.query_one("#prompt", Input).display = talk is not None and talk.state != "elsewhere"
        state = [] if talk is None else [agent_text(f" {talk.words()}", role=Role.DIM)]
        self.query_one("#waiting", Bar).show([*state, *self._waiting()])
        self.query_one(FooterBar).show_keys(self.where, width, not_now={})

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Say it."""
        text = event.value.strip()
        if text:
            event.input.value = ""
            self.watch_app.speak(text)

    def action_interrupt(self) -> None:
        """Have the agent end its turn; a request, not a kill."""
        self.watch_app.ask("cancel", "Asked it to end its turn.")

    def action_page(self, direction: int) -> None:
        """Read back, read on."""
        self.query_one(TalkPane).page(direction)

    def _waiting(self) -> list[Text]:
        waiting = self.watch_app.watched.waiting()
        if not waiting:
            return []
        what = "1 action waits" if len(waiting) == 1 else f"{len(waiting)} actions wait"
        return [our_text(f" {what} for your yes or no: esc leads there.", Role.ACCENT)]
