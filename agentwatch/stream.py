"""Talking to a supervisor as a stream: for screens.

Owns an asyncio connection, the matching of answers to questions and the queue of events.  Never
decides, never kills.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import Any, Self

from agentwatch import wire
from agentwatch.client import NoSupervisor
from agentwatch.model import Json
from agentwatch.paths import Places


class Stream:
    """An asyncio connection to one session's supervisor, for screens."""

    def __init__(
        self, session: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._session = session
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self._events: asyncio.Queue[Json | None] = asyncio.Queue()
        self._pump = asyncio.create_task(self._read(), name="agentwatch-stream")

    @classmethod
    async def open(cls, places: Places) -> Self:
        """Connect; raises NoSupervisor."""
        try:
            reader, writer = await asyncio.open_unix_connection(
                str(places.control_socket), limit=wire.MAX_ANSWER
            )
        except OSError as error:
            raise NoSupervisor(places.id, error.strerror or str(error)) from error
        return cls(places.id, reader, writer)

    async def call(self, op: str, **fields: Any) -> Any:
        """The result of one request; raises AgentwatchError as the supervisor worded it."""
        number = next(self._ids)
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            if self._pump.done():
                raise NoSupervisor(self._session, "it hung up")
            self._writer.write(wire.encode({"id": number, "op": op, "face": "tui", **fields}))
            await self._writer.drain()
            message = await answer
        except OSError as error:
            raise NoSupervisor(self._session, error.strerror or str(error)) from error
        finally:
            self._answers.pop(number, None)
        wire.raise_failure(message)
        return message.get("result")

    async def events(self) -> AsyncIterator[Json]:
        """Every event after a `watch` call, until the supervisor goes."""
        while (event := await self._events.get()) is not None:
            yield event

    async def close(self) -> None:
        """Hang up; pending calls fail."""
        self._pump.cancel()
        self._writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._pump
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                self._sort(wire.decode(line, limit=wire.MAX_ANSWER))
        except (OSError, ValueError, wire.WireError):
            pass  # a supervisor that talks nonsense is as good as gone
        finally:
            self._hang_up()

    def _sort(self, message: Json) -> None:
        if "event" in message:
            self._events.put_nowait(message)
            return
        waiting = self._answers.get(message.get("re", -1))
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    def _hang_up(self) -> None:
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(NoSupervisor(self._session, "it hung up"))
        self._events.put_nowait(None)
