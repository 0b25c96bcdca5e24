"""The agent's screen: the one small file around the terminal emulator library.

Owns the emulated screen: bytes in, rows of drawable cells out, and the few replies a terminal
owes its program.  Never raises on any bytes: where the library does, the screen starts afresh and
says so.

What does not work: pictures (sixel, kitty, iTerm) are not drawn, links are not followed, the
agent's own window title, clipboard and bell requests go nowhere, and there is no scrollback.
"""

from __future__ import annotations

import re
from collections import deque
from functools import lru_cache
from typing import Any, Final

import bittty  # type: ignore[import-untyped]
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from agentwatch.tui.text import cell_text

BACKLOG: Final = 256 * 1024
"""Bytes waiting to be drawn beyond which the older ones are skipped."""

TAIL: Final = 64 * 1024
"""What is kept of a backlog that grew past the limit."""

SLICE: Final = 4096
"""Bytes fed at once; the screen stays responsive between slices."""

CANCEL: Final = b"\x18"
"""Ends an escape sequence that was cut by skipping."""

ALLOWED_REPLIES: Final = re.compile(
    rb"\x1b\[\?[\d;]*c"  # what are you
    rb"|\x1b\[>[\d;]*c"
    rb"|\x1b\[\d+;\d+R"  # where is the cursor
    rb"|\x1b\[0n"  # are you well
    rb"|\x1b\[\?\d+;\d\$y"  # is this mode set
    rb"|\x1b\]1[01];rgb:[0-9a-f/]+(?:\x07|\x1b\\)"  # which colours
)
"""Replies a program may have typed to itself: none that carries text it chose."""


class AgentScreen:
    """What the agent's terminal shows right now."""

    def __init__(self, rows: int = 24, columns: int = 80) -> None:
        self._rows, self._columns = max(1, rows), max(1, columns)
        self._backlog: deque[bytes] = deque()
        self._waiting = 0
        self._answers = bytearray()
        self.faults = 0
        """How often the emulator failed and was started afresh."""
        self.skipped = False
        """Whether output was left out since the program last drew everything."""
        self.version = 0
        """Changes whenever the screen may have."""
        self._board = self._new_board()

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._rows, self._columns

    def offer(self, data: bytes, *, gap: bool = False) -> None:
        """Queue output; past the limit only the newest tail is kept."""
        if gap:
            self._skip_to(data)
            return
        self._backlog.append(data)
        self._waiting += len(data)
        if self._waiting > BACKLOG:
            self._skip_to(b"".join(self._backlog))

    def pump(self) -> bool:
        """Draw one slice of what is queued; says whether more is waiting."""
        if not self._backlog:
            return False
        head = self._backlog.popleft()
        now, later = head[:SLICE], head[SLICE:]
        if later:
            self._backlog.appendleft(later)
        self._waiting -= len(now)
        self.feed(now)
        return bool(self._backlog)

    def feed(self, data: bytes) -> None:
        """Draw these bytes now."""
        self.version += 1
        try:
            self._board.feed_host_data(data)
            if (self._board.height, self._board.width) != self.size:
                self._board.resize(self._columns, self._rows)
        except Exception:  # noqa: BLE001  whatever a hostile stream provokes, the screen goes on
            self.faults += 1
            self._board = self._new_board()

    def replay(self, data: bytes) -> None:
        """Start afresh from old output; the questions in it have long been answered."""
        self._board = self._new_board()
        self._backlog.clear()
        self._waiting = 0
        self.feed(CANCEL + data[-TAIL:])
        self._answers.clear()
        self.skipped = bool(data)

    def resize(self, rows: int, columns: int) -> None:
        """Take another size; the program is told by whoever owns its pty."""
        rows, columns = max(1, rows), max(1, columns)
        if (rows, columns) == self.size:
            return
        self._rows, self._columns = rows, columns
        self.version += 1
        try:
            self._board.resize(columns, rows)
        except Exception:  # noqa: BLE001  the same: start afresh at the new size
            self.faults += 1
            self._board = self._new_board()

    def replies(self) -> bytes:
        """What the program is owed since the last call: harmless reports only."""
        found = b"".join(match.group() for match in ALLOWED_REPLIES.finditer(self._answers))
        self._answers.clear()
        return found

    def row(self, y: int) -> list[Segment]:
        """One row to draw, runs of equal style joined."""
        runs: list[tuple[str, Any]] = []
        cells = self._board.display.page.line(y).cells if 0 <= y < self._board.height else ()
        for index, (style, cluster) in enumerate(cells):
            if cluster == "":
                continue
            wide = index + 1 < len(cells) and cells[index + 1][1] == ""
            shown = cell_text(cluster, 2 if wide else 1)
            if runs and runs[-1][1] is style:
                runs[-1] = (runs[-1][0] + shown, style)
            else:
                runs.append((shown, style))
        return [Segment(shown, _rich(style)) for shown, style in runs]

    def row_text(self, y: int) -> str:
        """One row's characters."""
        return "".join(segment.text for segment in self.row(y)).rstrip()

    def text(self) -> list[str]:
        """Every row's characters down to the last one used."""
        return [self.row_text(y) for y in range(self.last_row + 1)]

    @property
    def cursor(self) -> tuple[int, int] | None:
        """Column and row of the cursor, None where it is hidden."""
        found: tuple[int, int] | None = self._board.display.cursor
        return found

    @property
    def last_row(self) -> int:
        """The last row with something on it, or the cursor's where that is lower."""
        used = [y for y in range(self._rows) if self.row_text(y)]
        cursor = self.cursor
        return max([*used[-1:], cursor[1] if cursor else 0, 0])

    def wants(self, mode: str) -> bool:
        """Whether the program has asked for a mode, by the library's name for it."""
        return bool(getattr(self._board.modes, mode, False))

    @property
    def wants_mouse(self) -> bool:
        """Whether the program wants to hear of the mouse."""
        return bool(self._board.mouse.capture() != "off")

    def mouse(self, x: int, y: int, button: int, kind: str, modifiers: set[str]) -> bytes:
        """A mouse event in the form the program asked for."""
        before = len(self._answers)
        self._board.input_mouse(x + 1, y + 1, button, kind, modifiers)
        sent = bytes(self._answers[before:])
        del self._answers[before:]
        return sent

    def _skip_to(self, data: bytes) -> None:
        tail = data[-TAIL:]
        start = tail.find(b"\n") + 1 if len(data) > TAIL else 0
        kept = CANCEL + tail[start:]
        self._backlog.clear()
        self._backlog.append(kept)
        self._waiting = len(kept)
        self.skipped = True

    def _new_board(self) -> Any:
        board = bittty.Board(width=self._columns, height=self._rows, model=bittty.XTERM)
        board.host.attach(_Replies(self._answers))
        return board


class _Replies:
    """The cable back to the program: keeps what the emulator would send."""

    closed = False

    def __init__(self, kept: bytearray) -> None:
        self._kept = kept

    def write(self, data: str) -> int:
        return self.write_bytes(data.encode("utf-8", "replace"))

    def write_bytes(self, data: bytes) -> int:
        room = max(0, SLICE - len(self._kept))
        self._kept += data[:room]
        return len(data)

    def flush(self) -> None:
        """Nothing is buffered."""

    async def read_bytes_async(self, size: int) -> bytes:  # noqa: ARG002  the library's signature
        return b""

    def configure_line(self, line: object) -> None:
        """No line to set."""

    def resize(self, rows: int, cols: int) -> None:
        """The pty's owner is told apart."""

    def close(self) -> None:
        """Nothing is open."""


@lru_cache(maxsize=4096)
def _rich(style: Any) -> Style:
    """The library's style as the toolkit's; links and concealment are left out on purpose."""
    return Style(
        color=_color(style.fg),
        bgcolor=_color(style.bg),
        bold=style.bold,
        dim=style.dim,
        italic=style.italic,
        underline=style.underline,
        reverse=style.reverse,
        strike=style.strike,
    )


def _color(color: Any) -> Color | None:
    if color is None or color.mode == "default":
        return None
    if color.mode == "indexed":
        return Color.from_ansi(color.value)
    return Color.from_rgb(*color.value)
