from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from agentwatch.guard import KeyFilter
from agentwatch.guard.keys import PASTE_LONGEST, PASTE_SILENCE, TEAR_LIMIT

KILLS = [
    b"\x1c",  # ctrl+\ as one byte
    b"\x1b[20~",  # F9: xterm, VT220, Linux console, screen, tmux, PuTTY
    b"\x1b[20;2~",  # F9 with modifiers, xterm
    b"\x1b[20;5~",
    b"\x1b[20;16~",
    b"\x1b[20^",  # rxvt: ctrl, shift, both
    b"\x1b[20$",
    b"\x1b[20@",
    b"\x1b[20;1:1~",  # Kitty: modifiers and kind of event
    b"\x1b[20;129:2~",  # held down, num lock on
    b"\x1b[20;1;~",
    b"\x1b[92;5u",  # Kitty: ctrl+\ and with more modifiers
    b"\x1b[92;6u",
    b"\x1b[92;7u",
    b"\x1b[92;133u",
    b"\x1b[92;5:1u",
    b"\x1b[92;5:2u",
    b"\x1b[92:124;6u",
    b"\x1b[92::92;5u",
    b"\x1b[47:92;6u",  # a layout with the backslash on a shifted key
    b"\x1b[92;5;28u",
    b"\x1b[28u",
    b"\x1b[28;5u",
    b"\x1b[28;5:1u",
    b"\x1b[27;5;92~",  # xterm modifyOtherKeys
    b"\x1b[27;6;92~",
    b"\x1b[27;5;28~",
    b"\x1b[120;67;0;1;0;1_",  # win32-input-mode: F9, ctrl+\
    b"\x1b[220;43;28;1;8;1_",
    b"\x1b[232z",  # F9: Sun, old FreeBSD console
    b"\x1b[U",
    b"\x9b20~",  # CSI as one C1 byte, and that in UTF-8
    b"\xc2\x9b20~",
    b"\x9b92;5u",
    b"\x1b\x1b[20~",  # alt, as rxvt spells it
    b"\x1b\x1c",
]
LOUD = [key for key in KILLS if not key.startswith((b"\x1b\x1b", b"\x1b\x1c"))]
RELEASES = [b"\x1b[20;1:3~", b"\x1b[92;5:3u", b"\x1b[28;5:3u", b"\x1b[120;67;0;0;0;1_"]
HARMLESS = [
    b"\x1b",
    b"\x1b[A",
    b"\x1b[19~",  # F8
    b"\x1b[21~",  # F10
    b"\x1b[2~",
    b"\x1b[200;20~"[:4],
    b"\x1b[20R",
    b"\x1b[20;5R",  # the cursor's position
    b"\x1b[20;1$y",  # the state of mode 20
    b"\x1b[?20~",
    b"\x1b[?92;5u",
    b"\x1b[<20;20;20M",  # the mouse
    b"\x1b[M\x34\x30\x7e",
    b"\x1b[92u",
    b"\x1b[92;1u",
    b"\x1b[92;3u",  # alt+\
    b"\x1b[93;5u",  # ctrl+]
    b"\x1b[29u",
    b"\x1b[27;5;93~",
    b"\x1b[27;3;92~",
    b"\x1b[92;5~",
    b"\x1b[120u",
    b"\x1b[119;66;0;1;0;1_",
    b"\x1bOX",
    b"\x1bO20~",
    b"\x1b[48;20;80;400;600t",
    b"20~",
    b"[20~",
    "20~ \N{LATIN SMALL LETTER E WITH CARON}20~ \N{DEVANAGARI LETTER CHA}20~".encode(),
    b"\xf0\x9f\x9b20~",
    b"\x1b[" + b"2" * 500 + b"~",
]
START, END = b"\x1b[200~", b"\x1b[201~"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def feed(keys: KeyFilter, *pieces: bytes) -> tuple[bytes, int]:
    """What all the pieces let pass, and how many of them killed."""
    results = [keys.feed(piece) for piece in pieces]
    return b"".join(passed for passed, _ in results), sum(kill for _, kill in results)


def torn(data: bytes, cuts: set[int]) -> list[bytes]:
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(data)), len(data)]
    return [data[left:right] for left, right in pairwise(edges)]


@pytest.mark.parametrize("key", LOUD)
def test_every_spelling_kills_and_is_swallowed(key: bytes) -> None:
    assert KeyFilter().feed(b"ab" + key + b"cd") == (b"abcd", True)


@pytest.mark.parametrize("key", KILLS)
def test_every_spelling_kills_torn_anywhere_and_passes_whole_or_not_at_all(key: bytes) -> None:
    for cut in range(1, len(key)):
        passed, kills = feed(KeyFilter(), b"ab" + key[:cut], key[cut:] + b"cd")
        assert kills == 1, (key, cut)
        assert passed in (b"ab" + key + b"cd", b"ab\x1bcd"), (key, cut)


@pytest.mark.parametrize("key", KILLS)
def test_every_spelling_kills_byte_by_byte_once(key: bytes) -> None:
    passed, kills = feed(KeyFilter(), *torn(b"ab" + key + b"cd", set(range(99))))
    assert kills == 1
    assert passed in (b"ab" + key + b"cd", b"abcd", b"ab\x1bcd")


@pytest.mark.parametrize("key", RELEASES)
def test_a_release_neither_kills_nor_passes(key: bytes) -> None:
    assert KeyFilter().feed(b"a" + key + b"b") == (b"ab", False)


@pytest.mark.parametrize("text", HARMLESS)
def test_other_keys_and_replies_pass_unchanged_however_torn(text: bytes) -> None:
    assert KeyFilter().feed(text) == (text, False)
    assert feed(KeyFilter(), *torn(text, set(range(len(text))))) == (text, 0)


def test_an_unfinished_sequence_before_the_key_does_not_hide_it() -> None:
    for before in (b"\x1b", b"\x1b[", b"\x1b[2", b"\x1b[200", b"\xc2", b"\x1bO", b"\x1b]0;x"):
        for key in LOUD:
            if key[0] == 0x9B and before == b"\xc2":
                continue  # together they are the UTF-8 form, which is swallowed as one
            passed, kill = KeyFilter().feed(before + key)
            assert kill, (before, key)
            assert passed == before


def test_two_keys_in_one_read_are_one_kill() -> None:
    assert KeyFilter().feed(b"\x1c\x1b[20~\x1c") == (b"", True)


def test_a_tear_may_last_for_seconds_but_not_for_ever() -> None:
    clock = Clock()
    keys = KeyFilter(clock)
    keys.feed(b"\x1b")
    clock.now += TEAR_LIMIT - 0.1
    assert keys.feed(b"[20~") == (b"[20~", True)
    keys.feed(b"\x1b")
    clock.now += TEAR_LIMIT + 0.1
    assert keys.feed(b"[20~") == (b"[20~", False)


@pytest.mark.parametrize("key", KILLS)
def test_a_kill_key_inside_a_paste_is_text(key: bytes) -> None:
    pasted = START + b"text " + key + b" text" + END
    assert KeyFilter().feed(pasted) == (pasted, False)
    assert feed(KeyFilter(), *torn(pasted, set(range(len(pasted))))) == (pasted, 0)


def test_after_a_paste_the_key_kills_again() -> None:
    assert KeyFilter().feed(START + b"\x1c" + END + b"\x1c") == (START + b"\x1c" + END, True)


def test_a_paste_without_end_is_over_after_a_silence() -> None:
    clock = Clock()
    keys = KeyFilter(clock)
    assert keys.feed(START + b"text") == (START + b"text", False)
    clock.now += PASTE_SILENCE - 0.1
    assert keys.feed(b"\x1b[20~") == (b"\x1b[20~", False)
    clock.now += 0.2
    assert keys.feed(b"\x1b[20~") == (b"", True)


@pytest.mark.parametrize("key", [*LOUD, b"\x1b[<35;20;20M"])
def test_hammering_keys_or_moving_the_mouse_does_not_keep_a_paste_alive(key: bytes) -> None:
    clock = Clock()
    keys = KeyFilter(clock)
    keys.feed(START + b"text")
    for _ in range(12):
        clock.now += 0.1
        keys.feed(key)
    assert keys.feed(b"\x1c") == (b"", True)


def test_a_paste_that_goes_on_and_on_is_over_at_last() -> None:
    clock = Clock()
    keys = KeyFilter(clock)
    keys.feed(START)
    began = clock.now
    while clock.now - began < PASTE_LONGEST + 1:
        clock.now += 0.5
        keys.feed(b"a cat on the keyboard")
    assert keys.feed(b"\x1b[20~") == (b"", True)


NO_KEY = re.compile(rb"[\x1c\x1b\x9b]")


@given(st.binary(max_size=300), st.sets(st.integers(1, 299)))
def test_without_a_lead_byte_everything_passes(data: bytes, cuts: set[int]) -> None:
    text = NO_KEY.sub(b"?", data)
    assert feed(KeyFilter(), *torn(text, cuts)) == (text, 0)


@given(st.text(max_size=200), st.sets(st.integers(1, 799)))
def test_no_text_in_any_language_kills(text: str, cuts: set[int]) -> None:
    data = re.sub("[\x1b\x1c\x9b]", "?", text).encode(errors="replace")
    assert feed(KeyFilter(), *torn(data, cuts)) == (data, 0)


PIECES = st.sampled_from([*KILLS, *RELEASES, *HARMLESS, START, END, b"text", b"\x1b", b"\xc2"])


@given(st.lists(PIECES, max_size=12), st.sets(st.integers(1, 200)))
def test_what_is_not_swallowed_passes_in_order(pieces: list[bytes], cuts: set[int]) -> None:
    """The output is the input less some whole kill keys, whatever the stream is."""
    data = b"".join(pieces)
    passed, _ = feed(KeyFilter(Clock()), *torn(data, cuts))
    rest = iter(data)
    assert all(byte in rest for byte in passed)
    gone = len(data) - len(passed)
    assert gone == 0 or gone >= 1
    if not any(key in data for key in (*LOUD, *RELEASES)):
        assert passed == data


@given(st.lists(PIECES, max_size=12), st.sets(st.integers(1, 200)), st.sampled_from(LOUD))
def test_after_anything_and_a_silence_the_key_kills(
    pieces: list[bytes], cuts: set[int], key: bytes
) -> None:
    clock = Clock()
    keys = KeyFilter(clock)
    feed(keys, *torn(b"".join(pieces), cuts))
    clock.now += max(TEAR_LIMIT, PASTE_SILENCE) + 0.1
    if key.startswith(b"\x9b"):
        keys.feed(b" ")  # after half a character the C1 byte would be the rest of it
    assert keys.feed(key)[1]


@given(st.binary(max_size=200), st.sets(st.integers(1, 199)))
def test_tearing_does_not_change_whether_it_kills(data: bytes, cuts: set[int]) -> None:
    _, whole = feed(KeyFilter(Clock()), data)
    _, pieces = feed(KeyFilter(Clock()), *torn(data, cuts))
    assert bool(whole) == bool(pieces)
