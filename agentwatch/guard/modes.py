"""What a program left switched on in the terminal.

Owns the record of terminal modes seen in a program's output, so that they can be undone when it
dies without doing so: alternate screen, mouse, paste brackets, keyboard protocols, hidden cursor.
No I/O, and it never sends what was not left on: leaving an alternate screen that is not on moves
the cursor.
"""

from __future__ import annotations

import re

_CHANGE = re.compile(
    rb"\x1b(?:\[(?:\?(?P<private>[\d;]{1,40})(?P<on>[hl])"
    rb"|>(?P<push>[\d;]{0,8})u|<(?P<pop>\d{0,3})u|>4(?:;(?P<other>\d))?m)"
    rb"|(?P<keypad>[=>]))"
)
_TAIL = 48
"""Bytes a torn change of mode may have."""
NORMALLY_ON = frozenset({7, 25})
"""Line wrap and the cursor: these are undone by switching them on."""
ALTERNATE = frozenset({47, 1047, 1049})


class Modes:
    """Follows a program's output and knows how to undo the modes it left on."""

    def __init__(self) -> None:
        self._left: dict[str, bytes] = {}
        """What differs from a fresh terminal, oldest first, with what undoes it."""
        self._pushed = 0
        self._torn = b""

    @property
    def alternate(self) -> bool:
        """Whether the program shows the alternate screen."""
        return any(f"?{mode}" in self._left for mode in ALTERNATE)

    def feed(self, output: bytes) -> None:
        """Note the modes that these bytes change."""
        stream = self._torn + output
        end = 0
        for change in _CHANGE.finditer(stream):
            self._apply(change)
            end = change.end()
        begun = stream.rfind(b"\x1b", max(end, len(stream) - _TAIL))
        self._torn = stream[begun:] if begun >= 0 else b""

    def undo(self) -> bytes:
        """The bytes that bring the terminal back, last change first; forgets them."""
        if not self._left:
            return b""
        # CAN ends a sequence the program may have died in; the colours are its own as well
        undoing = b"\x18\x1b[m" + b"".join(reversed(self._left.values()))
        self._left.clear()
        self._pushed, self._torn = 0, b""
        return undoing

    def _apply(self, change: re.Match[bytes]) -> None:
        """Take one change of mode into account."""
        if change["private"] is not None:
            for number in change["private"].split(b";"):
                self._private(int(number or 0), on=change["on"] == b"h")
        elif change["push"] is not None:
            self._pushed += 1
            self._left[f"kitty{self._pushed}"] = b"\x1b[<u"
        elif change["pop"] is not None:
            for _ in range(min(self._pushed, int(change["pop"] or 1))):
                del self._left[f"kitty{self._pushed}"]
                self._pushed -= 1
        elif change["keypad"] is not None:
            self._note("keypad", b"\x1b>", left=change["keypad"] == b"=")
        else:
            self._note("other keys", b"\x1b[>4m", left=change["other"] not in (None, b"0"))

    def _private(self, mode: int, *, on: bool) -> None:
        """A private mode was switched."""
        normally = mode in NORMALLY_ON
        undoing = b"\x1b[?%d%s" % (mode, b"h" if normally else b"l")
        self._note(f"?{mode}", undoing, left=on is not normally)

    def _note(self, name: str, undoing: bytes, *, left: bool) -> None:
        """Remember or forget one mode."""
        if not left:
            self._left.pop(name, None)
        else:
            self._left.setdefault(name, undoing)
