"""Recent actions and alarms, oldest first.

Owns the asking for them and their one-line form.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, ClassVar

from rich.text import Text

from agentwatch.errors import AgentwatchError
from agentwatch.model import ActionState, Evidence
from agentwatch.tui.cards import summary
from agentwatch.tui.lines import Line, sentence
from agentwatch.tui.screens.reading import ReadingScreen
from agentwatch.tui.text import Role, agent_text, our_text
from agentwatch.tui.watched import Alarm, Seen

LAST = 200

STATE = {
    ActionState.PENDING: ("waits  ", Role.ACCENT),
    ActionState.ALLOWED: ("ALLOWED", Role.GOOD),
    ActionState.DENIED: ("DENIED ", Role.DANGER),
}


class LogScreen(ReadingScreen):
    """What was proposed and decided lately."""

    heading: ClassVar[str] = "Recent actions"

    def on_mount(self) -> None:
        """Ask, then draw."""
        super().on_mount()
        self.show_lines([sentence("Asking the supervisor…", Role.DIM)])
        self.run_worker(self._fill(), exit_on_error=False)

    async def _fill(self) -> None:
        alarms = self.watch_app.watched.alarms
        try:
            raw = await self.watch_app.link.call("actions", last=LAST)
        except AgentwatchError as error:
            failed = our_text("The supervisor does not answer: ", Role.DANGER)
            lines = [Line(failed.append_text(agent_text(error.what))), *log_lines([], alarms)]
        else:
            lines = log_lines(raw, alarms)
        self.show_lines(lines or [sentence("Nothing was proposed yet.", Role.DIM)])


def log_lines(raw: Sequence[Any], alarms: Sequence[Alarm]) -> list[Line]:
    """Actions and alarms by time."""
    rows: list[tuple[float, Line]] = [(alarm.at, _alarm_line(alarm)) for alarm in alarms]
    for item in raw:
        try:
            seen = Seen.read(item)
        except (KeyError, TypeError, ValueError):
            rows.append((0, sentence("A record that cannot be read.", Role.DANGER)))
            continue
        rows.append((seen.action.seen_at, _action_line(seen)))
    return [line for _, line in sorted(rows, key=lambda row: row[0])]


def _action_line(seen: Seen) -> Line:
    word, role = STATE[seen.action.state]
    row = _clock(seen.action.seen_at).append(f"{word} ", role)
    row.append(f"{seen.action.proposal.kind.value:<10} ", Role.LABEL).append_text(summary(seen))
    if (evidence := seen.action.evidence) is not None:
        striking = evidence is Evidence.UNDECLARED
        word = evidence.value.upper() if striking else evidence.value
        row.append(f"  {word}", Role.WARN if striking else Role.LABEL)
    if (decision := seen.action.decision) is not None:
        row.append("  ").append_text(agent_text(f"{decision.by}: {decision.why}", role=Role.DIM))
    return Line(row, " ", "   ")


def _alarm_line(alarm: Alarm) -> Line:
    row = _clock(alarm.at).append("ALARM   ", Role.DANGER)
    return Line(row.append_text(agent_text(alarm.text, role="")), " ", "   ")


def _clock(at: float) -> Text:
    return our_text(f"{time.strftime('%H:%M:%S', time.localtime(at))} ", Role.DIM)
