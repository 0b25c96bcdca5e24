"""A supervisor of ours on a unix socket that answers as a test tells it to."""

from __future__ import annotations

import json
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

Said = dict[str, Any]


def allow(said: Said, **fields: Any) -> Said:
    """A yes to what was said; to an outcome, that it is taken."""
    if said["op"] == "outcome":
        return {"v": 1, "re": said["ref"], "ok": True}
    yes = {"v": 1, "re": said["ref"], "ok": True, "verdict": "allow"}
    return {**yes, "id": "a1", "digest": "d1", "by": "person:test", "why": "", **fields}


def deny(said: Said, **fields: Any) -> Said:
    return {**allow(said), "verdict": "deny", **fields}


class Answering:
    """Answers each line by `reply`: an object, raw bytes (then hangs up), or None: never."""

    def __init__(self, path: Path) -> None:
        self.reply: Callable[[Said], object] | None = allow
        self.trickle = False
        self.heard: list[Said] = []
        self.asked = threading.Event()
        self.hung_up = threading.Event()
        """Set when a client has closed a connection that still waited for an answer."""
        self._gate: threading.Barrier | None = None
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(path))
        self._socket.listen(64)
        self._socket.settimeout(0.05)
        self._start(self._accept)

    def hold_until(self, waiting: int) -> None:
        """Answer nobody until so many wait."""
        self._gate = threading.Barrier(waiting)

    def close(self) -> None:
        self._closing.set()
        for thread in self._threads:
            thread.join(10)
        self._socket.close()

    def _start(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, name="answering", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            connection.settimeout(10)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            try:
                for line in lines:
                    self.heard.append(json.loads(line))
                    self.asked.set()
                    if not self._answer(connection, self.heard[-1]):
                        return
            except OSError:
                self.hung_up.set()
                return
            if self.reply is None or not self.heard:
                self.hung_up.set()

    def _answer(self, connection: socket.socket, said: Said) -> bool:
        """Whether the connection stays open."""
        if self._gate is not None:
            self._gate.wait(10)
        if self.trickle:
            self._drip(connection)
            return False
        if self.reply is None:
            return True
        answer = self.reply(said)
        if isinstance(answer, bytes):
            connection.sendall(answer)
            return False
        connection.sendall(json.dumps(answer).encode() + b"\n")
        return True

    def _drip(self, connection: socket.socket) -> None:
        while not self._closing.is_set():
            connection.sendall(b" ")
            time.sleep(0.02)


@contextmanager
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    """An environment like an agent's, with our double where AGENTWATCH_SOCKET says."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "agent.sock"
        server = Answering(path)
        monkeypatch.setenv("AGENTWATCH_SOCKET", str(path))
        monkeypatch.setenv("AGENTWATCH_TOKEN", "secret")
        yield server
        server.close()
