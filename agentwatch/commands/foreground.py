"""`run --no-tui`: the agent in this terminal, decisions from other clients.

Owns the relay between this terminal and the agent's, and the kill key in it.  Where there is no
terminal, the agent gets our own descriptors and this process only waits for it.
"""

from __future__ import annotations

import base64
import contextlib
import os
import select
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import FrameType

from agentwatch import guard, kill
from agentwatch.client import Client, NoSupervisor
from agentwatch.commands import sessions
from agentwatch.commands.output import say
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json, Receipt, Session, SessionState
from agentwatch.paths import Places
from agentwatch.supervisor.config import Config

UNSHOWN = 256 * 1024
"""Bytes that may wait for a stalled terminal before the agent's output is left unread."""


def terminal_size() -> tuple[int, int]:
    """Rows and columns of this terminal, 24 by 80 where there is none."""
    size = shutil.get_terminal_size((80, 24))
    return size.lines, size.columns


def run(config: Config, launch: Callable[[Config], None], *, asked: bool) -> int:
    """Supervise in the foreground; the agent's exit status."""
    attached = sys.stdin.isatty() and sys.stdout.isatty()
    if not attached:
        config = replace(config, stdio=(os.dup(0), os.dup(1), os.dup(2)))
    else:
        rows, cols = terminal_size()
        config = replace(config, rows=rows, cols=cols)
    launch(config)
    for number in config.stdio or ():
        os.close(number)
    if not asked:
        say("no terminal to draw on: supervising without a screen")
    say(f"session {config.session}: `agentwatch pending`, `approve ID`, `deny ID`, `kill`")
    places = config.places
    with killed_by_signals(places):
        if attached:
            _relay(places)
        else:
            _wait(places)
    return _report(places)


def follow(places: Places) -> int:
    """Stay until the session is over, its alarms on stderr; the agent's exit status."""
    with killed_by_signals(places):
        _wait(places)
    return _report(places)


def _wait(places: Places) -> None:
    """Until the session is over or its supervisor is gone."""
    for event in _events(places):
        if _is_over(event):
            return


def _events(places: Places) -> Iterator[Json]:
    with contextlib.suppress(NoSupervisor), Client(places) as client:
        state = client.call("watch", screen=True)["session"]["state"]
        if SessionState(state).over:
            return
        yield from client.events()


def _is_over(event: Json) -> bool:
    if event["event"] == "alarm":
        say(event["text"])
    return event["event"] == "session" and SessionState(event["session"]["state"]).over


def _relay(places: Places) -> None:
    """This terminal is the agent's until it ends; F9 and the tty's QUIT key kill."""
    with contextlib.suppress(NoSupervisor), Client(places) as client, guard.Terminal() as terminal:
        relay = _Relay(places, client, terminal)
        try:
            relay.run(client.call("watch", screen=True))
        finally:
            relay.close()


class _Relay:
    """Bytes between a terminal that may stall and an agent that may flood."""

    def __init__(self, places: Places, client: Client, terminal: guard.Terminal) -> None:
        self._places = places
        self._client = client
        self._terminal = terminal
        self._keys = guard.KeyFilter()
        self._modes = guard.Modes()
        self._unshown = bytearray()
        self._size = terminal.size()
        self._over = False

    def run(self, first: Json) -> None:
        """Relay until the session is over or the terminal is gone."""
        self._unshown += base64.b64decode(first["output"])
        self._over = SessionState(first["session"]["state"]).over
        while not self._over:
            self._resize()
            # Keys are read whatever happens to the output: the kill key is among them.
            reading = [self._terminal.fd]
            if len(self._unshown) < UNSHOWN:
                reading.append(self._client.fileno())
            writing = [self._terminal.fd] if self._unshown else []
            here = self._client.holds() and self._client.fileno() in reading
            ready, writable, _ = select.select(reading, writing, [], 0 if here else 0.5)
            if self._terminal.fd in ready and not self._typed(self._terminal.read()):
                return
            if writable:
                self._show()
            if here or self._client.fileno() in ready:
                for event in self._client.arrived():
                    self._take(event)

    def close(self) -> None:
        """Show what is left, and undo the modes the agent left on."""
        self._terminal.flush(self._unshown)
        self._modes.feed(bytes(self._unshown))
        self._terminal.flush(self._modes.undo())

    def _typed(self, data: bytes | None) -> bool:
        """Pass typing on; False once the terminal is gone."""
        if data is None:
            return False
        passed, killed = self._keys.feed(data)
        if killed:
            kill.kill(self._places, trigger="key", by="foreground")
        elif passed:
            self._client.send("input", data=base64.b64encode(passed).decode())
        return True

    def _show(self) -> None:
        written = self._terminal.write(self._unshown) or 0
        self._modes.feed(bytes(self._unshown[:written]))
        del self._unshown[:written]

    def _take(self, event: Json) -> None:
        if event["event"] == "output":
            self._unshown += base64.b64decode(event["data"])
        self._over = self._over or _is_over(event)

    def _resize(self) -> None:
        if (size := self._terminal.size()) != self._size:
            self._size = size
            self._client.send("resize", rows=size[0], cols=size[1])


@contextlib.contextmanager
def killed_by_signals(places: Places) -> Iterator[None]:
    """SIGTERM, SIGHUP and SIGINT to this process kill the agent's tree: nobody else will."""

    def strike(number: int, _: FrameType | None) -> None:
        kill.kill(places, trigger=signal.Signals(number).name, by="foreground")

    with _heeding(strike):
        yield


@contextlib.contextmanager
def ended_by_signals(places: Places) -> Iterator[None]:
    """The same while the agent is being started, or installed: then we end as well."""

    def end(number: int, _: FrameType | None) -> None:
        with contextlib.suppress(AgentwatchError):  # nothing was started yet: nothing will be
            kill.kill(places, trigger=signal.Signals(number).name, by="run")
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    with _heeding(end):
        yield


@contextlib.contextmanager
def _heeding(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """What would end us is handled so; not what our starter ignores (nohup) or handles itself."""
    usual = (signal.SIG_DFL, signal.default_int_handler)
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    heeded = [number for number in numbers if signal.getsignal(number) in usual]
    before = {number: signal.signal(number, handler) for number in heeded}
    try:
        yield
    finally:
        for number, one in before.items():
            signal.signal(number, one)


def _report(places: Places) -> int:
    """Say how it ended, and with which status."""
    session: Session = sessions.last_known(places)
    receipt = sessions.receipt(places)
    if session.exit is None and receipt is None:
        say("the supervisor is gone: making sure that the agent's tree is")
        receipt = _made_sure(places)
    if receipt is not None:
        say(receipt.sentence())
    if head := guard.head(places):
        say(f"record {head}")
    if session.exit is not None:
        return session.exit
    return int(ExitCode.KILLED if receipt is not None and receipt.clean else ExitCode.NO)


def _made_sure(places: Places) -> Receipt | None:
    """Nobody else is there to look whether anything runs on; a person still sees it in `ls`."""
    try:
        return kill.kill(places, trigger="lost", by="foreground")
    except AgentwatchError as error:
        say(f"error: {error.what}")
        return None
