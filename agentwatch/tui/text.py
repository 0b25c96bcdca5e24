"""The one road from an agent's bytes to a widget.

Owns how text that is not ours becomes visible: nothing that moves the cursor, reorders, hides or
joins characters survives, and markup is never parsed.  Never decides what is shown where.

What does not work: look-alike letters (Cyrillic for Latin) are shown as they are; they are
letters in good standing, and a command full of them reads as what it is only to a careful eye.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from functools import lru_cache
from typing import Final

from rich.cells import cell_len
from rich.text import Text


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


BLANKS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Printable by the book, blank or invisible in every font."""

MARKS_IN_A_ROW: Final = 2
"""Accents kept on one letter; more of them only serve to paint over other lines."""


def agent_text(value: object, *, newlines: bool = False, role: str = Role.AGENT) -> Text:
    """Text that is not ours, every treacherous character replaced by a visible name for it."""
    raw = str(value)
    text = Text(style=role, end="", no_wrap=True)
    if raw.isascii() and raw.isprintable():
        return text.append(raw)
    plain: list[str] = []
    for shown, hidden in _pieces(raw, newlines):
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
    kept = "".join(char for char in cluster if _name_of(char) is None)
    if cell_len(kept) == width:
        return kept
    return ("\ufffd" if cluster else "").ljust(width)[:width]


def _pieces(raw: str, newlines: bool) -> list[tuple[str, bool]]:
    """Each character as shown, and whether what is shown stands for something hidden."""
    pieces: list[tuple[str, bool]] = []
    base, marks = "", 0
    for char in raw:
        if char == "\n" and newlines:
            pieces.append((char, False))
            base, marks = "", 0
            continue
        if unicodedata.category(char) == "Mn" and _name_of(char) is None:
            marks += 1
            stray = not base.isalpha() or marks > MARKS_IN_A_ROW
            pieces.append((_code_point(char), True) if stray else (char, False))
            continue
        base, marks = char, 0
        name = _name_of(char)
        pieces.append((char, False) if name is None else (name, True))
    return pieces


@lru_cache(maxsize=4096)
def _name_of(char: str) -> str | None:
    """The visible name of a character that must not be drawn as it is; None when it may."""
    code = ord(char)
    if char == "\t":
        return "⇥   "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    selector = 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF or 0x180B <= code <= 0x180F
    if char.isprintable() and char not in BLANKS and not selector:
        return _code_point(char) if unicodedata.category(char) == "Me" else None
    return _code_point(char)


def _code_point(char: str) -> str:
    return f"⟦U+{ord(char):04X}⟧"
