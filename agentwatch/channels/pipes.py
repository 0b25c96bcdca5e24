"""Lines to and from another process: bounded, and never faster than it reads.

Owns an asyncio reader and writer over descriptors of ours.  A line past the limit ends the
reading: what cannot be read whole cannot be judged.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping
from typing import Any, Self

from agentwatch import wire
from agentwatch.channels import rpc

CHUNK = 256 * 1024


class Peer:
    """The process at the other end: what it says, line by line, and what it is told."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()
        self._hung_up = False

    @classmethod
    async def of_pipes(cls, reading: int, writing: int) -> Self:
        """Over two pipes, which become ours."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=CHUNK)
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb", 0)
        )
        transport, protocol = await loop.connect_write_pipe(
            asyncio.streams.FlowControlMixin, os.fdopen(writing, "wb", 0)
        )
        return cls(reader, asyncio.StreamWriter(transport, protocol, None, loop))

    @classmethod
    async def of_socket(cls, number: int) -> Self:
        """Over one end of a socket pair, which becomes ours."""
        end = socket.socket(fileno=number)
        reader, writer = await asyncio.open_unix_connection(sock=end, limit=CHUNK)
        return cls(reader, writer)

    async def lines(self) -> AsyncIterator[bytes]:
        """Every line until the end; raises WireError for one that is too long or torn."""
        cut = wire.Lines(rpc.MAX_LINE)
        while data := await self._reader.read(CHUNK):
            for line in cut.feed(data):
                if line.strip():
                    yield line
                await asyncio.sleep(0)  # whoever watches or decides comes in between
        if cut.torn:
            raise wire.WireError("the last message was cut off")

    async def say(self, message: Mapping[str, Any]) -> None:
        """Send one message and wait until there is room for the next; a lost peer hears nothing."""
        async with self._turn:
            if self._hung_up or self._writer.is_closing():
                return
            try:
                self._writer.write(rpc.line_of(message))
                await self._writer.drain()
            except OSError:
                self._writer.close()

    def hang_up(self) -> None:
        """End of what we have to say, after what is still on its way."""
        if not self._hung_up and not self._writer.is_closing():
            self._hung_up = True
            if self._writer.can_write_eof():
                self._writer.write_eof()
            else:
                self._writer.close()

    def close(self) -> None:
        """Let go of it."""
        self._writer.close()
