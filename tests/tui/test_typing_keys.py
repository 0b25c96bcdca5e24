"""Keys typed at an attached agent arrive as the bytes its terminal would have sent."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from textual import events
from textual._xterm_parser import XTermParser

from agentwatch.tui.keys import KEPT_FROM_AGENT
from agentwatch.tui.typing_keys import bytes_of, paste_of
from tests.tui.tui_double import Supervisor, action
from tests.tui.tui_stage import Stage, stage

ROUND_TRIPS = [
    *(bytes([code]) for code in range(0x20, 0x7F)),
    *(bytes([code]) for code in range(1, 0x1B)),
    *(f"\x1b[{final}".encode() for final in "ABCDHF"),
    *(f"\x1b[1;{weight}{final}".encode() for weight in (2, 5) for final in "ABCD"),
    *(f"\x1bO{final}".encode() for final in "PQRS"),
    *(f"\x1b[{number}~".encode() for number in (2, 3, 5, 6, 15, 17, 18, 21, 24)),
    b"\x1b[Z",
    b"\x7f",
    "é日€".encode(),
]


@pytest.mark.parametrize("raw", ROUND_TRIPS, ids=repr)
def test_what_the_terminal_sent_is_what_the_agent_reads(raw: bytes) -> None:
    """Through the toolkit's own parser and back, but for the one code two keys share."""
    parser = XTermParser()
    found = [item for item in parser.feed(raw.decode()) if isinstance(item, events.Key)]
    sent = b"".join(bytes_of(item.key, item.character, application_cursor=False) for item in found)
    assert sent == (b"\r" if raw == b"\n" else raw) or raw == b"\n"


@pytest.mark.parametrize(
    ("key", "character", "application", "expected"),
    [
        ("up", None, True, b"\x1bOA"),
        ("up", None, False, b"\x1b[A"),
        ("ctrl+right", None, True, b"\x1b[1;5C"),
        ("alt+b", None, False, b"\x1bb"),
        ("alt+left", None, False, b"\x1b[1;3D"),
        ("ctrl+c", None, False, b"\x03"),
        ("ctrl+at", "\x00", False, b"\x00"),
        ("escape", "\x1b", False, b"\x1b"),
        ("alt+enter", None, False, b"\x1b\r"),
        ("f5", None, False, b"\x1b[15~"),
        ("shift+f5", None, False, b"\x1b[15;2~"),
        ("super+x", None, False, b""),
        ("nonsense", None, False, b""),
    ],
)
def test_single_keys(key: str, character: str | None, application: bool, expected: bytes) -> None:
    assert bytes_of(key, character, application_cursor=application) == expected


def test_a_paste_is_bracketed_only_where_asked_and_cannot_break_out() -> None:
    assert paste_of("a\nb", bracketed=False) == b"a\rb"
    inside = paste_of("x\x1b[201~rm", bracketed=True)
    assert inside.count(b"\x1b[201~") == 1
    assert inside.endswith(b"\x1b[201~")


async def test_an_attached_agent_gets_the_keys_and_we_keep_four(tmp_path: Path) -> None:
    async with stage(Supervisor(action(1)), tmp_path) as on:
        await on.press("t")
        await on.press("a", "d", "escape", "tab", "ctrl+q", "ctrl+c", "ctrl+p", "up", "f1", "q")
        wanted = b"ad\x1b\t\x11\x03\x10\x1b[A\x1bOPq"
        await on.until(lambda: typed(on) == wanted)
        for name in sorted(KEPT_FROM_AGENT - {"ctrl+right_square_bracket"}):
            await on.press(name)
        await on.painted()
        assert typed(on) == wanted
        assert on.supervisor.decisions == []


async def test_ctrl_bracket_leaves_and_application_mode_is_honoured(tmp_path: Path) -> None:
    async with stage(Supervisor(action(1)), tmp_path) as on:
        await on.press("t")
        on.app.agent_screen.feed(b"\x1b[?1h\x1b[?2004h")
        await on.press("up")
        on.app.screen.query_one("#terminal").post_message(events.Paste("hi"))
        await on.until(lambda: typed(on) == b"\x1bOA\x1b[200~hi\x1b[201~")
        await on.press("ctrl+right_square_bracket")
        assert len(on.app.screen_stack) == 1


async def test_the_agent_is_told_the_size_at_the_start_and_on_every_change(
    tmp_path: Path,
) -> None:
    async with stage(Supervisor(action(1)), tmp_path) as on:
        await on.until(lambda: {"rows": 23, "cols": 80} in sizes(on))
        await on.pilot.resize_terminal(100, 40)
        await on.until(lambda: {"rows": 39, "cols": 100} in sizes(on))
        assert on.app.agent_screen.size == (39, 100)


async def test_the_line_below_an_attached_agent_says_how_much_waits(tmp_path: Path) -> None:
    async with stage(Supervisor(action(1)), tmp_path) as on:
        await on.press("t")
        on.supervisor.propose(action(2))
        line = on.app.screen.query_one("#attached")
        await on.until(lambda: "2 waiting" in getattr(line, "text", ""))


def typed(on: Stage) -> bytes:
    sent = (fields["data"] for op, fields in on.supervisor.calls if op == "input")
    return b"".join(base64.b64decode(data) for data in sent)


def sizes(on: Stage) -> list[dict[str, int]]:
    return [fields for op, fields in on.supervisor.calls if op == "resize"]
