r"""The kill keys, found in the bytes a terminal sends.

Owns the knowledge of how terminals spell F9 and ctrl+\.  No I/O: bytes in, bytes out.  It never
holds a byte back, so it needs no timer and the escape key is as quick as ever: a kill key that
arrives whole is swallowed whole, one torn over several reads is passed on whole and still kills.

What does not work: F9 as VT52, VT100+ and mach terminals spell it (`ESC O X` and the like is the
keypad's `=` elsewhere); ctrl+\ does.  A window system that keeps the key for itself.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from enum import Enum

TEAR_LIMIT = 5.0
"""Seconds a sequence may be torn apart; after that its rest is text somebody typed."""
PASTE_SILENCE = 1.0
"""Seconds without text after which a paste counts as over, its end lost on the way."""
PASTE_LONGEST = 30.0
"""Seconds after which a paste counts as over, whatever still comes."""
LONGEST = 64
"""Bytes a sequence of interest may have."""

CTRL = 4
CTRL_BACKSLASH = (92, 28)
F9 = 20
SUN_F9 = 232
WINDOWS_F9 = 120

# The C1 form of CSI is one byte (0x9b), or two where the terminal encodes it as UTF-8.  Preceded
# by another byte above ASCII it is the middle of a character.
_LEAD = re.compile(rb"\x1c|\x1b|\xc2\x9b|(?<![\x80-\xff])\x9b")
_SEQUENCE = re.compile(
    rb"(?:\x1b\[|\xc2\x9b|\x9b)"
    rb"(?:(?P<rxvt>20\$)|(?P<private>[<=>?]?)(?P<params>[0-9:;]{0,60})[ -/]{0,4}(?P<final>[@-~]))"
)
_TORN = re.compile(rb"\x1b|(?:\x1b\[|\xc2\x9b|\x9b)[<=>?]?[0-9:;]{0,60}[ -/]{0,4}")


class _Meaning(Enum):
    """What a sequence is to us."""

    OTHER = 0
    KILL = 1
    RELEASE = 2
    """A kill key let go: not a second press, and not the screen's business either."""
    PASTE = 3
    PASTE_OVER = 4


class KeyFilter:
    """Finds the kill keys in a stream of terminal input, in and outside of bracketed pastes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._context = b""
        """The byte before `_torn`: tells a C1 control from the middle of a character."""
        self._torn = b""
        """A sequence whose end has not come yet; already passed on."""
        self._heard_at = 0.0
        self._pasting = False
        self._paste_began = 0.0
        self._text_at = 0.0
        """When the paste last brought text; keys and mouse reports don't keep it alive."""

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """What to pass on of these bytes, and whether a kill key was among them."""
        now = self._clock()
        self._forget(now)
        stream = self._context + self._torn + data
        passed = bytearray()
        kept = fresh = len(stream) - len(data)  # what lies before `fresh` was passed on already
        at, torn_at, kill = len(self._context), len(stream), False
        while lead := _LEAD.search(stream, at):
            start = lead.start()
            self._text(start - at, now)
            end, meaning = _read(stream, start)
            if end is None:
                torn_at = start
                break
            kill |= self._apply(meaning, now)
            ours = meaning in (_Meaning.KILL, _Meaning.RELEASE) and not self._pasting
            if ours and start >= fresh:
                passed += stream[kept:start]
                kept = end
            at = end
        else:
            self._text(len(stream) - max(at, fresh), now)
            torn_at -= stream.endswith(b"\xc2")
        passed += stream[kept:]
        self._context, self._torn = stream[max(0, torn_at - 1) : torn_at], stream[torn_at:]
        self._heard_at = now
        return bytes(passed), kill

    def _forget(self, now: float) -> None:
        """Drop what has waited too long for its end: a torn sequence, a paste."""
        if now - self._heard_at > TEAR_LIMIT:
            self._context, self._torn = self._torn[-1:] or self._context, b""
        silent = now - self._text_at > PASTE_SILENCE
        if self._pasting and (silent or now - self._paste_began > PASTE_LONGEST):
            self._pasting = False

    def _text(self, length: int, now: float) -> None:
        """Note that the stream brought text."""
        if length > 0:
            self._text_at = now

    def _apply(self, meaning: _Meaning, now: float) -> bool:
        """Follow pastes; whether this is a kill key pressed by a person."""
        if meaning is _Meaning.PASTE and not self._pasting:
            self._pasting, self._paste_began, self._text_at = True, now, now
        elif meaning is _Meaning.PASTE_OVER:
            self._pasting = False
        return meaning is _Meaning.KILL and not self._pasting


def _read(stream: bytes, start: int) -> tuple[int | None, _Meaning]:
    """Where the sequence at `start` ends and what it means; no end when it is still coming."""
    if stream[start] == 0x1C:
        return start + 1, _Meaning.KILL
    if whole := _SEQUENCE.match(stream, start):
        return whole.end(), _meaning(whole)
    if len(stream) - start <= LONGEST and _TORN.fullmatch(stream, start):
        return None, _Meaning.OTHER
    return start + 1, _Meaning.OTHER


def _meaning(sequence: re.Match[bytes]) -> _Meaning:
    """What a complete control sequence means."""
    if sequence["rxvt"]:
        return _Meaning.KILL
    if sequence["private"]:
        return _Meaning.OTHER
    fields = [[int(sub or 0) for sub in one.split(b":")] for one in sequence["params"].split(b";")]
    first, final = fields[0][0], sequence["final"]
    if final == b"~" and first in (200, 201):
        return _Meaning.PASTE if first == 200 else _Meaning.PASTE_OVER
    if not _is_kill_key(fields, final):
        return _Meaning.OTHER
    return _Meaning.RELEASE if _let_go(fields, final) else _Meaning.KILL


def _is_kill_key(fields: list[list[int]], final: bytes) -> bool:
    r"""Whether it is F9 or ctrl+\, with any further modifiers, pressed or let go."""
    first = fields[0][0]
    ctrl = bool(max(0, _field(fields, 1) - 1) & CTRL)
    if final in (b"~", b"^", b"@"):  # ^ and @: rxvt's ctrl and ctrl+shift
        other_keys = first == 27 and ctrl and _field(fields, 2) in CTRL_BACKSLASH
        return first == F9 or (final == b"~" and other_keys)
    if final == b"u":  # Kitty, and xterm's formatOtherKeys
        return first == 28 or (ctrl and 92 in fields[0][:2])
    if final == b"_":  # win32-input-mode: key code; scan code; character; down; state; repeat
        return len(fields) >= 4 and (first == WINDOWS_F9 or _field(fields, 2) == 28)
    return (final == b"z" and first == SUN_F9) or (final == b"U" and fields == [[0]])


def _let_go(fields: list[list[int]], final: bytes) -> bool:
    """Whether it reports a key's release."""
    if final == b"_":
        return _field(fields, 3) == 0
    return len(fields) > 1 and len(fields[1]) > 1 and fields[1][1] == 3


def _field(fields: list[list[int]], index: int) -> int:
    """The first number of a field, 0 where it is missing."""
    return fields[index][0] if index < len(fields) else 0
