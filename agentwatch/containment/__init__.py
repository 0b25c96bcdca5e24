"""Containing an agent so that one kill reaches everything it started.

Owns the choice of means and the way from a record to the means that wrote it.  Each means is
tried, never guessed from settings.  Never decides whether to kill.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from agentwatch.containment.base import (
    COOKIE,
    LEASE_FREEZE,
    LEASE_KILL,
    Blow,
    Finding,
    Launch,
    Means,
    Proc,
    Record,
    Running,
    Unavailable,
)
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Grade

__all__ = [
    "COOKIE",
    "LEASE_FREEZE",
    "LEASE_KILL",
    "MEANS",
    "Blow",
    "Finding",
    "Launch",
    "Means",
    "Proc",
    "Record",
    "Running",
    "best",
    "contains",
    "freeze",
    "kill",
    "members",
    "start",
    "start_best",
    "survey",
    "thaw",
]

MEANS = ("pidns", "subreaper", "portable")
"""Strongest first; the last one works everywhere."""


def _module(name: str) -> ModuleType:
    """The file of one means, loaded only when it is needed."""
    if name not in MEANS:
        raise AgentwatchError(
            f"there is no containment called {name!r}", f"use one of {', '.join(MEANS)}"
        )
    return importlib.import_module(f"agentwatch.containment.{name}")


def best(require: Grade | None = None, forced: str | None = None) -> Means:
    """The strongest means that works here and now, by trying; raises AgentwatchError."""
    reasons = []
    for name in (forced,) if forced else MEANS:
        try:
            found: Means = _module(name).probe()
        except Unavailable as error:
            reasons.append(f"{name}: {error.what}")
            continue
        if require is None or found.grade <= require:
            return found
        reasons.append(f"{name}: only grade {found.grade}")
    raise _none(require, reasons)


def _none(require: Grade | None, reasons: list[str]) -> AgentwatchError:
    """Nothing works here that would be good enough."""
    wanted = f"of grade {require} " if require else ""
    return AgentwatchError(
        f"no containment {wanted}works here ({'; '.join(reasons)})",
        "`agentwatch doctor` says what is missing and how to get it",
        ExitCode.FAILED,
    )


def survey() -> list[Finding]:
    """Every means, tried: what it gives here, or why not and what would help."""
    from agentwatch.containment import refusals  # noqa: PLC0415  # a kill does not need it

    findings = []
    for name in MEANS:
        module = _module(name)
        means: Means = module.MEANS
        try:
            means = module.probe()
            why_not = ""
        except Unavailable as error:
            why_not = error.what
        remedy = (refusals.remedy(name) or module.REMEDY) if why_not else ""
        findings.append(Finding(name, means.grade, not why_not, why_not, remedy, means.cannot))
    return findings


def start(means: Means, launch: Launch) -> Running:
    """Write the record, then start the agent; raises AgentwatchError (125, 126, 127)."""
    running: Running = _module(means.name).start(means, launch)
    return running


def start_best(launch: Launch, require: Grade | None = None, forced: str | None = None) -> Running:
    """Start with the strongest means that works, found out by starting: no trial before it.

    Raises AgentwatchError (125, 126, 127); what fails for the command itself is not tried again.
    """
    reasons = []
    for name in (forced,) if forced else MEANS:
        for means in _module(name).LADDER:
            if require is not None and means.grade > require:
                reasons.append(f"{name}: only grade {means.grade}")
                continue
            try:
                return start(means, launch)
            except Unavailable as error:
                reasons.append(f"{name}: {error.what}")
    raise _none(require, reasons)


def members(record: Record) -> tuple[Proc, ...]:
    """Who is alive inside, our own helpers apart; works from any process."""
    found: tuple[Proc, ...] = _module(record.means).members(record)
    return found


def contains(record: Record, pid: int) -> bool:
    """Whether a pid is inside; what can't be read or shown counts as inside."""
    return bool(_module(record.means).contains(record, pid))


def freeze(record: Record) -> None:
    """Stop everything inside; idempotent.  Raises AgentwatchError when it does not stand still."""
    _module(record.means).freeze(record)


def thaw(record: Record) -> None:
    """Continue everything inside; idempotent.  Raises AgentwatchError when it stays frozen."""
    _module(record.means).thaw(record)


def kill(record: Record, until: float) -> Blow:
    """Kill everything inside, waiting for proof until the monotonic clock says `until`."""
    blow: Blow = _module(record.means).kill(record, until)
    return blow
