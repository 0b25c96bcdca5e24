"""Lines to draw, and how they break at the screen's edge.

Owns the value that cards, help and log are made of.  Breaking drops no character: what is cut
goes on in the next row behind another gutter mark, so that a wrapped line is told from a new one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from agentwatch.tui.text import Role, our_text

MIN_WIDTH = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text, drawn in as many rows as it needs."""

    text: Text
    gutter: str = ""
    """Drawn before the first row."""
    gutter_on: str = ""
    """Drawn before every further row; as wide as `gutter`."""
    role: str = Role.DIM
    """How the gutter looks."""
    words: bool = True
    """Break between words; False breaks exactly at the edge, for commands and code."""

    def rows(self, width: int) -> list[Text]:
        """The rows at a width."""
        room = max(MIN_WIDTH, width - cell_len(self.gutter))
        pieces = self.text.divide(break_points(self.text.plain, room, words=self.words))
        drawn: list[Text] = []
        for number, piece in enumerate(pieces):
            row = our_text("")
            row.append(self.gutter_on if number else self.gutter, self.role)
            row.append_text(piece)
            drawn.append(row)
        return drawn


def break_points(plain: str, width: int, *, words: bool) -> list[int]:
    """Where to cut a line so that each piece fits; nothing is dropped."""
    if plain.isascii() and not words:
        return list(range(width, len(plain), width))
    points: list[int] = []
    start = used = space = 0
    for index, char in enumerate(plain):
        columns = 1 if char.isascii() else cell_len(char)
        if used + columns > width:
            cut = space if words and space > start else index
            points.append(cut)
            start, used = cut, cell_len(plain[cut:index])
        used += columns
        if char == " ":
            space = index + 1
    return points


def block(text: Text, gutter: str, gutter_on: str, role: str, *, words: bool) -> list[Line]:
    """Text of several lines behind one gutter."""
    return [
        Line(part, gutter, gutter_on, role, words=words)
        for part in text.split("\n", allow_blank=True)
    ]


def heading(words: str, note: str = "", role: str = Role.HEADING) -> Line:
    """A heading of ours, with a remark."""
    text = our_text(words, role)
    if note:
        text = our_text("").append_text(text).append(f"  {note}", Role.DIM)
    return Line(text)


def sentence(words: str, role: str = "", indent: int = 2) -> Line:
    """A sentence of ours."""
    return Line(our_text(words, role), " " * indent, " " * indent)


def blank() -> Line:
    """An empty line."""
    return Line(our_text(""))


def joined(parts: Iterable[Text | str]) -> Text:
    """One text of several, separated by a middle dot."""
    row = our_text("")
    for number, part in enumerate(parts):
        if number:
            row.append(" · ", Role.DIM)
        row.append_text(our_text(part) if isinstance(part, str) else part)
    return row
