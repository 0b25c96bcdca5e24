"""A session that answers as a test tells it to, and the other ends of a channel's pipes."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from agentwatch.channels.asking import Answered, Editable
from agentwatch.channels.pipes import Peer
from agentwatch.model import Json, Kind, Proposal

YES = Answered(True, "approved", "person:test", "a-1")
NO = Answered(False, "not today", "person:test", "a-1")


class Double:
    """A session: reading passes, anything else waits until the test answers."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[tuple[Proposal, tuple[str, ...], asyncio.Future[Answered]]] = (
            asyncio.Queue()
        )
        self.reads: list[Proposal] = []
        self.noted: list[tuple[str, Json]] = []
        self.turned_away: list[str] = []
        self.alarms: list[str] = []
        self.usage: dict[str, Json] = {}
        self.editable: Editable | None = None
        self.withdrawn: list[Proposal] = []

    async def ask(
        self, proposal: Proposal, *reasons: str, editable: Editable | None = None
    ) -> Answered:
        self.editable = editable
        if proposal.kind is Kind.READ and not reasons:
            self.reads.append(proposal)
            return Answered(True, "reading", "policy", "a-0")
        answer: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self.asked.put_nowait((proposal, reasons, answer))
        try:
            return await answer
        except asyncio.CancelledError:
            self.withdrawn.append(proposal)
            raise

    def passes(self, proposal: Proposal) -> bool:
        return proposal.kind is Kind.READ or proposal.command == "ls"

    def seen(self, proposal: Proposal) -> bool:
        return proposal.command == "hooked"

    def note(self, kind: str, data: Json) -> None:
        self.noted.append((kind, data))

    def refused(self, who: str, what: str) -> None:
        self.turned_away.append(f"{who}: {what}")

    def reported(self, where: str, usage: Json) -> None:
        self.usage[where] = usage

    def alarm(self, text: str) -> None:
        self.alarms.append(text)

    async def next(self) -> tuple[Proposal, tuple[str, ...], asyncio.Future[Answered]]:
        """The next question."""
        return await asyncio.wait_for(self.asked.get(), 10)


class End:
    """One end of a line: says messages, hears them."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def say(self, method: str | None = None, **fields: Any) -> None:
        named = {"method": method} if method else {}
        self.raw(json.dumps({"jsonrpc": "2.0", **named, **fields}).encode() + b"\n")

    def raw(self, data: bytes) -> None:
        self._writer.write(data)

    async def hear(self) -> Json:
        line = await asyncio.wait_for(self._reader.readline(), 10)
        assert line, "it hung up"
        found: Json = json.loads(line)
        return found

    async def answered(self, number: Any) -> Json:
        """The response to a request, whatever comes before it."""
        while (said := await self.hear()).get("id") != number or "method" in said:
            pass
        return said

    async def ended(self) -> bool:
        return await asyncio.wait_for(self._reader.read(), 10) == b""

    def close(self) -> None:
        self._writer.close()


@asynccontextmanager
async def wire() -> AsyncIterator[tuple[End, Peer]]:
    """A line: the test's end of it, and the channel's."""
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_unix_connection(sock=ours, limit=1 << 26)
    peer = await Peer.of_socket(theirs.detach())
    try:
        yield End(reader, writer), peer
    finally:
        writer.close()
        peer.close()
        await asyncio.sleep(0)
