"""How text that is not ours becomes visible: the part that needs no screen.

Owns which characters are treacherous (they move the cursor, reorder, hide or join) and the visible
name of each.  Never decides where a text is shown; screens, reports and recordings do.
"""

from __future__ import annotations

import time
import unicodedata
from functools import lru_cache
from typing import Final

BLANKS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Printable by the book, blank or invisible in every font."""

MARKS_IN_A_ROW: Final = 2
"""Accents kept on one letter; more of them only serve to paint over other lines."""


def shown(value: object, most: int = 0) -> str:
    """The text on one line, every treacherous character by its name; cut after `most`."""
    raw = str(value)
    cut = 0 < most < len(raw)
    made = "".join(piece for piece, _ in pieces(raw[:most] if cut else raw, newlines=False))
    return f"{made}…" if cut else made


def clock(seconds: float, form: str = "%H:%M:%S", *, utc: bool = False) -> str:
    """A time of the day; of one that no clock shows, which somebody wrote, the number."""
    try:
        return time.strftime(form, time.gmtime(seconds) if utc else time.localtime(seconds))
    except (OverflowError, ValueError, OSError):
        return str(seconds)[:20]


def pieces(raw: str, *, newlines: bool) -> list[tuple[str, bool]]:
    """Each character as shown, and whether what is shown stands for something hidden."""
    made: list[tuple[str, bool]] = []
    base, marks = "", 0
    for char in raw:
        if char == "\n" and newlines:
            made.append((char, False))
            base, marks = "", 0
            continue
        if unicodedata.category(char) == "Mn" and name_of(char) is None:
            marks += 1
            stray = not base.isalpha() or marks > MARKS_IN_A_ROW
            made.append((_code_point(char), True) if stray else (char, False))
            continue
        base, marks = char, 0
        name = name_of(char)
        made.append((char, False) if name is None else (name, True))
    return made


@lru_cache(maxsize=4096)
def name_of(char: str) -> str | None:
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
