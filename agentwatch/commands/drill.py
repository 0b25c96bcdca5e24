"""`agentwatch drill`: start real runaways, kill them along every road, print what was measured.

Owns the printing and the sessions the drill uses: ordinary ones, started as `run` starts them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

import click

from agentwatch import containment, drill, guard, halt, ourselves
from agentwatch.commands.output import document, json_option, say, table, visible
from agentwatch.commands.run import configure, launch
from agentwatch.containment import Record
from agentwatch.drill import Drill, Target
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.paths import Places
from agentwatch.supervisor.config import Config

HEADS = ["TRIGGER", "RUNAWAY", "BEFORE", "LEFT", "MS"]


@click.command(epilog="\b\nExample:\n  agentwatch drill\n  agentwatch drill --json")
@click.option("--containment", "forced", help="Try this means instead of the strongest.")
@json_option
def command(forced: str | None, as_json: bool) -> int:
    """Fire drill: real runaways, really killed."""
    halt.refuse()
    _unwind_once()
    held = Drill(containment.best(forced=forced))
    stage = _Stage(forced)
    try:
        for road in drill.ROADS:
            if not as_json:
                say(f"{road.name}: {road.what} …")
            try:
                held.exercises.append(drill.exercise(road, stage))
            except AgentwatchError as error:
                held.broken.append(f"{road.name}: {error.what}")
    except BaseException as error:
        held.broken.append(f"interrupted: {type(error).__name__}")
        say(f"interrupted; evidence: {held.keep()}")
        raise
    path = held.keep()
    if as_json:
        document({**held.to_json(), "evidence": str(path)})
    else:
        _tell(held, path)
    return int(ExitCode.OK if held.verdict == "passed" else ExitCode.NO)


class _Stage:
    """Sessions as `run` starts them, ungated: nothing is asked, everything is killed."""

    def __init__(self, forced: str | None) -> None:
        self._forced = forced
        self._configs: dict[str, Config] = {}

    def prepare(self, argv: Sequence[str]) -> Places:
        """Choose a session for a command; nothing is started."""
        config = configure(tuple(argv), name="drill")
        config = replace(config, ungated=True, containment=self._forced, cwd="/")
        self._configs[config.session] = config
        return config.places

    def launch(self, places: Places) -> None:
        """Start it."""
        launch(self._configs[places.id])

    def target(self, places: Places, record: Record) -> Target:
        """Killed by this very program, in a process of its own."""
        return Target(
            places=places,
            record=record,
            kill=ourselves.command("agentwatch", "kill", places.id, "--json"),
            guard=guard.command(places.id, ()),
            env=ourselves.environment(os.environ),
        )


def _unwind_once() -> None:
    """Let ctrl+c, a closed terminal or a SIGTERM unwind us, so that everything is cleared up."""
    numbers = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)

    def unwind(number: int, _: FrameType | None) -> None:
        for one in numbers:
            signal.signal(one, signal.SIG_IGN)  # a second one must not cut the clearing up short
        raise SystemExit(128 + number)

    for number in numbers:
        signal.signal(number, unwind)


def _tell(held: Drill, path: Path) -> None:
    table([list(row) for row in held.rows()], HEADS)
    for one in held.exercises:
        for count in one.counts:
            for left in count.left:
                print(f"  SURVIVED {one.road}: {left.pid} {visible(left.command)}")
    means = held.means
    print(f"\n{held.verdict.upper()} with {means.name} (grade {means.grade})", end="")
    print(f": {held.survivors} survivors in {len(held.exercises)} exercises")
    if held.survivors:
        print("They have been ended now. What this means is known not to hold:")
        for cannot in means.cannot:
            print(f"  - {cannot}")
    for why in held.broken:
        print(f"NOT CARRIED OUT  {visible(why)}")
    print(f"evidence: {path}")
