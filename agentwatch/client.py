"""Talking to a supervisor, one call at a time: for the command line.

Owns the connection and the matching of answers to questions.  Never decides, never kills: the
kill does not need a supervisor that answers.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
from collections.abc import Iterator
from typing import Any, Self

from agentwatch import wire
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json, Receipt
from agentwatch.paths import Places


class NoSupervisor(AgentwatchError):
    """Nobody answers on the control socket."""

    def __init__(self, session: str, why: str) -> None:
        super().__init__(
            f"the supervisor of {session} does not answer ({why})",
            f"nothing can be approved; `agentwatch kill {session}` works without it",
            ExitCode.NO_SUPERVISOR,
        )


class Client:
    """A blocking connection to one session's supervisor."""

    def __init__(self, places: Places, timeout: float = 5.0) -> None:
        self._places = places
        self._ids = itertools.count(1)
        self._lines = wire.Lines(wire.MAX_ANSWER)
        self._ready: list[Json] = []
        self._cut: list[bytes] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(str(places.control_socket))
        except OSError as error:
            self._socket.close()
            raise NoSupervisor(places.id, error.strerror or str(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def call(self, op: str, **fields: Any) -> Any:
        """The result of one request; raises AgentwatchError as the supervisor worded it."""
        number = next(self._ids)
        with contextlib.suppress(OSError):  # whoever turned us away has said why: read that
            self._socket.sendall(wire.encode({"id": number, "op": op, "face": "cli", **fields}))
        while True:
            message = self._receive()
            if message.get("re") == number or "error" in message:
                wire.raise_failure(message)
                return message.get("result")
            self._ready.append(message)

    def fileno(self) -> int:
        """For select: readable when something has arrived."""
        return self._socket.fileno()

    def send(self, op: str, **fields: Any) -> None:
        """A request whose answer nobody waits for; raises NoSupervisor."""
        try:
            self._socket.sendall(wire.encode({"id": 0, "op": op, **fields}))
        except OSError as error:
            raise NoSupervisor(self._places.id, error.strerror or str(error)) from error

    def holds(self) -> bool:
        """Whether events came with an earlier answer: select does not know of these."""
        return bool(self._ready or self._cut)

    def arrived(self) -> list[Json]:
        """The events that are here now, after one read; raises NoSupervisor."""
        first = [] if self.holds() else [self._receive()]
        rest = [wire.decode(item, limit=wire.MAX_ANSWER) for item in self._cut]
        self._cut.clear()
        events = [*self._ready, *first, *rest]
        self._ready.clear()
        return [item for item in events if "event" in item]

    def events(self) -> Iterator[Json]:
        """Every event after a `watch` call, until the supervisor goes."""
        self._socket.settimeout(None)
        with contextlib.suppress(NoSupervisor):
            while True:
                message = self._ready.pop(0) if self._ready else self._receive()
                if "event" in message:
                    yield message

    def _receive(self) -> Json:
        while not self._cut:
            try:
                data = self._socket.recv(65536)
            except OSError as error:
                raise NoSupervisor(self._places.id, error.strerror or str(error)) from error
            if not data:
                raise NoSupervisor(self._places.id, "it hung up")
            self._cut.extend(self._lines.feed(data))
        return wire.decode(self._cut.pop(0), limit=wire.MAX_ANSWER)


def ask_to_kill(places: Places, timeout: float = 10.0) -> Receipt:
    """Have the supervisor's kill thread do it, from the record in its memory."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout)
            connection.connect(str(places.kill_socket))
            line = connection.makefile("rb").readline(wire.MAX_ANSWER)
    except OSError as error:
        raise NoSupervisor(places.id, error.strerror or str(error)) from error
    if not line:
        raise NoSupervisor(places.id, "it hung up")
    try:
        answer = json.loads(line)
        wire.raise_failure(answer)
        return Receipt.from_json(answer["result"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NoSupervisor(places.id, "what it answered is no receipt") from error
