"""The bottom line: the keys that work now.

Owns nothing but its drawing: the keys come from the table, and what `a` can do right now is said
in its word, not only in its colour.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text

from agentwatch.tui.keys import Key, Where, footer, footer_words
from agentwatch.tui.panes.painted import Bar
from agentwatch.tui.text import Role, our_text


class FooterBar(Bar):
    """One row of keys."""

    def show_keys(
        self, where: Where, width: int, *, hidden: Iterable[str] = (), not_now: dict[str, str]
    ) -> None:
        """Draw the keys; `not_now` gives the word for each that would be refused."""
        self.show([footer_row(footer(where, width, hidden), not_now)])


def footer_row(keys: list[Key], not_now: dict[str, str]) -> Text:
    """The row: each key and its word, a refused key with the word for why."""
    row = our_text(" ")
    for number, key in enumerate(keys):
        row.append("  " if number else "")
        refused = not_now.get(key.action)
        if refused is not None:
            row.append(f"{key.shown} {refused}".ljust(len(footer_words(key))), Role.DIM)
            continue
        row.append(key.shown, Role.DANGER if key.action == "kill" else Role.KEY)
        row.append(f" {key.label}", Role.DANGER if key.action == "kill" else "")
    return row
