"""The card pane: one action, complete.

Owns the binding of an answer to what was drawn: the identity and digest of the very JSON whose
lines are on screen, and whether their end has been seen.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual import events

from agentwatch.tui.cards import card_lines
from agentwatch.tui.length import too_long
from agentwatch.tui.lines import Line, sentence
from agentwatch.tui.panes.painted import Painted
from agentwatch.tui.text import Role
from agentwatch.tui.watched import Seen

NOTHING = "Nothing is chosen."

ROOMY = 18
"""Rows from which on there is room for empty lines."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a person is looking at: an answer is bound to exactly this."""

    action: str
    digest: str
    approvable: bool
    """False where it is no longer waiting, unsound, or could not be drawn."""


class CardPane(Painted):
    """Draws one action and remembers which."""

    drawn: Drawn | None = None
    _seen: Seen | None = None
    _airy = False

    def on_resize(self, event: events.Resize) -> None:
        """Where there is room, sections get air between them."""
        airy = event.size.height >= ROOMY
        if airy is not self._airy:
            self._airy = airy
            if self._seen is not None:
                self._draw(self._seen, from_top=False)
        super().on_resize(event)

    def show_card(self, seen: Seen | None, *, empty: str = NOTHING) -> bool:
        """Draw an action; says whether the content to decide on is another than before."""
        before = self.drawn and (self.drawn.action, self.drawn.digest)
        if seen is None:
            self.drawn = self._seen = None
            self.border_title = "Action"
            if before is not None or not self.text:
                self.show([sentence(empty, Role.DIM, 1)])
            return before is not None
        changed = before != (seen.id, seen.digest)
        old = self.drawn
        self.drawn = Drawn(seen.id, seen.digest, seen.pending and seen.sound)
        if changed or old != self.drawn:
            self._draw(seen, from_top=changed)
        return changed

    @property
    def read(self) -> bool:
        """Whether the end of the card has been on screen."""
        return self.drawn is not None and self.end_painted

    def _draw(self, seen: Seen, *, from_top: bool) -> None:
        self._seen = seen
        lines = self._lines_of(seen)
        self.border_title = "Action"
        self.show(lines, from_top=from_top)

    def _lines_of(self, seen: Seen) -> list[Line]:
        """Its card, or why there is none: what cannot be drawn cannot be approved."""
        try:
            if not too_long(seen.action):
                return card_lines(seen, airy=self._airy)
            why = f"It is too long: `agentwatch show {seen.id}` prints all of it."
        except Exception as error:  # noqa: BLE001  whatever it is, nobody has seen the action
            why = f"The reason: {type(error).__name__}."
        self.drawn = Drawn(seen.id, seen.digest, approvable=False)
        said = "This action cannot be drawn, so it cannot be approved."
        return [sentence(said, Role.DANGER, 0), sentence(why, Role.DIM, 0)]
