"""The one road from an agent's bytes to a widget.

Owns how text that is not ours becomes visible: nothing that moves the cursor, reorders, hides or
joins characters survives, and markup is never parsed.  Never decides what is shown where.

What does not work: look-alike letters (Cyrillic for Latin) are shown as they are; they are
letters in good standing, and a command full of them reads as what it is only to a careful eye.
"""

from __future__ import annotations

from enum import StrEnum

from rich.cells import cell_len
from rich.text import Text

from agentwatch.visible import name_of, pieces


class Role(StrEnum):
    """What a stretch of text is; the style sheet says how each looks."""

    AGENT = "agent"
    HIDDEN = "hidden"
    HEADING = "heading"
    LABEL = "label"
    DIM = "dim"
    STRONG = "strong"
    KEY = "key"
    GOOD = "good"
    WARN = "warn"
    DANGER = "danger"
    ACCENT = "accent"
    ADDED = "added"
    REMOVED = "removed"
    HUNK = "hunk"
    BANNER = "banner"
    CHOSEN = "chosen"
    MARKED = "marked"


def agent_text(value: object, *, newlines: bool = False, role: str = Role.AGENT) -> Text:
    """Text that is not ours, every treacherous character replaced by a visible name for it."""
    raw = str(value)
    text = Text(style=role, end="", no_wrap=True)
    if raw.isascii() and raw.isprintable():
        return text.append(raw)
    plain: list[str] = []
    for shown, hidden in pieces(raw, newlines=newlines):
        if not hidden:
            plain.append(shown)
            continue
        text.append("".join(plain))
        plain.clear()
        text.append(shown, Role.HIDDEN)
    return text.append("".join(plain))


def agent_plain(value: object) -> str:
    """The same on one line without styles, for places that take a string and parse no markup."""
    return agent_text(value).plain


def our_text(value: str, role: str = "") -> Text:
    """A sentence of ours; given the type that parses no markup all the same."""
    return Text(value, style=role, end="", no_wrap=True)


def cell_text(cluster: str, width: int) -> str:
    """What to draw for one cell of the agent's screen: exactly `width` columns, nothing hidden."""
    if cluster == "\xa0":  # what agents' prompts pad with; in a cell it hides nothing
        return " ".ljust(width)
    kept = "".join(char for char in cluster if name_of(char) is None)
    if cell_len(kept) == width:
        return kept
    return ("\ufffd" if cluster else "").ljust(width)[:width]
