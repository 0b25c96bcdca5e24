"""The conversation with an ACP agent as this client knows it, and how it reads.

Owns the entries and their lines.  What an agent says goes through `agent_text`; what kind of
entry it is, is ours to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from agentwatch.model import Json
from agentwatch.tui.length import cost
from agentwatch.tui.lines import Line, block
from agentwatch.tui.text import Role, agent_text, our_text

KEPT = 2000
SHOWN = 60_000
"""Characters of the newest entries that are drawn; the record has the rest."""

DEAR = 10
"""How much longer than a letter what is drawn may take, on the average."""
MUCH = 10**15
"""More than an agent can have used of anything."""
NAMES = 100
"""Characters of a word of the protocol's that an agent fills in."""

STATES = {
    "starting": "the agent is starting",
    "ready": "the agent listens",
    "working": "the agent works",
    "stuck": "the agent cannot be spoken to",
    "over": "the conversation is over",
    "elsewhere": "the agent is spoken with in the editor",
}
_STATUS = {"completed": Role.GOOD, "failed": Role.DANGER, "denied": Role.DANGER}
_LOOK = {"thought": ("~ ", Role.DIM), "note": ("! ", Role.WARN)}


@dataclass(slots=True)
class Talk:
    """What was said, oldest first."""

    entries: dict[int, Json] = field(default_factory=dict)
    state: str = "starting"
    mode: str = ""
    usage: Json = field(default_factory=dict)
    version: int = 0
    """Grows with every change."""

    @classmethod
    def read(cls, raw: Any) -> Self | None:
        """What the supervisor knows of it; None where there is no conversation."""
        if not isinstance(raw, dict):
            return None
        found = cls()
        found.entries = {int(item["n"]): dict(item) for item in raw["entries"]}
        found._take(raw)
        return found

    def hear(self, event: Json) -> None:
        """Take in one event; raises where it makes no sense."""
        self.version += 1
        if event["event"] == "spoken":
            self._take(event)
        elif (entry := event.get("entry")) is not None:
            self.entries[int(entry["n"])] = dict(entry)
            while len(self.entries) > KEPT:
                del self.entries[next(iter(self.entries))]
        elif (known := self.entries.get(event.get("n", 0))) is not None:
            known["text"] += event["more"]

    def words(self) -> str:
        """How it stands, in one line."""
        said = STATES.get(self.state, self.state)
        parts = [said, *([f"mode {self.mode[:NAMES]}"] if self.mode else []), *self._used()]
        return " · ".join(parts)

    def lines(self, room: int = SHOWN) -> list[Line]:
        """The newest entries as they are drawn."""
        chosen: list[Json] = []
        for entry in reversed(self.entries.values()):
            if room <= 0:
                break
            text = entry["text"][-room:]
            if (work := cost(text)) > DEAR * room:
                text = text[-(len(text) * DEAR * room // work) :]
            chosen.append(entry if len(text) == len(entry["text"]) else {**entry, "text": text})
            room -= max(len(text), work // DEAR)
        return [line for entry in reversed(chosen) for line in _lines(entry)]

    def _take(self, raw: Json) -> None:
        self.version += 1
        self.state = str(raw.get("state") or self.state)
        self.mode = str(raw.get("mode") or "")
        usage = raw.get("usage")
        self.usage = usage if isinstance(usage, dict) else {}

    def _used(self) -> Iterator[str]:
        used, size = self.usage.get("used"), self.usage.get("size")
        if isinstance(used, int) and isinstance(size, int) and 0 <= used <= MUCH and size > 0:
            yield f"{100 * used // size} % of its context used"
        paid: Any = self.usage.get("cost")
        amount = paid.get("amount") if isinstance(paid, dict) else None
        if isinstance(amount, int | float) and abs(amount) < MUCH:
            yield f"{amount:.2f} {paid.get('currency') or ''}"[:NAMES].strip()


def _lines(entry: Json) -> list[Line]:
    """One entry's lines."""
    kind, text = entry["kind"], str(entry["text"])
    if kind == "tool":
        return [_tool(entry, text)]
    if kind == "turn":
        said = "" if text == "end_turn" else f" ({text})"
        return [Line(our_text("── its turn ends").append_text(agent_text(said)), role=Role.DIM)]
    if kind == "person":
        return block(agent_text(text, newlines=True), "you ", "    ", Role.ACCENT, words=True)
    if kind == "plan":
        return block(agent_text(text, newlines=True), "plan ", "     ", Role.HEADING, words=True)
    gutter, role = _LOOK.get(kind, ("", Role.AGENT))
    shown = agent_text(text, newlines=True, role=role)
    return block(shown, gutter, " " * len(gutter), role, words=True)


def _tool(entry: Json, title: str) -> Line:
    """A tool call: what it calls itself, and how it went."""
    status = str(entry.get("status") or "told")[:NAMES].replace("_", " ")
    name = str(entry.get("tool") or "tool")[:NAMES]
    row = our_text("").append_text(agent_text(name, role=Role.LABEL))
    row.append("  ").append_text(agent_text(f"“{title}”"))
    row.append("  ").append_text(agent_text(status, role=_STATUS.get(status, Role.DIM)))
    return Line(row, "  • ", "    ", Role.DIM)
