"""The gate process's line to the supervisor: JSON, one message a line.

Owns what is on its way.  Never waits for the supervisor.
"""

from __future__ import annotations

import json
import socket
from typing import Any


class Channel:
    """The line to the supervisor; never waits for it."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self._out = bytearray()
        self._torn = b""

    def say(self, message: dict[str, Any]) -> None:
        """Put a message on its way."""
        self._out += json.dumps(message).encode() + b"\n"

    def flush(self) -> bool:
        """Send what the line takes; whether something is left."""
        while self._out:
            try:
                del self._out[: self.line.send(self._out, socket.MSG_DONTWAIT)]
            except BlockingIOError:
                return True
            except OSError:
                self._out.clear()  # its end is heard where we listen
        return False

    def hear(self) -> list[dict[str, Any]] | None:
        """The messages that came; None at the end.  Raises ValueError for what is no message."""
        try:
            data = self.line.recv(1 << 20, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return []
        if not data:
            return None
        *lines, self._torn = (self._torn + data).split(b"\n")
        return [json.loads(line) for line in lines]
