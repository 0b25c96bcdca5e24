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
from agentwatch.errors import ExitCode
from agentwatch.model import Json, Session, SessionState
from agentwatch.paths import Places
from agentwatch.supervisor.config import Config


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
    with _killed_by_signals(places):
        if attached:
            _relay(places)
        else:
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
    keys = guard.KeyFilter()
    with contextlib.suppress(NoSupervisor), Client(places) as client, guard.raw_terminal(0):
        first = client.call("watch", screen=True)
        _print(first["output"])
        if SessionState(first["session"]["state"]).over:
            return
        resized = _on_resize(client)
        while True:
            ready, _, _ = select.select([0, client.fileno()], [], [], 0.5)
            resized()
            if 0 in ready:
                _type(places, client, keys.feed(os.read(0, 65536)))
            if client.fileno() in ready and any(_shown(e) for e in client.arrived()):
                return


def _type(places: Places, client: Client, fed: tuple[bytes, bool]) -> None:
    passed, killed = fed
    if killed:
        kill.kill(places, trigger="key", by="foreground")
    elif passed:
        client.send("input", data=base64.b64encode(passed).decode())


def _shown(event: Json) -> bool:
    if event["event"] == "output":
        _print(event["data"])
    return _is_over(event)


def _print(data: str) -> None:
    sys.stdout.buffer.write(base64.b64decode(data))
    sys.stdout.buffer.flush()


def _on_resize(client: Client) -> Callable[[], None]:
    """A check that tells the agent when this terminal's size has changed."""
    last = terminal_size()

    def check() -> None:
        nonlocal last
        if (size := terminal_size()) != last:
            last = size
            client.send("resize", rows=size[0], cols=size[1])

    return check


@contextlib.contextmanager
def _killed_by_signals(places: Places) -> Iterator[None]:
    """SIGTERM, SIGHUP and SIGINT to this process kill the agent's tree: nobody else will."""

    def strike(number: int, _: FrameType | None) -> None:
        kill.kill(places, trigger=signal.Signals(number).name, by="foreground")

    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = {number: signal.signal(number, strike) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report(places: Places) -> int:
    """Say how it ended, and with which status."""
    session: Session = sessions.last_known(places)
    receipt = kill.read_receipt(places)
    if receipt is not None:
        say(receipt.sentence())
    if session.exit is not None:
        return session.exit
    say("the supervisor is gone, and the agent's tree with it")
    return int(ExitCode.KILLED)
