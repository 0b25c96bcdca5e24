"""The rig for gate tests: a real containment and gate process, and a function as judge."""

# the agents' programs read best as they run

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentwatch import containment
from agentwatch.channels.kernel.acts import Deed, Observed
from agentwatch.channels.kernel.gatehouse import Gatehouse, Hot, observed
from agentwatch.containment import Launch, Running, subreaper
from agentwatch.paths import Places

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60.0
UNSCOPED = subreaper.LADDER[-1]
"""The subreaper where the kernel has no scope for signals."""

Judge = Callable[[Observed], bool | None]
"""True allows, False denies, None leaves it held."""

EASY: dict[str, Any] = {
    "allow": {"write": ["/dev/null", "/dev/tty", "/dev/pts", "/dev/ptmx"]},
    "floor": [],
}
OPEN: dict[str, Any] = {**EASY, "default": "allow"}


class Rig:
    """One gated session in a test."""

    def __init__(
        self,
        folder: Path,
        judge: Judge,
        rules: dict[str, Any] | None = None,
        means: str = "pidns",
        *,
        spare_tree: bool = False,
        gated: bool = True,
        local: Hot | None = None,
    ) -> None:
        self.gated = gated
        self.spare_tree = spare_tree
        self.places = Places("test-1", folder / "run", folder / "state")
        for place in (self.places.runtime, self.places.state):
            place.mkdir(mode=0o700, exist_ok=True)
        self.judge = judge
        self.events: list[Observed] = []
        self.asked: list[tuple[int, Observed]] = []
        self.betrayed: list[Observed] = []
        self.folder = folder
        self.house = Gatehouse(rules or EASY, local=local)
        self.means = UNSCOPED if means == "unscoped" else containment.best(forced=means)
        self.running: Running | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.out = b""

    def start(self, *argv: str, cwd: str | None = None, env: dict[str, str] | None = None) -> None:
        null = os.open(os.devnull, os.O_RDWR)
        reader, writer = os.pipe()
        launch = Launch(
            session="test-1",
            argv=argv,
            env={**os.environ, **(env or {})},
            cwd=cwd or str(self.folder),
            stdin=null,
            stdout=writer,
            stderr=writer,
            tty=False,
            cookie=f"cookie:{self.folder}",
            places=self.places,
            gate=self.house if self.gated else None,
        )
        self.running = containment.start(self.means, launch)
        os.close(null)
        os.close(writer)
        self._reader = reader
        self._thread.start()

    def _serve(self) -> None:
        beat = time.monotonic()
        while not self._stop.is_set():
            select.select([self.house.fileno()], [], [], 0.05)
            questions = self.house.questions()
            if questions is None:
                return
            for question in questions:
                self._take(question)
            if self.running and time.monotonic() - beat > 0.5:
                self.running.beat()
                beat = time.monotonic()

    def _take(self, question: dict[str, Any]) -> None:
        if "betrayed" in question:
            self.betrayed.append(Observed.from_json(question["betrayed"]))
            if self.spare_tree:  # to see many betrayals in one run
                os.kill(self.betrayed[-1].pid, signal.SIGKILL)
            elif self.running:
                self.running.close()
            return
        if "event" not in question:
            return
        event = observed(question)
        self.events.append(event)
        verdict = self.judge(event)
        if verdict is None:
            self.asked.append((question["event"], event))
        else:
            self.house.answer(question["event"], allow=verdict)

    def wait(self, seconds: float = PATIENCE) -> int:
        """The agent's exit status; its output is in `out` then."""
        until = time.monotonic() + seconds
        assert self.running is not None
        os.set_blocking(self._reader, False)
        over = None
        while True:
            try:
                while part := os.read(self._reader, 65536):
                    self.out += part
            except BlockingIOError:
                pass
            if over is not None:
                return over
            over = self.running.poll()
            assert time.monotonic() < until, f"still running: {self.out!r} {self.events[-3:]}"
            if over is None:
                select.select([self.running.fileno()], [], [], 0.02)

    def close(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)
        if self.running:
            self.running.close()
            os.close(self._reader)
        self.house.close()


def kinds(events: list[Observed]) -> list[Deed]:
    return [event.kind for event in events]


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-c", code)


def compiled(folder: Path, name: str, source: str, *options: str) -> Path:
    """A small C program; skips where there is no compiler for it."""
    if shutil.which("gcc") is None:
        pytest.skip("no gcc here")
    text, made = folder / f"{name}.c", folder / name
    text.write_text(source)
    done = subprocess.run(
        ["gcc", "-O1", "-pthread", "-o", made, text, *options], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"gcc cannot build this: {done.stderr[-200:]!r}")
    return made
