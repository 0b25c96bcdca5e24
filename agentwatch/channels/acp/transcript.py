"""The conversation as it is shown: who said what, which tools were used, what the plan is.

Owns its entries, bounded in number and in size, and the news about each change for whoever
watches.  Everything an agent says is kept as it came; making it safe to draw is the screen's part.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from agentwatch.model import Json

ENTRIES = 2000
SIZE = 2 * 1024 * 1024
"""Characters kept; the oldest entries go first."""
LONGEST = 256 * 1024
"""Characters of one entry; what is cut is said."""
CUT = "\n(cut here: it is longer than is kept)"


class Kind(StrEnum):
    """What an entry is."""

    PERSON = "person"
    AGENT = "agent"
    THOUGHT = "thought"
    TOOL = "tool"
    PLAN = "plan"
    NOTE = "note"
    """Ours."""
    TURN = "turn"
    """The end of the agent's turn, and why."""


Tell = Callable[[Json], None]


class Transcript:
    """What was said, oldest first."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._entries: OrderedDict[int, Json] = OrderedDict()
        self._size = 0
        self._next = 1
        self._named: dict[str, int] = {}
        """Entries that a later message replaces: tools and the plan."""

    def to_json(self) -> list[Json]:
        """Every entry that is kept."""
        return list(self._entries.values())

    def add(self, kind: Kind, text: str, **more: Any) -> Json:
        """A new entry."""
        entry: Json = {"n": self._next, "kind": kind.value, "text": _bounded(text), **more}
        self._entries[self._next] = entry
        self._next += 1
        self._size += len(entry["text"])
        self._forget()
        self._tell({"event": "said", "entry": entry})
        return entry

    def stream(self, kind: Kind, text: str, message: Any = None) -> None:
        """A piece of what is being said: goes on with the last entry where that is the same."""
        last = next(reversed(self._entries.values()), None)
        same = last is not None and last["kind"] == kind and last.get("message") == message
        if last is None or not same:
            self.add(kind, text, **({"message": message} if isinstance(message, str) else {}))
            return
        room = LONGEST - len(last["text"])
        if room <= 0:
            return
        piece = text if len(text) <= room else text[:room] + CUT
        last["text"] += piece
        self._size += len(piece)
        self._forget()
        self._tell({"event": "said", "n": last["n"], "more": piece})

    def put(self, name: str, kind: Kind, text: str, **more: Any) -> None:
        """An entry that replaces the one of the same name, where it is still kept."""
        number = self._named.get(name)
        entry = self._entries.get(number) if number is not None else None
        if entry is None:
            self._named[name] = self.add(kind, text, **more)["n"]
            return
        new = {**entry, "text": _bounded(text), **more}
        if new != entry:
            self._size += len(new["text"]) - len(entry["text"])
            self._entries[entry["n"]] = new
            self._tell({"event": "said", "entry": new})

    def _forget(self) -> None:
        while len(self._entries) > ENTRIES or (self._size > SIZE and len(self._entries) > 1):
            number, entry = self._entries.popitem(last=False)
            self._size -= len(entry["text"])
            self._named = {name: at for name, at in self._named.items() if at != number}


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + CUT
