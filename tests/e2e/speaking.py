"""A program that speaks JSON lines with agentwatch over pipes, as an editor or MCP client does."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from typing import Any

import pytest

from tests.e2e.world import World
from tests.waiting import DEADLINE

Said = dict[str, Any]


class Speaker:
    """Starts one `agentwatch` command and speaks with it, a message a line."""

    def __init__(self, world: World, *args: str, env: dict[str, str] | None = None) -> None:
        self.errors = world.folder / f"speaker{len(world.started)}"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                world.command(*args),
                env=world.env | (env or {}),
                cwd=world.work,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                bufsize=0,
                start_new_session=True,
            )
        world.started.append(self.process)
        self._number = 0
        self._heard: queue.Queue[bytes] = queue.Queue()
        self.raw: list[bytes] = []
        """Every line of its standard output: each must be a message."""
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        stdout = self.process.stdout
        assert stdout is not None
        with stdout:
            for line in stdout:
                self.raw.append(line)
                self._heard.put(line)
        self._heard.put(b"")

    def send(self, data: bytes) -> None:
        stdin = self.process.stdin
        assert stdin is not None
        stdin.write(data)
        stdin.flush()

    def say(self, method: str | None = None, **fields: Any) -> None:
        """A message without a number of ours."""
        named = {"method": method} if method else {}
        self.send(json.dumps({"jsonrpc": "2.0", **named, **fields}).encode() + b"\n")

    def ask(self, method: str, params: Said | None = None) -> int:
        """A request; its number."""
        self._number += 1
        self.say(method, id=self._number, params=params or {})
        return self._number

    def hear(self) -> Said:
        """The next message."""
        try:
            line = self._heard.get(timeout=DEADLINE)
        except queue.Empty:
            pytest.fail(f"nothing was said; on stderr: {self.errors.read_text()}")
        if not line:
            pytest.fail(f"it hung up; on stderr: {self.errors.read_text()}")
        found: Said = json.loads(line)
        return found

    def answered(self, number: int) -> Said:
        """The response to a request, whatever is said before it."""
        while (said := self.hear()).get("id") != number or "method" in said:
            pass
        return said

    def call(self, method: str, params: Said | None = None) -> Said:
        """Ask and wait for the answer."""
        return self.answered(self.ask(method, params))

    def hangs_up(self) -> None:
        stdin = self.process.stdin
        assert stdin is not None
        stdin.close()
