"""What a drill leaves for an auditor: one file, written for good, readable by its owner alone.

Owns its shape and the table that people read.  Never improves on what was measured: an exercise
that broke or was interrupted is in it as such.
"""

from __future__ import annotations

import getpass
import json
import os
import platform
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agentwatch import __version__
from agentwatch.containment.base import Means, write_private
from agentwatch.drill.exercise import Exercise
from agentwatch.drill.runaway import WHAT
from agentwatch.errors import AgentwatchError
from agentwatch.model import Json
from agentwatch.paths import state_base

SCENARIO = (
    "In a throw-away session of its own for each trigger, an agent starts every runaway listed; "
    "the trigger is pulled; an observer outside the containment counts who is left."
)


@dataclass(slots=True)
class Drill:
    """One drill, growing by one exercise after the other."""

    means: Means
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    exercises: list[Exercise] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """Exercises that could not be carried out, in words."""

    @property
    def survivors(self) -> int:
        """How many processes were left, of all exercises."""
        return sum(one.survivors for one in self.exercises)

    @property
    def verdict(self) -> str:
        """The one word."""
        if self.survivors:
            return "survivors"
        return "incomplete" if self.broken or not self.exercises else "passed"

    def to_json(self) -> Json:
        """The file."""
        now = datetime.now(UTC)
        return {
            "v": 1,
            "what": "fire drill of the kill switch",
            "scenario": SCENARIO,
            "verdict": self.verdict,
            "survivors": self.survivors,
            "operator": {"user": _user(), "uid": os.getuid()},
            "host": socket.gethostname(),
            "began": self.began.isoformat(),
            "ended": now.isoformat(),
            "seconds": round((now - self.began).total_seconds(), 3),
            "containment": {
                "means": self.means.name,
                "grade": self.means.grade.value,
                "cannot": list(self.means.cannot),
            },
            "versions": {
                "agentwatch": __version__,
                "python": platform.python_version(),
                "kernel": f"{platform.system()} {platform.release()} {platform.version()}",
            },
            "runaways": WHAT,
            "exercises": [one.to_json() for one in self.exercises],
            "not_carried_out": list(self.broken),
        }

    def keep(self) -> Path:
        """Write the file; raises AgentwatchError where it cannot be written."""
        folder = state_base() / "drills"
        path = folder / f"{self.began:%Y%m%dT%H%M%S.%fZ}.json"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, json.dumps(self.to_json(), indent=2).encode() + b"\n")
        except OSError as error:
            raise AgentwatchError(
                f"the drill's evidence cannot be written to {path}: {error.strerror}"
            ) from error
        return path

    def rows(self) -> Iterable[list[str]]:
        """The table for people."""
        for one in self.exercises:
            for count in one.counts:
                ms = "alive" if count.ms is None else f"{count.ms:.1f}"
                yield [one.road, count.runaway, str(count.before), str(count.survivors), ms]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
