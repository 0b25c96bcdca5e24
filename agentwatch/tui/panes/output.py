"""The agent's live output: the last rows of its screen.

Owns which rows are in view.  The cells come from the emulator, filtered there.
"""

from __future__ import annotations

from textual.strip import Strip
from textual.widget import Widget

from agentwatch.tui.terminal import AgentScreen

TITLE = "The agent's screen"
AFRESH = "The agent's screen (started afresh: it sent what the emulator cannot read)"


class OutputPane(Widget, can_focus=True):
    """A window on the lower end of the agent's screen."""

    def __init__(self, screen_of_agent: AgentScreen, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._agent = screen_of_agent
        self._drawn = -1
        self._top = 0
        self.border_title = TITLE

    def follow(self) -> None:
        """Draw again where the agent's screen has changed."""
        top = max(0, self._agent.last_row - self.size.height + 1)
        if (self._agent.version, top) != (self._drawn, self._top):
            self._drawn, self._top = self._agent.version, top
            self.border_title = AFRESH if self._agent.faults else TITLE
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row of the window."""
        strip = Strip(self._agent.row(self._top + y))
        return strip.apply_style(self.rich_style).adjust_cell_length(
            self.size.width, self.rich_style
        )
