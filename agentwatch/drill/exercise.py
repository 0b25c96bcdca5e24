"""One exercise: a throw-away session full of runaways, one road to the kill, one count.

Owns the order of it and the clearing up, which also happens when the exercise breaks or a person
interrupts it.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agentwatch import kill
from agentwatch.containment import Proc, Record, proc
from agentwatch.drill import runaway
from agentwatch.drill.ledger import Ledgers
from agentwatch.drill.roads import Road, Target
from agentwatch.errors import AgentwatchError
from agentwatch.model import Json, Survivor
from agentwatch.paths import Places

LONGEST = 15.0
"""Seconds from the trigger until an exercise counts what is left, whatever else happens."""

UNNAMED = "other"
"""Survivors that hold no ledger any more: known by their number, or by the session's cookie."""


class Stage(Protocol):
    """What a drill needs of the program around it."""

    def prepare(self, argv: Sequence[str]) -> Places:
        """Choose a session for a command; nothing is started."""

    def launch(self, places: Places) -> None:
        """Start it."""

    def target(self, places: Places, record: Record) -> Target:
        """How it is killed."""


@dataclass(frozen=True, slots=True)
class Count:
    """One runaway in one exercise."""

    runaway: str
    before: int
    left: tuple[Survivor, ...]
    alive: bool
    """Whether any of it lives; one that hops may live without being named."""
    ms: float | None
    """From the trigger to the death of its last process; None where it lives."""

    def to_json(self) -> Json:
        """The shape in the evidence."""
        return {
            "runaway": self.runaway,
            "before": self.before,
            "left": self.survivors,
            "survivors": [
                {"pid": one.pid, "started": one.started, "command": one.command}
                for one in self.left
            ],
            "ms": self.ms,
        }

    @property
    def survivors(self) -> int:
        """How many are left, one at least of what lives."""
        return max(len(self.left), int(self.alive))


@dataclass(frozen=True, slots=True)
class Exercise:
    """What one exercise measured."""

    road: str
    what: str
    session: str
    means: str
    grade: str
    at: float
    """Seconds since the epoch, when the trigger was pulled."""
    counts: tuple[Count, ...]
    receipt: Json | None
    """What the kill itself reported; kept beside our own count, not used for it."""

    @property
    def survivors(self) -> int:
        """How many processes are left."""
        return sum(count.survivors for count in self.counts)

    def to_json(self) -> Json:
        """The shape in the evidence."""
        return {
            "trigger": self.road,
            "what": self.what,
            "session": self.session,
            "containment": {"means": self.means, "grade": self.grade},
            "triggered_at": self.at,
            "survivors": self.survivors,
            "runaways": [count.to_json() for count in self.counts],
            "receipt": self.receipt,
        }


def exercise(kind: type[Road], stage: Stage) -> Exercise:
    """Start the runaways, kill them along one road, count; raises AgentwatchError."""
    ledgers = Ledgers()
    places = stage.prepare(_agent(ledgers.folder))
    try:
        stage.launch(places)
        ledgers.wait_until_up()
        record = Record.read(places.containment)
        with contextlib.closing(kind(stage.target(places, record))) as road:
            road.prepare()
            return _measure(road, record, ledgers, places)
    finally:
        _clear(places, ledgers)


def _agent(folder: Path) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", str(Path(runaway.__file__)), str(folder))


def _measure(road: Road, record: Record, ledgers: Ledgers, places: Places) -> Exercise:
    """Count, pull the trigger, watch them die, count again."""
    before = ledgers.holders()
    at, began = time.time(), time.monotonic()
    road.pull()
    _watch(road, ledgers, began)
    left = _look_again(record, ledgers, before)
    counts = [
        Count(
            name,
            max(1, len(before[name])),  # it has not ended, so somebody holds it
            left.get(name, ()),
            name not in ledgers.ended,
            round((ledgers.ended[name] - began) * 1000, 1) if name in ledgers.ended else None,
        )
        for name in ledgers.names
    ]
    if left.get(UNNAMED):
        counts.append(Count(UNNAMED, 0, left[UNNAMED], alive=True, ms=None))
    road.close()
    return Exercise(
        road=road.name,
        what=road.what,
        session=record.session,
        means=record.means,
        grade=record.grade,
        at=at,
        counts=tuple(counts),
        receipt=_receipt(places),
    )


def _watch(road: Road, ledgers: Ledgers, began: float) -> None:
    """Until all are dead, or the road is at its end and nobody dies any more."""
    over_at = None
    while not ledgers.over:
        ledgers.listen(0.01)
        now = time.monotonic()
        if over_at is None and road.over():
            over_at = now
        waited = over_at is not None and now - over_at > road.patience
        if waited or now - began > LONGEST:
            return


def _look_again(
    record: Record, ledgers: Ledgers, before: dict[str, tuple[Proc, ...]]
) -> dict[str, tuple[Survivor, ...]]:
    """Who is left by three marks: what it holds, its number and start time, the cookie."""
    holders = ledgers.holders() if not ledgers.over else {}
    known = {one for each in before.values() for one in each}
    until = time.monotonic() + 1
    while lingering := {one for one in known if proc.alive(one)}:
        if not ledgers.over or time.monotonic() > until:  # the dying close their files first
            break
        time.sleep(0.002)
    marked = set(proc.carriers(record.cookie, helpers(record)))
    named = {one for each in holders.values() for one in each}
    for one in (lingering | marked) - named:
        name = ledgers.held_by(one.pid) or UNNAMED  # one that hops is a new process each look
        if proc.alive(one):
            holders[name] = (*holders.get(name, ()), one)
    return {name: tuple(map(_survivor, each)) for name, each in holders.items()}


def _survivor(one: Proc) -> Survivor:
    return Survivor(one.pid, one.started, proc.command(one.pid))


def _receipt(places: Places) -> Json | None:
    try:
        found = json.loads(places.receipt.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _clear(places: Places, ledgers: Ledgers) -> None:
    """Leave nothing: no runaway, no supervisor, no folder."""
    try:
        _end(places)
        ledgers.sweep()
    finally:
        ledgers.close()
        shutil.rmtree(places.runtime, ignore_errors=True)
        shutil.rmtree(places.state, ignore_errors=True)


def _end(places: Places) -> None:
    """End the session; one that was interrupted while it started has no record for a moment."""
    kill.shut(places.closed)
    until = time.monotonic() + 5
    while places.runtime.exists() and time.monotonic() < until:
        try:
            record = Record.read(places.containment)
            kill.kill(places, trigger="drill", by="drill")
        except AgentwatchError:
            time.sleep(0.02)
            continue
        proc.send(record.supervisor, signal.SIGKILL)
        while any(map(proc.alive, helpers(record))) and time.monotonic() < until:
            time.sleep(0.002)  # until then it may write into the folders that are about to go
        return


def helpers(record: Record) -> tuple[Proc, ...]:
    """Every process of ours around the agent's."""
    return (record.supervisor, *record.helpers, *([record.root] if record.root else []))
