"""Keys as the bytes a terminal would have sent for them.

Owns the translation for an attached agent: what the toolkit names, back into what a program on a
pty reads.  Never sends anything.
"""

from __future__ import annotations

from typing import Final

CURSOR: Final = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
"""Keys whose sequence depends on the cursor-key mode."""

TILDE: Final = {
    "insert": 2,
    "delete": 3,
    "pageup": 5,
    "pagedown": 6,
    "f5": 15,
    "f6": 17,
    "f7": 18,
    "f8": 19,
    "f9": 20,
    "f10": 21,
    "f11": 23,
    "f12": 24,
}
SS3: Final = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}

PLAIN: Final = {
    "enter": "\r",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "escape": "\x1b",
    "backspace": "\x7f",
    "ctrl+backspace": "\x08",
    "space": " ",
}

CONTROL: Final = {
    "space": 0x00,
    "at": 0x00,
    "left_square_bracket": 0x1B,
    "backslash": 0x1C,
    "right_square_bracket": 0x1D,
    "circumflex_accent": 0x1E,
    "underscore": 0x1F,
    "slash": 0x1F,
    "minus": 0x1F,
    "question_mark": 0x7F,
}

MODIFIERS: Final = {"shift": 1, "alt": 2, "ctrl": 4}

PASTE_START, PASTE_END = b"\x1b[200~", b"\x1b[201~"


def bytes_of(key: str, character: str | None, *, application_cursor: bool) -> bytes:
    """What a terminal sends for a key; nothing for one that terminals have no bytes for."""
    if character is not None and len(character) == 1 and not character.isprintable():
        return character.encode()  # one control byte came in, the same goes out
    if key in PLAIN:
        return PLAIN[key].encode()
    *modifiers, name = key.split("+") if key != "+" else ["+"]
    if not set(modifiers) <= MODIFIERS.keys():
        return b""
    special = _special(name, modifiers, application_cursor)
    return _ordinary(name, modifiers, character) if special is None else special.encode()


def _ordinary(name: str, modifiers: list[str], character: str | None) -> bytes:
    alt = b"\x1b" if "alt" in modifiers else b""
    if "ctrl" in modifiers:
        return _control(name, alt)
    plain = character or PLAIN.get(name, name if len(name) == 1 else "")
    return alt + plain.encode("utf-8", "ignore") if plain else b""


def paste_of(text: str, *, bracketed: bool) -> bytes:
    """What a terminal sends for pasted text; an end mark inside it cannot end the paste."""
    data = text.replace("\r\n", "\r").replace("\n", "\r").encode("utf-8", "ignore")
    if not bracketed:
        return data
    inner = data.replace(b"\x1b", b"")
    return PASTE_START + inner + PASTE_END


def _special(name: str, modifiers: list[str], application_cursor: bool) -> str | None:
    weight = 1 + sum(MODIFIERS[modifier] for modifier in modifiers)
    if name in CURSOR:
        if weight > 1:
            return f"\x1b[1;{weight}{CURSOR[name]}"
        return f"\x1b{'O' if application_cursor else '['}{CURSOR[name]}"
    if name in SS3:
        return f"\x1b[1;{weight}{SS3[name]}" if weight > 1 else f"\x1bO{SS3[name]}"
    if name in TILDE:
        return f"\x1b[{TILDE[name]};{weight}~" if weight > 1 else f"\x1b[{TILDE[name]}~"
    return None


def _control(name: str, alt: bytes) -> bytes:
    if len(name) == 1 and name.isascii() and name.isalpha():
        return alt + bytes([ord(name.upper()) & 0x1F])
    if name in CONTROL:
        return alt + bytes([CONTROL[name]])
    return b""
