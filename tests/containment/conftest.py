"""Fixtures of the containment tests: every means in turn, and something running in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentwatch import containment
from agentwatch.containment import MEANS, Launch, Means, Running
from agentwatch.errors import AgentwatchError
from agentwatch.paths import Places
from tests.containment import stage
from tests.containment.crowd import Bystanders

Start = Callable[..., Running]
StandIn = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is dead in the end counts: beside a storm, dying takes its time."""
    monkeypatch.setattr("agentwatch.kill.PATIENCE", stage.PATIENCE)


def found(name: str) -> Means:
    """A means, or a skip with what this machine says."""
    try:
        return stage.means_called(name)
    except AgentwatchError as error:
        pytest.skip(error.what)


@pytest.fixture(params=[*MEANS, "subreaper-B"])
def means(request: pytest.FixtureRequest) -> Means:
    """Each means in turn."""
    return found(request.param)


@pytest.fixture(params=["pidns", "subreaper", "subreaper-B"])
def strong(request: pytest.FixtureRequest) -> Means:
    """Each means that promises everything."""
    return found(request.param)


@pytest.fixture
def pidns() -> Means:
    """The pid namespace alone."""
    return found("pidns")


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bystanders]:
    """Bystanders of a whole file of tests."""
    there = Bystanders(tmp_path_factory.mktemp("crowd"))
    yield there
    there.end()


@pytest.fixture
def bystanders(crowd: Bystanders) -> Iterator[Bystanders]:
    """Bystanders that must not have been touched at the end."""
    yield crowd
    crowd.check()


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A session's folders."""
    return stage.places_in(tmp_path)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[stage.Ledger]:
    """An outside proof of who lives."""
    with stage.ledger_in(tmp_path) as opened:
        yield opened


@pytest.fixture
def start(places: Places) -> Iterator[Start]:
    """Start an agent in this process; whatever still runs dies with the test."""
    running: list[Running] = []
    null = os.open(os.devnull, os.O_RDWR)

    def starting(means: Means, *argv: str, **options: object) -> Running:
        stdio = options.pop("stdio", (null, 2, 2))
        where = options.pop("places", places)
        order: Launch = stage.launch(where, argv, stdio, **options)  # type: ignore[arg-type]
        running.append(containment.start(means, order))
        return running[-1]

    yield starting
    for one in running:
        one.close()
    os.close(null)


@pytest.fixture
def stand_in(tmp_path: Path, places: Places) -> Iterator[StandIn]:
    """Start a supervisor of its own that only beats; killed with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def starting(
        means: Means, *argv: str, lease: tuple[float, float] = (30, 60)
    ) -> subprocess.Popen[bytes]:
        script = str(Path(stage.__file__).with_name("stand_in.py"))
        words = (stage.name_of(means), str(tmp_path), str(lease[0]), str(lease[1]), *argv)
        process = subprocess.Popen(
            [sys.executable, script, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=stage.environment(),
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"runs\n"
        return process

    yield starting
    for process in started:
        process.kill()
        process.communicate()
