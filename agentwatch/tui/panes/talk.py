"""The conversation, its end in view unless a person has scrolled back.

Owns nothing but the following of the end.
"""

from __future__ import annotations

from textual import events

from agentwatch.tui.panes.painted import Painted
from agentwatch.tui.talk import Talk

TITLE = "The conversation"


class TalkPane(Painted):
    """What was said."""

    drawn = -1
    following = True
    """Whether the end stays in view; measured only when something scrolls, not when it grows."""

    def follow(self, talk: Talk, room: int) -> None:
        """Draw again where something was said."""
        self.border_title = TITLE
        if talk.version != self.drawn:
            self.drawn = talk.version
            self.show(talk.lines(room), from_top=False)
            self.call_after_refresh(self.to_end)
        self.to_end()  # also where the pane had no size yet when it was last drawn

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """A person reads back, or is at the end again."""
        super().watch_scroll_y(old_value, new_value)
        self.following = new_value >= self.max_scroll_y - 1

    def on_resize(self, event: events.Resize) -> None:
        """The end stays in view at another size, and when the pane comes into view."""
        following = self.following
        super().on_resize(event)
        if following:
            self.following = True
            self.call_after_refresh(self.to_end)

    def to_end(self) -> None:
        """Show what was said last, unless a person reads further back."""
        if self.following:
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True)
