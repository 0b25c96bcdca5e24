"""Questions asked against actions that a person would name, counted on the whole product.

Owns a person who says yes to each question once, and the comparison of what they were asked with
the names of an errand's actions.
"""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from agentwatch.client import Client, NoSupervisor
from agentwatch.errors import AgentwatchError
from agentwatch.paths import Places
from tests.e2e.errands import Errand
from tests.e2e.world import World

PATIENCE = 240.0
"""Seconds for one errand; generous, because the machine may be busy."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What one errand came to."""

    name: str
    named: int
    asked: tuple[str, ...]
    extra: tuple[str, ...]
    """Questions that belong to no action, or to one that had its question."""
    missing: tuple[str, ...]
    """Actions that nobody was asked about."""
    exit: int
    output: str = field(repr=False)
    recorded: int = 0
    """Events that were judged, questions and all that passed."""

    def told(self) -> str:
        """It in words, for a failure and for a person."""
        lines = [f"{self.name}: {len(self.asked)} questions, {self.named} actions"]
        lines += [f"  one too many: {item}" for item in self.extra]
        lines += [f"  not asked: {item}" for item in self.missing]
        return "\n".join(lines)


def compare(
    actions: Sequence[tuple[str, str]], asked: Sequence[str]
) -> tuple[list[str], list[str]]:
    """The questions that fit no action of their own, and the actions left without one."""
    left = list(actions)
    extra = []
    for question in asked:
        found = next((item for item in left if re.search(item[1], question)), None)
        if found is None:
            extra.append(question)
        else:
            left.remove(found)
    return extra, [name for name, _ in left]


def run_errand(world: World, errand: Errand, options: tuple[str, ...]) -> Tally:
    """Let a shell do an errand below the gate, each question allowed once."""
    errand.prepare(world.work, world.folder)
    script = world.folder / "errand.sh"
    script.write_text(errand.script)
    with said_yes(world) as person:
        process = world.start("run", "--no-tui", *options, "--", errand.shell, str(script))
        person.begin()
        try:
            code = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            pytest.fail(f"{errand.name} does not end\n{world.output(process)[-2000:]}")
    return tally(world, errand.name, errand.actions, code, world.output(process))


def tally(
    world: World, name: str, actions: Sequence[tuple[str, str]], code: int, output: str
) -> Tally:
    """What the record of the world's one session says."""
    (folder,) = (world.state / "agentwatch/sessions").iterdir()
    events = world.journal(folder.name)
    asked = tuple(item["data"]["summary"] for item in events if item["type"] == "proposed")
    judged = sum(item["type"] in ("proposed", "decided") for item in events)
    extra, missing = compare(actions, asked)
    return Tally(name, len(actions), asked, tuple(extra), tuple(missing), code, output, judged)


class Approver:
    """A person who says yes, once, to whatever is asked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._answer, daemon=True)

    def begin(self) -> None:
        """Start answering."""
        self._thread.start()

    def end(self) -> None:
        """Stop answering."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _answer(self) -> None:
        while not self._over.is_set():
            try:
                with Client(self._places(), timeout=30) as client:
                    self._listen(client)
            except AgentwatchError:
                time.sleep(0.01)  # not there yet, or over

    def _listen(self, client: Client) -> None:
        while not self._over.is_set():
            for action in client.call("pending"):
                client.call("decide", action=action["id"], digest=action["digest"], verdict="allow")
            time.sleep(0.01)

    def _places(self) -> Places:
        """The folders of the one session; raises NoSupervisor where none is there yet."""
        base = self._world.runtime / "agentwatch"
        names = [item.name for item in base.iterdir() if item.is_dir()] if base.is_dir() else []
        if not names:
            raise NoSupervisor("a session", "it is not there yet")
        (name,) = names
        return Places(name, base / name, self._world.state / "agentwatch/sessions" / name)


@contextmanager
def said_yes(world: World) -> Iterator[Approver]:
    """Somebody is there as long as this lasts."""
    person = Approver(world)
    try:
        yield person
    finally:
        person.end()
