"""A stand-in for the supervisor's agent socket: answers hooks as a test says, and keeps them."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.agents_real.api import Json

Judge = Callable[[Json, int], Json | bytes | None]
"""From an event and the asking process's pid to the answer's fields; bytes go out as they are,
None hangs up."""


def allow(_event: Json, _pid: int) -> Json:
    """Everything passes."""
    return {"verdict": "allow", "by": "person:test", "why": "fine", "id": "a1", "digest": "d"}


def deny(_event: Json, _pid: int) -> Json:
    """Nothing passes."""
    return {"verdict": "deny", "by": "person:test", "why": "NOT-TODAY", "id": "a1", "digest": "d"}


@dataclass
class AgentSocket:
    """Listens where the hook client speaks."""

    address: Path
    judge: Judge
    events: list[Json] = field(default_factory=list)
    armed: list[float] = field(default_factory=list)

    @contextmanager
    def open(self) -> Iterator[AgentSocket]:
        """Listen for the time of a test."""
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.address))
            listener.listen(64)
            thread = threading.Thread(target=self._accept, args=(listener,), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                thread.join(5)
        self.address.unlink(missing_ok=True)

    def tools(self) -> list[str]:
        """The tools that were asked about, in order."""
        return [event.get("tool_name") or event["tool"] for event in self.events]

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with peer, peer.makefile("rb") as lines:
            line = lines.readline()
            if not line:
                return
            message = json.loads(line)
            answer: Json = {"v": 1, "re": message["ref"], "ok": True}
            if message["op"] == "armed":
                self.armed.append(time.monotonic())
                peer.sendall(json.dumps(answer).encode() + b"\n")
                return
            self.events.append(message["event"])
            given = self.judge(message["event"], _pid_of(peer))
            if isinstance(given, dict):
                given = json.dumps({**answer, **given}).encode() + b"\n"
            try:
                peer.sendall(given or b"")
            except OSError:
                return  # the hook is gone; a test that killed it looks at what became of the tool


def _pid_of(peer: socket.socket) -> int:
    size = struct.calcsize("3i")
    pid, _, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return int(pid)
