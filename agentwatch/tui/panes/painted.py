"""Drawing rows: the base of every pane that shows text.

Owns scrolling, the breaking of lines at the pane's width and the look of each role, taken from the
style sheet.  Parses no markup: what it is given are `Line`s, and nothing else can be given.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from agentwatch.tui.lines import Line
from agentwatch.tui.text import Role

ROLE_CLASSES: frozenset[str] = frozenset(f"role--{role}" for role in Role)


def strip_of(widget: Widget, row: Text, width: int) -> Strip:
    """One row in the widget's own looks, filled up to the width."""
    base = widget.rich_style
    looks = {
        str(role): widget.get_component_rich_style(f"role--{role}", partial=True) for role in Role
    }
    segments: list[Segment] = []
    offsets = sorted({0, len(row.plain), *(edge for span in row.spans for edge in span[:2])})
    for start, end in pairwise(offsets):
        style = base + _look(row.style, looks)
        for span in row.spans:
            if span.start <= start and end <= span.end:
                style += _look(span.style, looks)
        segments.append(Segment(row.plain[start:end], style))
    return Strip(segments).adjust_cell_length(width, base)


def _look(role: object, looks: dict[str, Style]) -> Style:
    return looks.get(str(role), Style.null())


class Painted(ScrollView, can_focus=True):
    """A pane of lines."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(ROLE_CLASSES)
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._lines: Sequence[Line] = ()
        self._rows: list[Text] = []
        self._broken_at = -1
        self._end_painted = False

    def show(self, lines: Sequence[Line], *, from_top: bool = True) -> None:
        """Draw other lines."""
        self._lines = lines
        self._broken_at = -1
        self._end_painted = False
        self._break()
        if from_top:
            self.scroll_to(0, 0, animate=False, immediate=True)
        self.refresh()

    @property
    def end_painted(self) -> bool:
        """Whether the last row has been on screen since these lines are shown."""
        return self._end_painted

    @property
    def text(self) -> str:
        """Every row as drawn, for tests and for copying."""
        return "\n".join(row.plain for row in self._rows)

    def on_resize(self, _event: events.Resize) -> None:
        """Break the lines anew at the new width."""
        self._break()

    def page(self, direction: int) -> None:
        """Scroll by a screenful less one row, so that the eye keeps its place."""
        step = max(1, self.scrollable_content_region.height - 1)
        self.scroll_to(y=self.scroll_offset.y + direction * step, animate=False, immediate=True)

    def render_line(self, y: int) -> Strip:
        """One row, as the compositor asks for it."""
        width = self.scrollable_content_region.width
        index = y + self.scroll_offset.y
        if not 0 <= index < len(self._rows):
            return Strip.blank(width, self.rich_style)
        if index == len(self._rows) - 1:
            self._end_painted = True
        row = self._rows[index]
        if self.text_selection and (span := self.text_selection.get_span(index)) is not None:
            start, end = span
            row = row.copy()
            row.stylize(Role.MARKED, start, len(row) if end == -1 else end)
        return strip_of(self, row, width).apply_offsets(0, index)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """What is marked with the mouse, for copying."""
        return selection.extract(self.text), "\n"

    def selection_updated(self, _selection: Selection | None) -> None:
        """Draw the mark anew."""
        self.refresh()

    def _break(self) -> None:
        # The scroll bar's column is kept free even where there is none: were it to come after
        # the lines are broken, it would lie over the last character of each.
        width = self.content_region.width - self.styles.scrollbar_size_vertical
        if width <= 0 or width == self._broken_at:
            return
        self._broken_at = width
        self._rows = [row for line in self._lines for row in line.rows(width)]
        self.virtual_size = Size(width, len(self._rows))
        self.refresh()


class Bar(Widget):
    """One or a few rows that do not scroll."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(ROLE_CLASSES)

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._rows: list[Text] = []

    def show(self, rows: Sequence[Text]) -> None:
        """Draw other rows; none hides the bar."""
        new = list(rows)
        if new == self._rows and self.display is bool(new):
            return
        self._rows = new
        self.display = bool(new)
        self.refresh(layout=True)

    @property
    def text(self) -> str:
        """What it says."""
        return "\n".join(row.plain for row in self._rows)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """As many rows as there are to draw."""
        return len(self._rows)

    def render_line(self, y: int) -> Strip:
        """One row."""
        width = self.size.width
        if y >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        return strip_of(self, self._rows[y], width)
