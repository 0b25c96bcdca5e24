"""An agent's tool calls as it tells of them, put together from many messages by their id.

Owns what is known of each call, and the checks of what was told against what was allowed.
Decides nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agentwatch.channels.rpc import Malformed
from agentwatch.model import Json

KEPT = 2000
"""Calls that are remembered; the oldest go first."""
KEPT_BYTES = 64 * 1024 * 1024
"""What was told of them, about; of one that is forgotten and goes on, it is an alarm."""

RUNNING = "in_progress"
DONE = frozenset({"completed", "failed"})

TOLD = ("title", "kind", "status", "content", "locations", "rawInput", "name")
"""Members of a call that a later message may replace."""


@dataclass(slots=True)
class Call:
    """One tool call, as last told."""

    id: str
    told: Json = field(default_factory=dict)
    asked: bool = False
    """Whether permission was asked for it."""
    allowed: Json | None = None
    """What it was told to be when it was allowed."""
    denied: bool = False
    steps: bool = False
    """Whether it only keeps the agent's own list of steps, by what its program tells of it."""
    reported: bool = False
    """Whether an alarm was given about it."""

    def text(self, name: str) -> str:
        """A member that should be a text, empty where it is none."""
        value = self.told.get(name)
        return value if isinstance(value, str) else ""

    @property
    def given(self) -> Json | None:
        """The tool's arguments as the agent gave them, None where it did not."""
        value = self.told.get("rawInput")
        return value if isinstance(value, dict) and value else None

    @property
    def over(self) -> bool:
        """Whether the agent says that it has ended."""
        return self.text("status") in DONE

    def hear(self, update: Mapping[str, Any]) -> None:
        """Take in a further message about it."""
        for name in TOLD:
            if update.get(name) is not None:
                self.told[name] = update[name]


class Calls:
    """The calls of one session, by their id."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, Call] = OrderedDict()
        self._weights: dict[str, int] = {}
        self._weight = 0

    def hear(self, update: Mapping[str, Any]) -> Call:
        """The call that a message is about, with what the message says; raises Malformed."""
        number = update.get("toolCallId")
        if not isinstance(number, str) or not number:
            raise Malformed("a tool call has no toolCallId")
        call = self._calls.setdefault(number, Call(number))
        call.hear(update)
        weight = len(str(update))
        self._weights[number] = self._weights.get(number, 0) + weight
        self._weight += weight
        while len(self._calls) > KEPT or self._weight > KEPT_BYTES:
            gone, _ = self._calls.popitem(last=False)
            self._weight -= self._weights.pop(gone)
        return call

    def open(self) -> list[Call]:
        """Those that began and were not told to have ended."""
        return [call for call in self._calls.values() if call.text("status") == RUNNING]

    def find(self, number: str) -> Call | None:
        """A call by its id."""
        return self._calls.get(number)
