"""Approve what is on the card, and what is like it, for a while.

Owns the choice of what (narrowest first) and how long (shortest first).  Nothing is granted but by
`a` on this panel, under the quiet rule; every other way out grants nothing and answers nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType

from agentwatch.model import Json
from agentwatch.tui.keys import Where, bindings
from agentwatch.tui.lines import Line, sentence
from agentwatch.tui.screens.reading import ReadingScreen
from agentwatch.tui.text import Role, agent_text, our_text


@dataclass(frozen=True, slots=True)
class Lasting:
    """One answer to "how long"."""

    words: str
    time: str | None
    uses: int | None


LASTING = (
    Lasting("one more like it, within 15 minutes", "15m", 1),
    Lasting("5 more, within 15 minutes", "15m", 5),
    Lasting("any number, for 15 minutes", "15m", None),
    Lasting("any number, for 2 hours", "2h", None),
    Lasting("any number, until this session ends", None, None),
)
"""Shortest first."""


class SimilarScreen(ReadingScreen):
    """What, and how long."""

    where: ClassVar[Where] = Where.SIMILAR
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Where.SIMILAR))
    heading: ClassVar[str] = "Approve this, and what is like it"

    def __init__(self, offered: Sequence[Json]) -> None:
        super().__init__()
        self._offered = list(offered)
        self._what = 0
        self._long = 0

    def on_mount(self) -> None:
        """Begin with the narrowest."""
        super().on_mount()
        self.watch_app.quiet.drawn()
        self._show()

    def action_choose(self, step: int) -> None:
        """Another scope."""
        self._what = min(max(self._what + step, 0), len(self._offered) - 1)
        self._show()

    def action_longer(self, step: int) -> None:
        """Another time."""
        self._long = min(max(self._long + step, 0), len(LASTING) - 1)
        self._show()

    def action_grant(self) -> None:
        """Hand back what is marked, if the key was aimed at it."""
        app = self.watch_app
        if not (app.take_aim("a") and app.quiet.settled):
            app.say("Not granted: too soon. Look at the panel, then press a.")
            return
        chosen = LASTING[self._long]
        scope = str(self._offered[self._what].get("scope"))
        self.dismiss({"scope": scope, "for": chosen.time, "uses": chosen.uses})

    def action_write(self) -> None:
        """Hand back that it should become a rule: that is asked on a screen of its own."""
        self.dismiss({"write": str(self._offered[self._what].get("scope"))})

    def _show(self) -> None:
        lines = [sentence("What (↑ ↓):", Role.LABEL)]
        lines += [self._scope(at, item) for at, item in enumerate(self._offered)]
        lines += [sentence("", Role.DIM), sentence("How long (← →):", Role.LABEL)]
        lines += [
            Line(
                our_text(item.words, Role.STRONG if at == self._long else ""),
                _mark(at, self._long),
                "   ",
            )
            for at, item in enumerate(LASTING)
        ]
        lines += [
            sentence("", Role.DIM),
            sentence("a approves this action and grants what is marked; esc grants nothing.", ""),
            sentence(
                "w writes what is marked down as a rule, for always: it is shown first.", Role.DIM
            ),
            sentence("Whatever is harder to take back than this is asked as ever.", Role.DIM),
            sentence("g lists what is granted, x revokes it; a kill ends all of it.", Role.DIM),
        ]
        self.show_lines(lines)

    def _scope(self, at: int, item: Json) -> Line:
        row = agent_text(item.get("covers"), role=Role.STRONG if at == self._what else "")
        met = (
            f"  (would have matched {item.get('would_have_matched')} of the last {item.get('of')})"
        )
        return Line(row.append_text(our_text(met, Role.DIM)), _mark(at, self._what), "   ")


def _mark(at: int, chosen: int) -> str:
    return " ▸ " if at == chosen else "   "
