"""An agent under `agentwatch run`, complete: real supervisor, real agent, scripted model.

Owns the throw-away user and the deciding by the control socket, as a person's client does it.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agentwatch.client import Client
from agentwatch.errors import AgentwatchError
from agentwatch.paths import Places
from tests.agents_real.api import Json
from tests.agents_real.kit import Kit, cache
from tests.agents_real.model_server import ModelServer, model_server
from tests.agents_real.scenario import Scenario
from tests.e2e.world import World

Verdict = Callable[[Json], bool]
"""Whether an action may pass."""

KERNEL = ("--kernel-gate",)
UNHOOKED = ("--no-hook", *KERNEL)


def yes(_action: Json) -> bool:
    """Everything passes."""
    return True


def no(_action: Json) -> bool:
    """Nothing passes."""
    return False


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that nobody else can write around: some agents read no settings below /tmp."""
    homes = cache() / "h"
    homes.mkdir(mode=0o700, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=homes))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def agent_world(kit: Kit) -> Iterator[World]:
    """A user of this agent who has been through its first run."""
    with private_folder() as folder:
        world = World(folder)
        kit.settle(folder, world.work)
        if kit.warms_up:
            kit.warm_up(folder, world.work)
        try:
            yield world
        finally:
            world.end()


@dataclass
class Run:
    """One session under supervision."""

    world: World
    kit: Kit
    model: ModelServer
    process: subprocess.Popen[bytes]
    asked: dict[str, Json] = field(default_factory=dict)
    """Every action that a person was asked about, by its id."""

    @property
    def questions(self) -> list[str]:
        """What was asked, in order."""
        return [
            f"{item['channel']} {item['kind']}: {item['summary']}" for item in self.asked.values()
        ]

    def decide(
        self,
        verdict: Verdict = yes,
        *,
        until: Callable[[], object] | None = None,
        within: float = 60.0,
        change: Callable[[Json], Json | None] = lambda _action: None,
    ) -> Run:
        """Answer every question until the agent is over, or until something is seen.

        `change` may give an action another input first; what it becomes is asked then.
        """
        end = time.monotonic() + within
        while not (until() if until else self.process.poll() is not None):
            if time.monotonic() > end:
                said = self.world.output(self.process)[-2000:]
                pytest.fail(f"{self.kit.name} does not go on\nasked: {self.questions}\n{said}")
            self._answer(verdict, change)
            time.sleep(0.01)
        return self

    def seen(self) -> list[Json]:
        """The session's whole record."""
        return self.world.journal(self.session)

    @property
    def session(self) -> str:
        """The session's id."""
        (folder,) = (self.world.state / "agentwatch/sessions").iterdir()
        return folder.name

    def _answer(self, verdict: Verdict, change: Callable[[Json], Json | None]) -> None:
        with suppress(AgentwatchError, ValueError, OSError), Client(self._places()) as client:
            for action in client.call("pending"):
                self.asked[action["id"]] = action
                named = {"action": action["id"], "digest": action["digest"]}
                if (given := change(action)) is not None:
                    client.call("edit", input=given, **named)
                    continue
                word = "allow" if verdict(action) else "deny"
                client.call(
                    "decide",
                    **named,
                    verdict=word,
                    because="" if word == "allow" else "NOT-TODAY",
                )

    def _places(self) -> Places:
        name, world = self.session, self.world
        return Places(
            name, world.runtime / "agentwatch" / name, world.state / "agentwatch/sessions" / name
        )


@contextmanager
def running(
    world: World, kit: Kit, scenario: Scenario, *arguments: str, options: tuple[str, ...] = ()
) -> Iterator[Run]:
    """The agent at work on a scenario, under supervision without a screen."""
    with model_server(scenario, kit.spell) as model:
        world.env |= kit.scrubbed(world.folder, model.url)
        command = kit.command(model.url, *arguments)
        process = world.start("run", "--no-tui", *options, "--", *command)
        yield Run(world, kit, model, process)
