"""The process that a client (an editor, an MCP client) starts: bytes in and out, nothing else.

Owns the two pumps between its standard streams and the supervisor.  Its standard output is the
protocol's alone.  When it is gone, however it went, the supervisor ends the tree.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import replace

from agentwatch.commands import foreground
from agentwatch.supervisor.config import Config

CHUNK = 256 * 1024
LAST_WORDS = 5.0
"""Seconds a client may take to read what the agent said last."""


class Pump:
    """This process's standard streams as one end of a socket pair; the other end is `far`."""

    def __init__(self) -> None:
        self._here, far = socket.socketpair()
        self.far = far.detach()
        self._out = threading.Thread(target=self._write, name="agentwatch-out", daemon=True)
        self._in = threading.Thread(target=self._read, name="agentwatch-in", daemon=True)

    def start(self) -> None:
        """Begin to pump."""
        self._out.start()
        self._in.start()

    def drain(self) -> None:
        """Wait until what was said is out, or the client does not read it."""
        self._out.join(LAST_WORDS)

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(0, CHUNK):
                self._here.sendall(data)
        with contextlib.suppress(OSError):
            self._here.shutdown(socket.SHUT_WR)

    def _write(self) -> None:
        try:
            while data := self._here.recv(CHUNK):
                while data:
                    data = data[os.write(1, data) :]
        except OSError:  # the client is gone: that ends the session
            self._here.close()


def run(config: Config, launch: Callable[[Config], None]) -> int:
    """Serve a client over our standard streams; the agent's exit status."""
    pump = Pump()
    watched, held = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    config = replace(config, near=pump.far, lifeline=watched, stdio=(null, null, os.dup(2)))
    launch(config)
    for number in {pump.far, watched, *(config.stdio or ())}:
        os.close(number)
    pump.start()
    status = foreground.follow(config.places)
    pump.drain()
    os.close(held)
    return status
