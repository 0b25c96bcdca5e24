"""A person at a terminal: a pty, a screen that is really drawn, and fingers."""

from __future__ import annotations

import contextlib
import fcntl
import re
import termios
import time
from typing import Any

import pexpect
import pyte

from tests.e2e.world import World
from tests.waiting import DEADLINE, wait_for

F8, F9, CTRL_BACKSLASH, CTRL_BRACKET = "\x1b[19~", "\x1b[20~", "\x1c", "\x1d"
DOWN, PAGE_DOWN, ESCAPE = "\x1b[B", "\x1b[6~", "\x1b"


class _Screen(pyte.Screen):
    """A screen that leaves out the colours which only some terminals have."""

    def select_graphic_rendition(self, *attrs: int, private: bool = False, **_: bool) -> None:
        if not private:
            super().select_graphic_rendition(*attrs)

    def report_device_status(self, mode: int, **_: bool) -> None:
        """A question of a newer terminal's is left without an answer."""


class Person:
    """Runs one command in a terminal of a given size and sees what a person would see."""

    def __init__(self, world: World, *args: str, rows: int = 24, cols: int = 80) -> None:
        command, *rest = world.command(*args)
        self.world = world
        self.screen = _Screen(cols, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.spawned: Any = pexpect.spawn(
            command, rest, env=world.env, cwd=str(world.work), dimensions=(rows, cols), timeout=1
        )
        self.spawned.delaybeforesend = None  # its 50 ms would be measured as ours

    def look(self) -> str:
        """The screen as text, after taking in what has arrived; of a flood only the newest."""
        arrived = b""
        end = time.monotonic() + 0.5
        with contextlib.suppress(pexpect.TIMEOUT, pexpect.EOF):
            while time.monotonic() < end:
                arrived += self.spawned.read_nonblocking(65536, timeout=0.02)
        self.raw += arrived
        self._stream.feed(arrived[-65536:])
        return "\n".join(self.screen.display)

    def sees(self, pattern: str, *, within: float = DEADLINE) -> str:
        """Wait until the screen shows something; the screen."""
        end = time.monotonic() + within
        while not re.search(pattern, shown := self.look()):
            assert time.monotonic() < end, f"never saw {pattern!r} in\n{shown}"
        return shown

    def types(self, keys: str) -> None:
        """Press keys."""
        self.spawned.send(keys)

    def approves(self) -> None:
        """Read to the end and approve, as soon as the screen says that it may be."""
        end = time.monotonic() + DEADLINE
        while not re.search(r"a approve\b", shown := self.look()):
            assert time.monotonic() < end, f"approving never became possible in\n{shown}"
            if "read" in shown.splitlines()[-1]:
                self.types(PAGE_DOWN)
                time.sleep(0.3)  # a person's pace: every key starts the quiet time anew
        self.types("a")

    def resumes(self) -> None:
        """Press r until the quiet rule takes it."""
        end = time.monotonic() + DEADLINE
        while "RUNNING" not in self.look():
            assert time.monotonic() < end, f"never resumed:\n{self.look()}"
            self.types("r")
            time.sleep(0.5)

    def stalls(self) -> None:
        """Stop reading, as a hung connection does, until the terminal takes no more."""
        waiting = fcntl.ioctl(self.spawned.child_fd, termios.FIONREAD, b"\0" * 4)
        until = time.monotonic() + 1
        while time.monotonic() < until:
            filled = fcntl.ioctl(self.spawned.child_fd, termios.FIONREAD, b"\0" * 4)
            if filled != waiting:
                waiting, until = filled, time.monotonic() + 1

    def screen_pid(self) -> int:
        """The process that draws the screen: the guard's child."""
        import psutil

        def find() -> int:
            guard = psutil.Process(self.spawned.pid)
            return next(
                (c.pid for c in guard.children() if "agentwatch.tui" in " ".join(c.cmdline())), 0
            )

        found: int = wait_for(find, "the screen's process")
        return found

    def status(self) -> int:
        """Wait for the end; the exit status."""

        def ended() -> bool:
            self.look()
            return not self.spawned.isalive()

        wait_for(ended, "the command to end")
        status = self.spawned.exitstatus
        assert status is not None, f"ended by signal {self.spawned.signalstatus}"
        return int(status)

    def leaves(self) -> None:
        """Close the terminal window."""
        self.spawned.close(force=True)
