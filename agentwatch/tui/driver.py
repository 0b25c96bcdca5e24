"""The second line of the kill switch: the kill keys, seen in the input thread.

Owns the moment between a key's bytes and the event loop.  The guard that owns the terminal comes
first; where there is none, this thread kills without asking the loop, which may be blocked.  Runs
the kill right here and starts no thread for it: a fork bomb leaves none to start.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from textual import events
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from agentwatch.errors import AgentwatchError
from agentwatch.model import Receipt
from agentwatch.paths import Places
from agentwatch.tui.keys import KILL_KEYS


class Kill(Protocol):
    """`agentwatch.kill.kill`, or a double of it."""

    def __call__(self, places: Places, *, trigger: str, by: str) -> Receipt:
        """Kill the tree and measure."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one press of the kill key came to: a measured receipt, or why there is none."""

    receipt: Receipt | None
    error: str = ""
    hint: str = ""


class Killed(Message):
    """The kill key was pressed and this is what was measured."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class KillSwitch:
    """Presses `kill` once at a time, from whichever thread the key arrives in."""

    def __init__(self, places: Places, kill: Kill) -> None:
        self._places = places
        self._kill = kill
        self._busy = threading.Lock()

    @property
    def busy(self) -> bool:
        """Whether a kill is under way and nothing is measured yet."""
        return self._busy.locked()

    def press(self, tell: Callable[[Outcome], object]) -> None:
        """Kill and tell what was measured; a failure is told, never raised."""
        with self._busy:
            tell(self._measured())

    def _measured(self) -> Outcome:
        try:
            return Outcome(self._kill(self._places, trigger="key", by="tui"))
        except AgentwatchError as error:
            return Outcome(None, error.what, error.hint)
        except Exception as error:  # noqa: BLE001  the screen must say that the kill failed
            return Outcome(None, f"the kill failed: {type(error).__name__}: {error}")


class CanKill(Protocol):
    """What this driver needs of the application."""

    switch: KillSwitch

    def post_message(self, message: Message) -> bool:
        """Put a message in line, from any thread."""
        ...


class KillFirst(Driver):
    """Goes before a driver: acts on the kill keys before the event loop hears of them."""

    def process_message(self, message: Message) -> None:
        """Kill on a kill key; pass on everything else.  Runs in the input thread."""
        if isinstance(message, events.Key) and message.key in KILL_KEYS:
            app = cast("CanKill", self._app)
            app.switch.press(lambda outcome: app.post_message(Killed(outcome)))
            return
        super().process_message(message)


class TerminalDriver(KillFirst, LinuxDriver):
    """The driver of the real screen."""
