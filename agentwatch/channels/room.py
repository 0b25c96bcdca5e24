"""How much of one peer may wait here at one time: so many messages, of so many bytes together.

Owns the count.  Who asks for more is told no at once, or could fill the memory of whoever decides.
"""

from __future__ import annotations

from agentwatch.channels.rpc import Message

MAX_HELD = 1000
"""Messages."""
MAX_BYTES = 128 * 1024 * 1024


class Room:
    """Where messages wait."""

    def __init__(self) -> None:
        self._held = 0
        self._bytes = 0

    def enter(self, message: Message) -> str:
        """Why there is no room for it; empty where it has taken its place."""
        if self._held >= MAX_HELD:
            return f"{MAX_HELD} questions are waiting already"
        if self._bytes + message.size > MAX_BYTES:
            return f"{MAX_BYTES >> 20} MiB of questions are waiting already"
        self._held += 1
        self._bytes += message.size
        return ""

    def leave(self, message: Message) -> None:
        """It waits no longer."""
        self._held -= 1
        self._bytes -= message.size
