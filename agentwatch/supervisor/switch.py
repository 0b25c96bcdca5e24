"""The kill from the supervisor's own memory: a thread of its own, on a socket of its own.

Owns the road for a caller whose containment record is gone: an agent runs as the user and may
have deleted it.  Shares nothing with the event loop, so a loop that hangs does not matter.

What does not work: it needs the interpreter to run threads.  With the supervisor stopped or dead,
`agentwatch kill` works from the record on disk instead, and the lease ends the tree.
"""

from __future__ import annotations

import json
import os
import socket
import threading

from agentwatch import kill, wire
from agentwatch.containment.base import Record
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json
from agentwatch.paths import Places
from agentwatch.supervisor import peers

PATIENCE = 2.0
"""Seconds a caller may take to send or read before the next one is served."""


class Switch(threading.Thread):
    """Waits for a caller from outside, kills, and tells it what was measured."""

    def __init__(self, places: Places, record: Record) -> None:
        super().__init__(name="agentwatch-switch", daemon=True)
        self._places = places
        self._record = record
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(places.kill_socket))
        self._listener.listen(socket.SOMAXCONN)

    def run(self) -> None:
        """Serve one caller after another until the process ends."""
        while True:
            caller, _ = self._listener.accept()
            with caller:
                caller.settimeout(PATIENCE)
                self._serve(caller)

    def _serve(self, caller: socket.socket) -> None:
        try:
            caller.sendall(json.dumps(self._answer(caller)).encode() + b"\n")
        except OSError:
            return  # the kill has happened; who asked did not stay to hear it

    def _answer(self, caller: socket.socket) -> Json:
        refusal = peers.refusal(caller, self._record)
        if refusal is not None:
            return wire.failure(None, AgentwatchError(f"refused: {refusal}", code=ExitCode.NO))
        try:
            receipt = kill.kill(
                self._places, trigger="socket", by="supervisor", record=self._record
            )
        except Exception as error:  # noqa: BLE001 - the next caller must still be served
            return wire.failure(None, AgentwatchError(f"the kill failed ({error!r})"))
        return {"ok": True, "result": receipt.to_json(), "pid": os.getpid()}
