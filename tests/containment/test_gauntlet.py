"""No runaway survives a kill, as an outside ledger sees it."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentwatch.containment import Means, Proc, Record, Running, members, proc
from agentwatch.kill import kill
from agentwatch.model import Receipt
from agentwatch.paths import Places
from tests.containment import gauntlet, stage
from tests.containment.conftest import StandIn, Start
from tests.containment.crowd import Bystanders
from tests.containment.gauntlet import ALL, HARD
from tests.containment.stage import Ledger, runaway, wait_until

TIMES = 20


def struck(places: Places, record: Record, ledger: Ledger) -> tuple[Receipt, list[Proc]]:
    """Kill; the receipt, and who of those that were there lives on."""
    seen = members(record)
    receipt = kill(places, trigger="cli", by="test")
    ledger.empties()
    left = {one for one in seen if proc.alive(one)}
    left.update(one for one in ledger.holders() if proc.alive(one))
    return receipt, sorted(left, key=lambda one: one.pid)


def judge(means: Means, named: str, receipt: Receipt, left: list[Proc], ledger: Ledger) -> None:
    """Nobody may be left, but for a miss that this means names itself."""
    if any(named in sentence for sentence in means.cannot):
        for one in left:
            proc.send(one, signal.SIGKILL)
        return
    words = [proc.command(one.pid) for one in left]
    assert (left, words, receipt.left) == ([], [], ())
    assert ledger.ended  # the kernel's word: a look at /proc may miss who hops


@pytest.fixture
def terminal() -> Iterator[tuple[int, int, int]]:
    """The three files of an agent on a pty."""
    ours, theirs = pty.openpty()
    yield theirs, theirs, theirs
    os.close(ours)
    os.close(theirs)


@pytest.fixture
def cgroup() -> Iterator[Path]:
    """Another cgroup to flee to."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    for at in (words[1] for words in mounts if words[2].startswith("cgroup")):
        folder = Path(at, f"runaway-{os.getpid()}")
        with contextlib.suppress(OSError):
            folder.mkdir()
            break
    else:
        pytest.skip("no cgroup can be made here")
    yield folder
    assert wait_until(lambda: not (folder / "cgroup.procs").read_text())
    folder.rmdir()


def begin(
    name: str, means: Means, ledger: Ledger, start: Start, request: pytest.FixtureRequest
) -> Running:
    """Start one runaway with what it needs."""
    words = (str(request.getfixturevalue("cgroup")),) if name == "mover" else ()
    command = gauntlet.command(name, ledger.path, *words)
    if ALL[name].terminal:
        return start(means, *command, stdio=request.getfixturevalue("terminal"), tty=True)
    return start(means, *command)


def settled(record: Record, count: int | None) -> bool:
    """Whether just so many are there, the same ones a moment later: none on its way in or out."""
    there = members(record)
    time.sleep(0.1)
    return len(there) == count and members(record) == there


@pytest.mark.parametrize("name", ALL)
def test_no_runaway_survives(
    name: str,
    means: Means,
    places: Places,
    ledger: Ledger,
    start: Start,
    bystanders: Bystanders,
    request: pytest.FixtureRequest,
) -> None:
    running = begin(name, means, ledger, start, request)
    what = ALL[name]
    ledger.wait_for(what.speakers)
    if what.steady:
        assert wait_until(lambda: settled(running.record, what.steady))
    receipt, left = struck(places, running.record, ledger)
    judge(means, what.named, receipt, left, ledger)
    assert receipt.before == (what.steady or receipt.before)
    assert receipt.before > 0
    assert wait_until(lambda: running.poll() == 137)


@pytest.mark.parametrize("name", HARD)
def test_the_hard_ones_never_survive(
    name: str, strong: Means, tmp_path: Path, start: Start, bystanders: Bystanders
) -> None:
    """Twenty times, and each time the kill comes at another moment of their lives."""
    for turn in range(TIMES):
        folder = tmp_path / str(turn)
        folder.mkdir()
        places = stage.places_in(folder)
        with stage.ledger_in(folder) as ledger:
            command = gauntlet.command(name, ledger.path)
            running = start(strong, *command, places=places)
            ledger.wait_for(2, words=turn % 7)
            receipt, left = struck(places, running.record, ledger)
            judge(strong, ALL[name].named, receipt, left, ledger)
            running.close()


@pytest.mark.parametrize("number", ["KILL", "STOP"])
def test_an_agent_that_strikes_all_that_supervises_it_gains_nothing(
    number: str,
    means: Means,
    places: Places,
    ledger: Ledger,
    stand_in: StandIn,
    bystanders: Bystanders,
) -> None:
    """It kills or stops supervisor, helpers and watchdog, as many as it can reach."""
    supervisor = stand_in(means, *gauntlet.command("assassin", ledger.path, number))
    record = Record.read(places.containment)
    assert wait_until(lambda: ledger.heard(4))
    receipt, left = struck(places, record, ledger)
    judge(means, "kills both of our helpers", receipt, left, ledger)
    if means.grade == "A" or number == "STOP":
        assert supervisor.poll() is None
    elif means.grade == "C":
        assert supervisor.wait(60) == -signal.SIGKILL  # it was really struck


def test_an_agent_that_signals_everybody_reaches_only_its_own(
    means: Means,
    places: Places,
    ledger: Ledger,
    start: Start,
    bystanders: Bystanders,
) -> None:
    if means.grade != "A":
        pytest.skip("this grade does not keep an agent from signalling the user's own processes")
    outsider = str(bystanders.reporter.pid)
    running = start(means, *gauntlet.command("everybody", ledger.path, outsider))
    ledger.wait_for(2)
    receipt, left = struck(places, running.record, ledger)
    judge(means, "nothing that is named", receipt, left, ledger)


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
@pytest.mark.parametrize("which", ["root", "helper", "both"])
def test_helpers_that_were_stopped_or_killed_hold_no_kill_up(
    which: str, number: int, strong: Means, places: Places, ledger: Ledger, start: Start
) -> None:
    if (which, number, strong.name) == ("both", signal.SIGKILL, "subreaper"):
        pytest.skip("nobody outside the agent's own reach does that; grade B names it")
    record = start(strong, *runaway("daemons", ledger.path)).record
    ledger.wait_for(4)
    assert record.root is not None
    targets = {"root": [record.root], "helper": [*record.helpers]}
    targets["both"] = targets["root"] + targets["helper"]
    for target in targets[which]:
        os.kill(target.pid, number)
    assert kill(places, trigger="cli", by="test").left == ()
    assert ledger.empties()
