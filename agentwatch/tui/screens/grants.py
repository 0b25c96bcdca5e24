"""What is granted now, until when, and how often it was used.

Owns the list and the choice in it.  Revoking takes one key: it only ever makes things stricter.
"""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from agentwatch.grants.values import spoken
from agentwatch.model import Json
from agentwatch.tui.keys import Where, bindings
from agentwatch.tui.lines import Line, sentence
from agentwatch.tui.screens.reading import ReadingScreen
from agentwatch.tui.text import Role, agent_text, our_text

NONE = "Nothing is granted. s on a card approves it and what is like it, for a while."


class GrantsScreen(ReadingScreen):
    """The grants that stand."""

    where: ClassVar[Where] = Where.GRANTS
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Where.GRANTS))
    heading: ClassVar[str] = "Granted"

    def __init__(self) -> None:
        super().__init__()
        self._chosen = 0

    def draw(self) -> None:
        """Draw what stands now; the time left counts down."""
        super().draw()
        standing = self.watch_app.watched.grants
        self._chosen = min(self._chosen, max(0, len(standing) - 1))
        lines = [self._line(at, grant) for at, grant in enumerate(standing)]
        self.show_lines(lines or [sentence(NONE, Role.DIM)])

    def action_choose(self, step: int) -> None:
        """Another one."""
        last = max(0, len(self.watch_app.watched.grants) - 1)
        self._chosen = min(max(self._chosen + step, 0), last)
        self.sync()

    def action_revoke(self) -> None:
        """End the chosen one."""
        standing = self.watch_app.watched.grants
        if self._chosen < len(standing):
            grant = str(standing[self._chosen].get("id"))
            self.watch_app.ask("revoke", f"Revoked {grant}.", grant=grant)

    def _line(self, at: int, grant: Json) -> Line:
        role = Role.STRONG if at == self._chosen else ""
        row = our_text(f"{grant.get('id')}  ", Role.LABEL)
        row.append_text(agent_text(grant.get("covers"), role=role))
        row.append_text(our_text(f"  {self._left(grant)}", Role.DIM))
        return Line(row, " ▸ " if at == self._chosen else "   ", "   ")

    def _left(self, grant: Json) -> str:
        said = [f"used {grant.get('used')} times"]
        if grant.get("until") is not None:
            said.append(f"{spoken(float(grant['until']) - self.watch_app.wall())} left")
        if grant.get("left") is not None:
            said.append(f"{grant['left']} more uses")
        return ", ".join(said)
