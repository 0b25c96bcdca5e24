"""A person at a real terminal with a guard on it."""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOY = Path(__file__).with_name("toy_screen.py")
DEADLINE = 45.0

DRIVER = """
import json, os, sys, time
from pathlib import Path
from agentwatch.errors import AgentwatchError
from agentwatch.guard import main, relay, screen
from agentwatch.model import Receipt, Survivor
from agentwatch.paths import Places

root, how, late, *child = sys.argv[1:]
root = Path(root)
screen.LATE = float(late)

def broken(*_):
    raise ZeroDivisionError

if how == "parent":
    (root / "child").write_text(str(os.posix_spawn("/bin/sh", ["sh", "-c", "exit 0"], {})))
if how == "unshown":
    relay.Relay._heard = broken
if how == "faulty":
    relay.Relay._turn = broken
if how == "unforkable":
    os.fork = lambda: os.open("/nonexistent", 0)

def switch(places, *, trigger, by, record=None):
    with (root / "kills").open("a") as kills:
        kills.write(f"{time.monotonic()} {trigger} {by}\\n")
    if how == "failing":
        raise AgentwatchError("there is no containment record")
    if how == "broken":
        raise ZeroDivisionError
    left = (Survivor(7, 1, "evil\\x1b[2Jname"),) if how == "survived" else ()
    return Receipt(places.id, trigger, by, "pidns", 17, left, {"empty": 4.0})

sys.exit(main(Places("toy-1", root / "runtime", root / "state"), child, switch))
"""


class Person:
    """The outer end of a terminal on which a guard runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.shown = bytearray()
        (root / "runtime").mkdir()
        (root / "state").mkdir()
        self.master, self.slave = os.openpty()
        os.set_blocking(self.master, False)
        termios.tcsetwinsize(self.slave, (30, 100))
        self.cooked = termios.tcgetattr(self.slave)
        self.session("running")
        self.process: subprocess.Popen[bytes] | None = None
        self.supervisor: socket.socket | None = None

    def session(self, state: str, status: int | None = None) -> None:
        """Write the session's last known state."""
        text = json.dumps({"id": "toy-1", "state": state, "exit": status})
        new = self.root / "state" / "new"
        new.write_text(text)
        new.replace(self.root / "state" / "session.json")

    def supervised(self) -> None:
        """Let something answer at the control socket."""
        self.supervisor = socket.socket(socket.AF_UNIX)
        self.supervisor.bind(str(self.root / "runtime" / "control.sock"))
        self.supervisor.listen()

    def start(self, *words: str, how: str = "well", late: float = 60) -> None:
        """Start the guard with the toy screen, or with the command after `--`."""
        child = list(words[1:]) if words[:1] == ("--",) else [sys.executable, str(TOY), *words]
        self.enter(sys.executable, "-c", DRIVER, str(self.root), how, str(late), *child)

    def start_from_shell(self) -> None:
        """Start an interactive shell, and the guard from it as its job in the foreground."""
        argv = [sys.executable, "-c", DRIVER, str(self.root), "well", "60", sys.executable, TOY]
        (self.root / "go").write_text("exec " + shlex.join(map(str, argv)))
        self.enter("bash", "--norc", "--noprofile", "-i")
        self.type(f"sh {self.root}/go; echo ended with $?\n".encode())

    def enter(self, *argv: str) -> None:
        """Give the terminal to a command."""
        self.process = subprocess.Popen(
            argv,
            cwd=self.root,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "TERM": "xterm-256color",
                "LINES": "1",
                "COLUMNS": "2",
            },
            preexec_fn=lambda: os.login_tty(os.dup(self.slave)),  # noqa: PLW1509
        )

    def type(self, keys: bytes) -> None:
        """Press keys; the terminal takes them all or the test has hung."""
        deadline = time.monotonic() + DEADLINE
        while keys:
            assert time.monotonic() < deadline, "the guard does not read its keys"
            select.select([], [self.master], [], 1)
            try:
                keys = keys[os.write(self.master, keys) :]
            except BlockingIOError:
                continue

    def look(self, seconds: float = 0.02) -> None:
        """Read what the terminal shows now."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if ready:
            try:
                self.shown += os.read(self.master, 65536)
            except OSError:
                time.sleep(seconds)

    def until(self, condition: Callable[[], object], *, looking: bool = True) -> None:
        """Wait for a condition, reading the terminal meanwhile or leaving it stalled."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline, bytes(self.shown[-2000:])
            if looking:
                self.look()
            else:
                time.sleep(0.01)

    def sees(self, what: bytes, times: int = 1) -> None:
        """Wait until the terminal has shown something so many times."""
        found, start = 0, 0

        def there() -> bool:
            nonlocal found, start
            while (at := self.shown.find(what, start)) >= 0:
                found, start = found + 1, at + len(what)
            start = max(start, len(self.shown) - len(what) + 1)
            return found >= times

        self.until(there)

    def screen_pid(self, run: int = 1) -> int:
        """The pid of the screen's n-th run."""
        found: list[bytes] = []

        def there() -> bool:
            found[:] = re.findall(rb"<pid (\d+)>", self.shown)
            return len(found) >= run

        self.until(there)
        return int(found[run - 1])

    def kills(self) -> list[list[str]]:
        """The kills so far: when, trigger, by."""
        try:
            return [line.split() for line in (self.root / "kills").read_text().splitlines()]
        except FileNotFoundError:
            return []

    def status(self) -> int:
        """The guard's exit status, once it ends."""
        process = self.process
        assert process is not None
        self.until(lambda: process.poll() is not None)
        self.look()
        assert process.returncode is not None
        return process.returncode

    def pid(self) -> int:
        """The guard's pid."""
        assert self.process is not None
        return self.process.pid

    def restored(self) -> bool:
        """Whether the terminal's settings are as they were."""
        return termios.tcgetattr(self.slave) == self.cooked

    def hang_up(self) -> None:
        """Close the terminal's outer end, as a dropped ssh connection does."""
        os.close(self.master)
        self.master = -1

    def close(self) -> None:
        """End what is left."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.master >= 0:
            os.close(self.master)
        os.close(self.slave)
        if self.supervisor:
            self.supervisor.close()
