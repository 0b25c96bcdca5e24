"""How the guard begins and ends.

Owns its command line and the order of things: kill switch first, then the terminal, then the
screen.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from agentwatch.containment import Record
from agentwatch.errors import AgentwatchError
from agentwatch.guard.ending import Ending, ending, head, over
from agentwatch.guard.relay import Relay
from agentwatch.guard.signals import Signals
from agentwatch.guard.terminal import Terminal
from agentwatch.kill import kill
from agentwatch.model import Receipt
from agentwatch.paths import Places, live_places, new_places

BOOT = """\
import os, sys
sys.path += sys.argv.pop(1).split(os.pathsep)
from agentwatch.guard.entry import run
sys.exit(run(sys.argv[1:]))
"""


class Switch(Protocol):
    """`agentwatch.kill.kill`, or a test's stand-in."""

    def __call__(
        self, places: Places, *, trigger: str, by: str, record: Record | None = None
    ) -> Receipt:
        """Kill everything in the session's containment and measure it."""


def command(session: str, child: Sequence[str]) -> list[str]:
    """The argv of a guard over this session, with `child` as its screen.

    A fresh interpreter without site-packages and without the user's environment starts at once
    and imports nothing but the standard library and this package.
    """
    roots = os.pathsep.join(_roots())
    return [sys.executable, "-I", "-S", "-c", BOOT, roots, session, *child]


def run(argv: Sequence[str]) -> int:
    """What the fresh interpreter runs: errors become words and a status."""
    session, *child = argv
    try:
        return main(_places(session), child)
    except AgentwatchError as error:
        print(f"agentwatch: error: {error.what}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return error.code


def main(places: Places, child: Sequence[str], switch: Switch = kill) -> int:
    """Guard the session until the user leaves; the exit status of `agentwatch run`."""
    # Read now and held: the agent runs as the user and may remove the file.
    thrown = partial(switch, places, trigger="key", by="guard", record=_record(places))
    with Terminal() as terminal, Signals() as signals:
        relay = Relay(terminal, signals, child, thrown, partial(over, places), places.id)
        end = Ending(0, "", "")
        try:
            status = relay.run()
            end = ending(places, relay.receipt)
        finally:
            relay.close(end.said)
    if status:
        return status  # ended from outside: nobody is there to read more
    if end.left:
        print(f"left: {end.left}", file=sys.stderr)
    elif record := head(places):
        print(f"record {record}", file=sys.stderr)
    return end.status


def _record(places: Places) -> Record | None:
    """What to kill from; None where it cannot be read yet, then it is read at the key."""
    try:
        return Record.read(places.containment)
    except AgentwatchError:
        return None


def _places(session: str) -> Places:
    """Where the session lies; one that is over may have its state only."""
    return next((one for one in live_places() if one.id == session), new_places(session))


def _roots() -> list[str]:
    """Where this package lies, and psutil, which the portable containment needs."""
    roots = [str(Path(__file__).resolve().parent.parent.parent)]
    found = find_spec("psutil")
    if found and found.origin:
        roots.append(os.path.dirname(os.path.dirname(found.origin)))  # noqa: PTH120
    return list(dict.fromkeys(roots))
