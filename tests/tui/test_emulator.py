"""The agent's screen: any bytes, no exception, nothing hidden."""

from __future__ import annotations

import os
import shutil
import unicodedata
from pathlib import Path
from typing import Any

import pexpect
import pytest
from hypothesis import given, settings, strategies as st

from agentwatch.tui.terminal import BACKLOG, TAIL, AgentScreen

SEQUENCES = (
    b"\x1b[?4m",  # kills other emulators
    b"\x1b[>4;2m\x1b[?4m",
    b"\x1b[" + b"1" * 100_000 + b"m",
    b"\x1b[999999999b",
    b"\x1b[8;9999;9999t",
    b"\x1b[?40h\x1b[?3h",
    b"\x1b]52;c;aGk=\x07\x1b]8;;http://x\x07link\x1b]8;;\x07",
    b"\x1bP+q544e\x1b\\\x1b_Ga=q;\x1b\\\x1b^pm\x1b\\",
    b"\x1b[38:2::255:0:0mx\x1b[4:3my\x1b[0m",
    b"\x1b[?1049h\x1b[2J\x1b[H\x1b[?25l\x1b[?2026h",
    b"\xff\xfe\xc3\x28\xf0\x9f\x98\x80\xe2\x80\xae",
    b"\x1bc\x1b[!p\x1b#8\x1b%G\x1b(0lqk\x1b(B",
)


@pytest.mark.parametrize("data", SEQUENCES)
def test_no_sequence_ends_the_screen(data: bytes) -> None:
    screen = AgentScreen(24, 80)
    screen.feed(data)
    screen.feed(b"\x18\x1bc\x1b[H\x1b[2Jhere")
    assert screen.size == (24, 80)
    assert screen.row_text(0) == "here"


@settings(deadline=None, max_examples=150)
@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from(SEQUENCES)), max_size=6))
def test_whatever_comes_every_row_can_be_drawn_and_hides_nothing(pieces: list[bytes]) -> None:
    screen = AgentScreen(6, 20)
    for piece in pieces:
        screen.feed(piece)
    assert screen.last_row in range(6)
    for y in range(6):
        row = screen.row(y)
        assert sum(segment.cell_length for segment in row) <= 20
        for char in "".join(segment.text for segment in row):
            assert unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_a_failure_of_the_library_starts_the_screen_afresh_and_is_counted() -> None:
    screen = AgentScreen(24, 80)
    screen.feed(b"before")
    screen.feed(b"\x1b[" + b"1" * 100_000 + b"m")
    assert screen.faults == 1
    screen.feed(b"after")
    assert screen.row_text(0) == "after"


def test_the_screen_keeps_its_size_whatever_the_agent_asks_for() -> None:
    screen = AgentScreen(24, 80)
    screen.feed(b"\x1b[8;1000;1000t\x1b[132$|\x1b[?40h\x1b[?3h")
    assert sum(segment.cell_length for segment in screen.row(0)) <= 80
    screen.resize(10, 40)
    assert screen.size == (10, 40)


def test_a_backlog_is_cut_to_its_newest_end_and_the_gap_is_known() -> None:
    screen = AgentScreen(24, 80)
    for number in range(BACKLOG // 80 + 50):
        screen.offer(f"{number:>78}\r\n".encode())
    assert screen.skipped
    fed = 0
    while screen.pump():
        fed += 1
        assert fed < 1000
    assert screen.row_text(21).strip().isdecimal()
    assert TAIL < BACKLOG


def test_a_cut_inside_an_escape_sequence_does_not_swallow_what_follows() -> None:
    screen = AgentScreen(24, 80)
    screen.feed(b"\x1b]0;a title that never ends")
    screen.offer(b"visible", gap=True)
    while screen.pump():
        continue
    assert "visible" in screen.row_text(0)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [(b"\x1b[6n", b"\x1b[1;1R"), (b"\x1b[5n", b"\x1b[0n")],
)
def test_a_program_gets_the_reports_it_asks_for(asked: bytes, answer: bytes) -> None:
    screen = AgentScreen(24, 80)
    screen.feed(asked)
    assert screen.replies() == answer
    assert screen.replies() == b""


def test_a_program_gets_no_report_with_text_it_chose_itself() -> None:
    screen = AgentScreen(24, 80)
    screen.feed(b"\x1b]2;rm -rf /\x07\x1b[21t\x1b[20t\x1bP$qm\x1b\\\x1bP+q544e\x1b\\\x05")
    assert b"rm" not in screen.replies()


def test_a_flood_of_questions_does_not_grow_the_answers() -> None:
    screen = AgentScreen(24, 80)
    screen.feed(b"\x1b[6n" * 100_000)
    assert len(screen.replies()) <= 4096


def test_replayed_questions_are_not_answered_again() -> None:
    screen = AgentScreen(24, 80)
    screen.feed(b"from before")
    screen.replay(b"\x1b[c\x1b[6nonce")
    assert screen.replies() == b""
    assert screen.row_text(0) == "once"


@pytest.mark.skipif(shutil.which("vim") is None, reason="vim is not installed")
def test_a_real_vim_is_drawn(tmp_path: Path) -> None:
    """Recorded from a vim on a pty, fed in pieces, as it comes."""
    file = tmp_path / "note.txt"
    file.write_text("first line\nsecond line\n")
    child = pexpect.spawn(
        "vim",
        ["-u", "NONE", "-N", str(file)],
        env={**os.environ, "TERM": "xterm-256color", "HOME": str(tmp_path)},
        dimensions=(24, 80),
        timeout=60,
    )
    recorded = bytearray()
    child.expect("second line")
    recorded += taken(child)
    child.send(":set number\r")
    child.expect("2 ")
    recorded += taken(child)
    child.send("ggOtyped in vim\x1b:wq\r")
    child.expect(pexpect.EOF)
    recorded += taken(child)
    child.close()
    screen = AgentScreen(24, 80)
    seen = ""
    for start in range(0, len(recorded), 7):
        screen.feed(bytes(recorded[start : start + 7]))
        seen += screen.row_text(0)
    assert screen.faults == 0
    assert "typed in vim" in seen


def taken(child: pexpect.spawn[Any]) -> bytes:
    """What came up to and with the last thing waited for."""
    parts = (child.before, child.after)
    return b"".join(part for part in parts if isinstance(part, bytes))
