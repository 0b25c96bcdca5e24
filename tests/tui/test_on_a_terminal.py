"""The whole program on a pty, seen through another terminal emulator."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pexpect
import pyte
import pytest

ALONE = Path(__file__).with_name("screen_alone.py")
DEADLINE = 45.0


class Terminal:
    """A terminal with the program on it."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._screen)
        self.child: Any = pexpect.spawn(
            sys.executable,
            [str(ALONE), str(mark)],
            env={**os.environ, "TERM": "xterm-256color"},
            dimensions=(24, 80),
            timeout=DEADLINE,
        )

    @property
    def text(self) -> str:
        return "\n".join(self._screen.display)

    def until(self, seen: Callable[[], bool]) -> None:
        end = time.monotonic() + DEADLINE
        while not seen():
            assert time.monotonic() < end, self.text
            try:
                self._stream.feed(self.child.read_nonblocking(65536, timeout=0.05))
            except pexpect.TIMEOUT:
                continue

    def shows(self, words: str) -> None:
        self.until(lambda: words in self.text)


@contextmanager
def terminal(folder: Path) -> Iterator[Terminal]:
    running = Terminal(folder / "mark")
    try:
        yield running
    finally:
        if running.child.isalive():
            running.child.kill(signal.SIGKILL)
        running.child.close()


def test_it_paints_approves_and_leaves_with_status_0(tmp_path: Path) -> None:
    with terminal(tmp_path) as on:
        on.shows("a approve")
        assert "│ ls" in on.text
        on.child.send("a")
        on.shows("Nothing is waiting.")
        on.child.send("q")
        on.child.expect(pexpect.EOF)
        on.child.close()
        assert on.child.exitstatus == 0


@pytest.mark.parametrize("key", ["\x1c", "\x1b[20~"], ids=["ctrl+backslash", "F9"])
@pytest.mark.parametrize(
    ("opening", "opened"),
    [
        ("n", "what the agent should know"),
        ("t", "ctrl+] back"),
        ("/", "show only what contains"),
        (":", "a command"),
    ],
)
def test_the_kill_key_in_boxes_and_attached(
    opening: str, opened: str, key: str, tmp_path: Path
) -> None:
    with terminal(tmp_path) as on:
        on.shows("a approve")
        on.child.send(opening)
        on.shows(opened)
        on.child.send("abc")
        on.child.send(key)
        on.shows("KILLED 17 → 0 in 4 ms")
        assert on.mark.read_text() == "key tui"


def test_a_burst_pasted_without_brackets_approves_nothing(tmp_path: Path) -> None:
    with terminal(tmp_path) as on:
        on.shows("a approve")
        on.child.send("xa")
        on.shows("a wait…")
        assert "Waiting: 1" in on.text


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_f9_through_tmux(tmp_path: Path) -> None:
    socket, mark = str(tmp_path / "tmux"), tmp_path / "mark"
    tmux = ["tmux", "-S", socket, "-f", "/dev/null"]
    run = [sys.executable, str(ALONE), str(mark)]
    subprocess.run([*tmux, "new-session", "-d", "-x", "80", "-y", "24", *run], check=True)
    try:
        _until_tmux_shows(tmux, "a approve")
        subprocess.run([*tmux, "send-keys", "F9"], check=True)
        _until_tmux_shows(tmux, "KILLED 17")
        assert mark.exists()
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)


def _until_tmux_shows(tmux: list[str], words: str) -> None:
    end = time.monotonic() + DEADLINE
    seen = ""
    while words not in seen:
        assert time.monotonic() < end, seen
        done = subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True, check=True)
        seen = done.stdout.decode()
        time.sleep(0.05)
