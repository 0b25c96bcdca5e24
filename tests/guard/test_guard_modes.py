from __future__ import annotations

import pyte
import pytest
from hypothesis import given, strategies as st

from agentwatch.guard import Modes

PREFIX = b"\x18\x1b[m"


def left_by(*outputs: bytes) -> bytes:
    modes = Modes()
    for output in outputs:
        modes.feed(output)
    return modes.undo()


@pytest.mark.parametrize(
    ("output", "undoing"),
    [
        (b"\x1b[?1049h", b"\x1b[?1049l"),
        (b"\x1b[?1000h\x1b[?1006h", b"\x1b[?1006l\x1b[?1000l"),
        (b"\x1b[?1000;1006h", b"\x1b[?1006l\x1b[?1000l"),
        (b"\x1b[?25l", b"\x1b[?25h"),
        (b"\x1b[?7l", b"\x1b[?7h"),
        (b"\x1b[>1u", b"\x1b[<u"),
        (b"\x1b[>1u\x1b[>3u", b"\x1b[<u\x1b[<u"),
        (b"\x1b[>1u\x1b[>3u\x1b[<u", b"\x1b[<u"),
        (b"\x1b[>4;2m", b"\x1b[>4m"),
        (b"\x1b=", b"\x1b>"),
        (b"\x1b[?1049h\x1b[?2004h\x1b[>1u", b"\x1b[<u\x1b[?2004l\x1b[?1049l"),
    ],
)
def test_what_was_left_on_is_undone_last_first(output: bytes, undoing: bytes) -> None:
    assert left_by(output) == PREFIX + undoing
    assert left_by(*[output[at : at + 1] for at in range(len(output))]) == PREFIX + undoing


@pytest.mark.parametrize(
    "output",
    [
        b"",
        b"text \x1b[31m red \x1b[m",
        b"\x1b[?1049h\x1b[?1049l",
        b"\x1b[?25l\x1b[?25h",
        b"\x1b[?25h",
        b"\x1b[>1u\x1b[<u",
        b"\x1b[<u",
        b"\x1b[>1u\x1b[<9u",
        b"\x1b[>4;1m\x1b[>4m",
        b"\x1b[>4;1m\x1b[>4;0m",
        b"\x1b=\x1b>",
        b"\x1b[?2048$p",
        b"\x1b[?u",
    ],
)
def test_what_was_not_left_on_is_not_undone(output: bytes) -> None:
    assert left_by(output) == b""


def test_undoing_forgets() -> None:
    modes = Modes()
    modes.feed(b"\x1b[?1049h\x1b[>1u")
    assert modes.undo()
    assert modes.undo() == b""


def test_it_knows_whether_the_alternate_screen_is_shown() -> None:
    def shown(output: bytes) -> bool:
        modes = Modes()
        modes.feed(output)
        return modes.alternate

    assert shown(b"\x1b[?1049h")
    assert shown(b"\x1b[?47h")
    assert not shown(b"\x1b[?1049h\x1b[?1049l")
    assert not shown(b"\x1b[?2004h")


@given(st.binary(max_size=200))
def test_no_output_makes_it_fail(output: bytes) -> None:
    left_by(output, output)


OUTPUTS = st.lists(
    st.sampled_from([b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[>1u", b"\x1b[<u", b"x", b"\x1b["]),
    max_size=20,
)


@given(OUTPUTS, st.integers(0, 100))
def test_a_torn_stream_is_read_like_a_whole_one(outputs: list[bytes], cut: int) -> None:
    stream = b"".join(outputs)
    assert left_by(stream[:cut], stream[cut:]) == left_by(stream)


def test_undoing_shows_the_cursor_on_a_real_screen() -> None:
    screen = pyte.Screen(80, 24)
    stream = pyte.ByteStream(screen)
    stream.feed(b"\x1b[?25l\x1b[?7l")
    assert screen.cursor.hidden
    stream.feed(left_by(b"\x1b[?25l\x1b[?7l"))
    assert not screen.cursor.hidden
