"""The conversation, its end in view unless a person has scrolled back.

Owns nothing but the following of the end.
"""

from __future__ import annotations

from agentwatch.tui.panes.painted import Painted
from agentwatch.tui.talk import Talk

TITLE = "The conversation"


class TalkPane(Painted):
    """What was said."""

    drawn = -1

    def follow(self, talk: Talk, room: int) -> None:
        """Draw again where something was said."""
        self.border_title = TITLE
        if talk.version == self.drawn:
            return
        self.drawn = talk.version
        at_end = self.scroll_offset.y >= self.max_scroll_y - 1
        self.show(talk.lines(room), from_top=False)
        if at_end:
            self.call_after_refresh(self.to_end)

    def to_end(self) -> None:
        """Show what was said last."""
        self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True)
