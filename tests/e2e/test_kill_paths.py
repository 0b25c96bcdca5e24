"""Three roads to the kill, each under every trouble that could be in its way."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentwatch.client import ask_to_kill
from agentwatch.model import Receipt
from tests.containment.crowd import Bystanders
from tests.containment.stage import RUNAWAYS, Ledger, ledger_in
from tests.e2e.hung import hung
from tests.e2e.person import F9, Person
from tests.e2e.test_question_flood import OFTEN, answers_until
from tests.e2e.world import World, places_of
from tests.waiting import wait_for

RIOT = ("session", "daemons", "deaf", "stopped", "immortals", "headless", "hydra", "heir")
UNMARKED = ("bare", "hopper")
"""What the portable means says that it may miss."""
SPEAKERS = 30

QUESTIONS = 10_000
MEMORY = 120 * 1024
"""KiB the supervisor may use with that many questions waiting."""


class Riot:
    """A session at a terminal with many runaways in it, and three ways to kill it."""

    def __init__(self, world: World, person: Person, ledger: Ledger) -> None:
        self.world = world
        self.person = person
        self.ledger = ledger
        self.supervisor = int(world.session()["supervisor_pid"])
        self.places = places_of(world)

    def key(self) -> None:
        self.person.types(F9)

    def socket(self) -> None:
        assert ask_to_kill(self.places).left == ()

    def command(self) -> None:
        self.world.call("kill", self.places.id)

    def is_over(self) -> None:
        """Everybody is dead, as the kernel says to the ledger's reader."""
        assert self.ledger.empties(10), self.ledger.holders()
        assert self.ledger.holders() == []

    def receipt(self) -> Receipt:
        wait_for(self.places.receipt.exists, "the receipt")
        return Receipt.from_json(json.loads(self.places.receipt.read_text()))


@pytest.fixture
def bystanders(tmp_path: Path) -> Iterator[Bystanders]:
    there = Bystanders(tmp_path)
    yield there
    there.check()
    there.end()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with ledger_in(tmp_path) as opened:
        yield opened


@contextlib.contextmanager
def rioting(
    world: World,
    ledger: Ledger,
    *names: str,
    options: tuple[str, ...] = (),
    speakers: int = SPEAKERS,
) -> Iterator[Riot]:
    """Put many runaways under supervision, at a terminal, and see them all run."""
    argv = (sys.executable, str(RUNAWAYS / "riot.py"), str(ledger.path), *names)
    person = Person(world, "run", *options, "--", *argv)
    try:
        person.sees("RUNNING")
        ledger.wait_for(speakers)
        yield Riot(world, person, ledger)
    finally:
        person.leaves()


def quiet(riot: Riot) -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext()


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def screen_stopped(riot: Riot) -> contextlib.AbstractContextManager[None]:
    return stopped(riot.person.screen_pid())


def supervisor_stopped(riot: Riot) -> contextlib.AbstractContextManager[None]:
    return stopped(riot.supervisor)


def supervisor_hung(riot: Riot) -> contextlib.AbstractContextManager[None]:
    return hung(riot.supervisor)


@contextlib.contextmanager
def disk_full(riot: Riot) -> Iterator[None]:
    """No file may grow: neither in the supervisor nor in the guard, nor in what we start."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for pid in (riot.supervisor, riot.person.spawned.pid):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, limits[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


Trouble = Callable[[Riot], contextlib.AbstractContextManager[None]]
TROUBLES: dict[str, tuple[Trouble, tuple[str, ...]]] = {
    "none": (quiet, ()),
    "screen-stopped": (screen_stopped, ()),
    "supervisor-stopped": (supervisor_stopped, ()),
    "supervisor-hung": (supervisor_hung, ()),
    "flood": (quiet, ("flood",)),
    "storm": (quiet, ("storm=1000",)),
    "full-disk": (disk_full, ()),
}
ROADS = ("key", "socket", "command")


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_kill_reaches_everybody(
    trouble: str, road: str, world: World, ledger: Ledger, bystanders: Bystanders
) -> None:
    if (trouble, road) == ("supervisor-stopped", "socket"):
        pytest.skip("a stopped supervisor has no thread that runs; the other two roads work")
    under, more = TROUBLES[trouble]
    speakers = SPEAKERS + 1000 * ("storm=1000" in more)
    with rioting(world, ledger, *RIOT, *UNMARKED, *more, speakers=speakers) as riot:
        with under(riot):
            getattr(riot, road)()
            riot.is_over()
        if trouble != "full-disk":
            receipt = riot.receipt()
            assert receipt.left == ()
            assert receipt.before >= 20


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("means", ["subreaper", "portable"])
def test_every_road_works_on_every_means(
    means: str, road: str, world: World, ledger: Ledger, bystanders: Bystanders
) -> None:
    names = RIOT if means == "portable" else (*RIOT, *UNMARKED)
    with rioting(world, ledger, *names, options=("--containment", means), speakers=24) as riot:
        getattr(riot, road)()
        riot.is_over()
        assert riot.receipt().left == ()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("road", ROADS)
def test_ten_thousand_questions_do_not_hold_the_kill_up(
    road: str, world: World, ledger: Ledger, bystanders: Bystanders
) -> None:
    asking = (*RIOT, f"asks={QUESTIONS}")
    with rioting(world, ledger, *asking, options=("--breaker", "off")) as riot:
        assert answers_until(riot.places, QUESTIONS) >= OFTEN
        status = Path(f"/proc/{riot.supervisor}/status").read_text()
        memory = int(status.split("VmRSS:")[1].split()[0])
        getattr(riot, road)()
        riot.is_over()
        assert riot.receipt().left == ()
        assert memory < MEMORY


@pytest.mark.parametrize("means", ["pidns", "subreaper", "portable"])
def test_a_supervisor_killed_takes_the_riot_with_it(
    means: str, world: World, ledger: Ledger, bystanders: Bystanders
) -> None:
    names = RIOT if means == "portable" else (*RIOT, *UNMARKED)
    with rioting(world, ledger, *names, options=("--containment", means), speakers=24) as riot:
        os.kill(riot.supervisor, signal.SIGKILL)
        riot.is_over()
        world.call("kill")
        assert not riot.places.runtime.exists()
        assert world.json("kill", riot.places.id)["left"] == []
