"""The line to the supervisor: kept up, listened to, spoken into.

Owns connecting, coming back after a loss, and the order of typed input.  Draws nothing and
decides nothing; while there is no supervisor every call fails, so nothing can be approved.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

from agentwatch.client import NoSupervisor
from agentwatch.errors import AgentwatchError
from agentwatch.model import Json
from agentwatch.paths import Places
from agentwatch.regular import document

RETRY_AFTER = 0.5
"""Seconds between two attempts to reach the supervisor."""

PATIENCE = 10.0
"""Seconds a supervisor has for an answer."""

TURN = 0.002
"""Seconds of taking events before the screen gets its turn."""


class Wire(Protocol):
    """`stream.Stream`, or a double of it."""

    async def call(self, op: str, **fields: Any) -> Any:
        """The result of one request; raises AgentwatchError."""
        ...

    def events(self) -> AsyncIterator[Json]:
        """Every event after `watch`, until the supervisor goes."""
        ...

    async def close(self) -> None:
        """Hang up."""
        ...


class Listener(Protocol):
    """Who hears what comes over the line."""

    def begin(self, answer: Json) -> None:
        """The supervisor answered `watch`."""

    def hear(self, event: Json) -> None:
        """One event."""

    def lose(self, why: str) -> None:
        """The supervisor is gone."""

    def end(self, session: Json, receipt: Json | None) -> None:
        """The session is over, as its last files say."""


Open = Callable[[Places], Awaitable[Wire]]


class Link:
    """One session's supervisor, as long as this screen lives."""

    def __init__(self, places: Places, open_wire: Open, listener: Listener) -> None:
        self._places = places
        self._open = open_wire
        self._listener = listener
        self._wire: Wire | None = None
        self._typed: asyncio.Queue[bytes] = asyncio.Queue()

    async def keep_up(self) -> None:
        """Connect and listen, again and again, until the session is over."""
        while True:
            why = await self._listen()
            self._listener.lose(why)
            if (last := last_known(self._places)) is not None:
                self._listener.end(*last)
                return
            await asyncio.sleep(RETRY_AFTER)

    async def call(self, op: str, **fields: Any) -> Any:
        """The result of one request; raises AgentwatchError, also where time runs out."""
        if self._wire is None:
            raise NoSupervisor(self._places.id, "not connected")
        try:
            return await asyncio.wait_for(self._wire.call(op, **fields), PATIENCE)
        except TimeoutError as error:
            raise NoSupervisor(self._places.id, f"no answer in {PATIENCE:.0f} s") from error

    def type(self, data: bytes) -> None:
        """Send bytes to the agent's terminal, in order."""
        if data:
            self._typed.put_nowait(data)

    async def send_typed(self) -> None:
        """Carry what is typed to the supervisor; what cannot be carried is dropped."""
        while True:
            data = await self._typed.get()
            while not self._typed.empty():
                data += self._typed.get_nowait()
            with contextlib.suppress(AgentwatchError):  # the loss itself is told by `keep_up`
                await self.call("input", data=base64.b64encode(data).decode())

    async def _listen(self) -> str:
        """One connection from its start to its end; why it ended."""
        try:
            wire = await self._open(self._places)
        except (AgentwatchError, OSError) as error:
            return str(error)
        try:
            self._listener.begin(await asyncio.wait_for(wire.call("watch", screen=True), PATIENCE))
            self._wire = wire
            await self._take_events(wire)
        except (AgentwatchError, OSError, TimeoutError) as error:
            return str(error) or "it does not answer"
        except Exception as error:  # noqa: BLE001  an answer that makes no sense is no supervisor
            return f"it talks nonsense ({type(error).__name__})"
        finally:
            self._wire = None
            await wire.close()
        return "it hung up"

    async def _take_events(self, wire: Wire) -> None:
        clock = asyncio.get_running_loop().time
        until = clock() + TURN
        async for event in wire.events():
            self._listener.hear(event)
            if clock() > until:
                await asyncio.sleep(0)
                until = clock() + TURN


def last_known(places: Places) -> tuple[Json, Json | None] | None:
    """The session and receipt as their files say, where the session is over."""
    session = _read(places.session)
    receipt = _read(places.receipt)
    if session is None:
        return None
    if receipt is None and session.get("state") not in ("killed", "exited"):
        return None
    return session, receipt


def _read(path: Any) -> Json | None:
    try:
        data = document(path)
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None
