"""The record of a session as rows of the log: which entries are shown, found and how drawn.

Owns the choice and the drawing.  Reads through `journal.Window`, a page at a time, so that a long
session is never in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from rich.text import Text

from agentwatch.journal import Entry, JournalError, Placed, Stretch, Window
from agentwatch.journal.record import decode
from agentwatch.model import ActionState, Evidence
from agentwatch.reporting import Theirs, told
from agentwatch.tui.cards import summary
from agentwatch.tui.lines import Line
from agentwatch.tui.text import Role, agent_text, our_text
from agentwatch.tui.watched import Seen, search_text
from agentwatch.visible import clock

PAGE: Final = 200
"""Entries of one page."""

AHEAD: Final = 1024 * 1024
"""Bytes after a page that are looked through for what was found of its actions later."""

QUIET: Final = frozenset({"passed", "evidence", "sealed", "coverage", "recording"})
"""Entries that are not rows."""

ACTIONS: Final = frozenset({"proposed", "decided"})

STATE = {
    ActionState.PENDING: ("waits  ", Role.ACCENT),
    ActionState.ALLOWED: ("ALLOWED", Role.GOOD),
    ActionState.DENIED: ("DENIED ", Role.DANGER),
}

ROLES = {"alarm": Role.DANGER, "kill": Role.DANGER, "frozen": Role.WARN, "refused": Role.WARN}


class Stopped(Exception):
    """Nobody waits for this search any more."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Which entries are wanted: those with a text in what is shown of them."""

    text: str = ""
    """Casefolded; empty for every entry."""
    waiting: frozenset[str] = frozenset()
    """Actions that wait: their questions are rows, those of the others are their answers."""

    def wants(self, kind: str, line: bytes) -> bool:
        """Whether a line of the journal is a row."""
        if kind in QUIET or (kind == "proposed" and not self._waits(line)):
            return False
        if not self.text:
            return True
        plain = self.text.isascii() and not set(self.text) & set('"\\')
        if kind in ACTIONS and plain and self.text.encode() not in line.lower():
            return False
        try:
            return self.text in text_of(decode(line, "a line"))
        except JournalError:
            return False

    def _waits(self, line: bytes) -> bool:
        return any(f'"id":"{name}"'.encode() in line for name in self.waiting)


def text_of(entry: Entry) -> str:
    """Everything that a row shows, and what the card would, for a search."""
    words = "".join(part.text if isinstance(part, Theirs) else part for part in told(entry))
    if (seen := action_of(entry)) is not None:
        words = f"{seen.action.state} {search_text(seen)}\n{words}"
    return f"{entry.type} {words}".casefold()


def action_of(entry: Entry) -> Seen | None:
    """The action that an entry is about; None for any other entry."""
    if entry.type not in ACTIONS:
        return None
    try:
        return Seen.read(entry.data)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def found_later(window: Window, page: Stretch) -> dict[str, str]:
    """What was found afterwards of the page's actions, by their ids."""
    names = {str(item.entry.data.get("id")) for item in page.records}
    most = page.end - page.start + AHEAD
    later = window.after(page.start, 5 * PAGE, lambda kind, _: kind == "evidence", most)
    said = [item.entry.data for item in later.records]
    pairs = [(str(data.get("action")), str(data.get("evidence"))) for data in said]
    return {name: what for name, what in pairs if name in names}


def row(placed: Placed, later: Mapping[str, str]) -> Line:
    """An entry of the journal in one line."""
    entry = placed.entry
    seen = action_of(entry)
    if seen is not None:
        evidence = later.get(seen.id)
        if evidence in set(Evidence):
            seen = replace(seen, action=replace(seen.action, evidence=Evidence(evidence)))
        return action_line(seen, entry.t / 1000)
    drawn = _clock(entry.t // 1000)
    role = ROLES.get(entry.type, Role.LABEL)
    drawn.append_text(agent_text(entry.type.upper().ljust(8), role=role))
    for part in told(entry):
        drawn.append_text(agent_text(part.text) if isinstance(part, Theirs) else our_text(part))
    return Line(drawn, " ", "   ")


def action_line(seen: Seen, at: float | None = None) -> Line:
    """An action in one line, with the time of its record, or else when it was seen."""
    word, role = STATE[seen.action.state]
    drawn = _clock(seen.action.seen_at if at is None else at).append(f"{word} ", role)
    drawn.append(f"{seen.action.proposal.kind.value:<10} ", Role.LABEL).append_text(summary(seen))
    if (evidence := seen.action.evidence) is not None:
        striking = evidence is Evidence.UNDECLARED
        word = evidence.value.upper() if striking else evidence.value
        drawn.append(f"  {word}", Role.WARN if striking else Role.LABEL)
    if (decision := seen.action.decision) is not None:
        drawn.append("  ").append_text(agent_text(f"{decision.by}: {decision.why}", role=Role.DIM))
    return Line(drawn, " ", "   ")


def _clock(at: float) -> Text:
    return our_text("").append(f"{clock(at)} ", Role.DIM)
