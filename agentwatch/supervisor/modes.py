"""The mode of one session: what happens to what no rule names, changed while the agent works.

Owns the mode as it is now and the order of a change: recorded, heard by whoever judges elsewhere,
then in force.  What waits when the mode changes goes on waiting for a person: a stricter mode
releases nothing, and a looser one leaves what was asked to whoever was asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json, Mode, Verdict
from agentwatch.policy import LOCKED, Judgement
from agentwatch.supervisor.config import Config


class Modes:
    """The mode of one session."""

    def __init__(self, config: Config, record: Callable[[str, Json], object]) -> None:
        self.now = Mode.WATCH if config.ungated else config.mode
        self._ungated = config.ungated
        self._record = record
        self.elsewhere: Callable[[Mode, Mode], None] = lambda *_: None
        """Tells whoever judges in another process of a change from one mode to another, and
        returns once it is so there; raises AgentwatchError."""

    def change(self, mode: Mode, by: str) -> None:
        """Enter a mode; raises AgentwatchError where it is not in force afterwards."""
        before = self.now
        if self._ungated:
            raise AgentwatchError(
                "nothing of this session is asked, so it has no mode",
                "end it, and start it without --ungated",
                ExitCode.NO,
            )
        if mode is before:
            return
        self._record("mode", {"from": before.value, "to": mode.value, "by": by})
        if before.looser_than(mode):
            self.now = mode  # whatever comes of the rest: here it counts from now on
        self.elsewhere(before, mode)
        self.now = mode


def moded(judgement: Judgement, mode: Mode) -> Judgement:
    """What a mode makes of what would be asked, after the rules and before the grants."""
    if judgement.verdict is not None or mode is not Mode.LOCKED:
        return judgement
    reasons = (*judgement.reasons, LOCKED)
    return replace(judgement, verdict=Verdict.DENY, reasons=reasons)
