"""Which entries of the record are wanted.

Owns the filters of `agentwatch log` and the reading of times.  An entry that is not about an action
has no kind, state or origin, and is left out where one is asked for.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.journal import Entry
from agentwatch.model import ActionState, Kind, Origin

_AGO = re.compile(r"(\d{1,9})([smhd])")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an entry must be; an empty field asks for nothing."""

    types: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    since: float | None = None
    """Seconds since the epoch."""
    until: float | None = None
    action: str = ""
    text: str = ""

    def __call__(self, entry: Entry) -> bool:
        """Whether it is wanted."""
        data = entry.data
        return (
            (not self.types or entry.type in self.types)
            and _among(data.get("kind"), self.kinds)
            and _among(data.get("state"), self.states)
            and _among(data.get("origin"), self.origins)
            and (self.since is None or entry.t >= self.since * 1000)
            and (self.until is None or entry.t <= self.until * 1000)
            and (not self.action or self._about(entry))
            and (not self.text or self.text.casefold() in _said(data).casefold())
        )

    def _about(self, entry: Entry) -> bool:
        names = (entry.data.get("id"), entry.data.get("action"))
        return any(isinstance(name, str) and name.startswith(self.action) for name in names)


def options(command: Callable[..., int]) -> Callable[..., int]:
    """The filters, as options of a command that takes them as keywords."""
    for option in (
        click.option("--text", default="", help="Only entries that hold this text."),
        click.option("--action", default="", metavar="ID", help="Only what is about this action."),
        click.option("--until", metavar="TIME", help="Only entries up to then."),
        click.option(
            "--since",
            metavar="TIME",
            help="Only entries from then on: 10m, 2h, 14:30 or 2026-11-21T14:30.",
        ),
        click.option(
            "--origin", multiple=True, type=_choice(Origin), help="Only actions known so."
        ),
        click.option(
            "--state", multiple=True, type=_choice(ActionState), help="Only actions so far."
        ),
        click.option(
            "--kind", multiple=True, type=_choice(Kind), help="Only actions of this kind."
        ),
        click.option("--type", "types", multiple=True, help="Only entries of this type."),
    ):
        command = option(command)
    return command


def wanted(
    types: tuple[str, ...],
    kind: tuple[str, ...],
    state: tuple[str, ...],
    origin: tuple[str, ...],
    since: str | None,
    until: str | None,
    action: str,
    text: str,
) -> Wanted:
    """From the options' words; raises AgentwatchError for what is no time."""
    return Wanted(
        frozenset(types),
        frozenset(kind),
        frozenset(state),
        frozenset(origin),
        moment(since) if since else None,
        moment(until) if until else None,
        action,
        text,
    )


def moment(text: str, now: float | None = None) -> float:
    """Seconds since the epoch: so long ago, a time of today, or a date with or without a time."""
    now = time.time() if now is None else now
    if found := _AGO.fullmatch(text):
        return now - int(found[1]) * _SECONDS[found[2]]
    try:
        if _CLOCK.fullmatch(text):
            today = datetime.fromtimestamp(now).astimezone().date().isoformat()
            text = f"{today}T{text.zfill(len('00:00:00') if text.count(':') > 1 else 5)}"
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError) as error:
        raise AgentwatchError(
            f"{text!r} is no time", "write 10m, 2h, 14:30 or 2026-11-21T14:30", ExitCode.USAGE
        ) from error


def _choice(words: Any) -> click.Choice[str]:
    return click.Choice([word.value for word in words])


def _among(value: object, names: frozenset[str]) -> bool:
    return not names or (isinstance(value, str) and value in names)


def _said(data: object) -> str:
    return json.dumps(data, ensure_ascii=False)
