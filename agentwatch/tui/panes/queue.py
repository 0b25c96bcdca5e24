"""The queue: what waits, oldest first.

Owns which row is marked and which rows are in view.  The mark never moves by itself: it is the
name of an action, not a row number, so a row that comes or goes cannot slide under it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from agentwatch.model import ActionState
from agentwatch.tui.cards import RISK, summary
from agentwatch.tui.panes.painted import ROLE_CLASSES, strip_of
from agentwatch.tui.panes.status import clip, elapsed
from agentwatch.tui.text import Role, our_text
from agentwatch.tui.watched import Seen

EMPTY = "Nothing is waiting. The agent works inside its rules."


class QueuePane(Widget, can_focus=True):
    """One row an action."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(ROLE_CLASSES)

    class Picked(Message):
        """A row was clicked: a choice, never an answer."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  the toolkit's word
        super().__init__(id=id)
        self._seen: Sequence[Seen] = ()
        self._chosen: str | None = None
        self._now = 0.0
        self._top = 0
        self._empty = EMPTY
        self._over = False
        self._shown: object = None

    def show(
        self, seen: Sequence[Seen], chosen: str | None, now: float, empty: str, *, over: bool
    ) -> None:
        """Draw these actions, with a mark on the chosen one."""
        new = (seen, chosen, int(now), empty, over)
        if new == self._shown:
            return
        self._shown = new
        self._over = over
        self._seen, self._chosen, self._now, self._empty = seen, chosen, now, empty
        self._keep_in_view()
        waiting = sum(item.pending and not over for item in seen)
        self.border_title = f"Waiting: {waiting}" if waiting else "Waiting: none"
        self.refresh()

    @property
    def text(self) -> str:
        """Every visible row."""
        rows = (self._row(index) for index in range(self._top, self._top + self.size.height))
        return "\n".join(row.plain for row in rows)

    def on_resize(self, _event: events.Resize) -> None:
        """Keep the mark in view."""
        self._keep_in_view()

    def on_click(self, event: events.Click) -> None:
        """Choose the row under the pointer."""
        index = self._top + event.y - self.gutter.top
        if 0 <= index < len(self._seen):
            self.post_message(self.Picked(self._seen[index].id))

    def render_line(self, y: int) -> Strip:
        """One row."""
        return strip_of(self, self._row(self._top + y), self.size.width)

    def _row(self, index: int) -> Text:
        if not self._seen:
            return our_text(f" {self._empty}" if index == 0 else "", Role.DIM)
        if index >= len(self._seen):
            return our_text("")
        now = None if self._over else self._now
        try:
            return queue_row(self._seen[index], self._chosen, now, self.size.width)
        except Exception:  # noqa: BLE001  one bad row must not take the screen away
            return our_text(" An action that cannot be drawn: it can only be denied.", Role.DANGER)

    def _keep_in_view(self) -> None:
        height = max(1, self.size.height)
        place = next((i for i, item in enumerate(self._seen) if item.id == self._chosen), None)
        if place is not None:
            self._top = min(max(self._top, place - height + 1), place)
        self._top = max(0, min(self._top, len(self._seen) - height))


def queue_row(seen: Seen, chosen: str | None, now: float | None, width: int) -> Text:
    """The mark, the risk, the kind, what it is, and how long an answer is waited for."""
    action = seen.action
    here = seen.id == chosen
    glyph, _, role = RISK[action.reversibility]
    row = our_text("", Role.CHOSEN if here else "")
    row.append("▸ " if here else "  ", Role.ACCENT)
    row.append(f"{glyph} ", role)
    row.append(f"{action.proposal.kind.value:<10} ", Role.STRONG if here else Role.DIM)
    row.append_text(summary(seen))
    left = _answer_by(seen, now)
    row.truncate(max(0, width - left.cell_len), overflow="ellipsis", pad=True)
    return row.append_text(left)


def _answer_by(seen: Seen, now: float | None) -> Text:
    """How it was answered, or until when; without a time the session is over."""
    if seen.action.state is not ActionState.PENDING:
        return our_text(f" {seen.action.state.value.upper()} ", Role.STRONG)
    if now is None:
        return our_text(" NOT RELEASED ", Role.STRONG)
    text = our_text("")
    if seen.action.outside:
        text.append(" outside", Role.WARN)
    if seen.action.proposal.proposer:
        text.append(f" {clip(seen.action.proposal.proposer, 12)}", Role.DIM)
    if seen.action.deadline is not None:
        text.append(f" {elapsed(seen.action.deadline - now)} ", Role.DIM)
    return text
