"""A supervisor that dies, stops or hangs takes the agent's tree with it."""

from __future__ import annotations

import os
import signal

import pytest

from agentwatch import containment
from agentwatch.containment import Means, Record, cgroup, proc
from agentwatch.errors import AgentwatchError
from agentwatch.kill import kill
from agentwatch.paths import Places
from tests.containment import gauntlet
from tests.containment.conftest import StandIn
from tests.containment.crowd import Bystanders
from tests.containment.stage import Ledger, runaway, wait_until


def rioting(means: Means, ledger: Ledger) -> tuple[str, ...]:
    """The command of as many runaways at once as this means says that it can hold."""
    return gauntlet.riot(ledger.path, unmarked=means.name != "portable")


@pytest.mark.parametrize("name", ["daemons", "deaf", "headless", "immortals", "riot"])
def test_a_killed_supervisor_leaves_nobody(
    name: str, means: Means, ledger: Ledger, stand_in: StandIn, bystanders: Bystanders
) -> None:
    riot = name == "riot"
    argv = rioting(means, ledger) if riot else runaway(name, ledger.path)
    supervisor = stand_in(means, *argv)
    ledger.wait_for(40 if riot else 2)
    supervisor.kill()
    assert ledger.empties(5)


def test_a_killed_supervisor_and_a_stopped_helper_leave_nobody(
    strong: Means, places: Places, ledger: Ledger, stand_in: StandIn
) -> None:
    supervisor = stand_in(strong, *runaway("daemons", ledger.path))
    ledger.wait_for(4)
    record = Record.read(places.containment)
    os.kill(record.helpers[0].pid, signal.SIGSTOP)
    supervisor.kill()
    assert ledger.empties()
    proc.send(record.helpers[0], signal.SIGKILL)  # nobody else continues it


@pytest.mark.skipif(bool(cgroup.why_not()), reason="no cgroup to freeze a helper in")
def test_a_helper_that_hangs_costs_the_tree_its_life(
    strong: Means, places: Places, ledger: Ledger, stand_in: StandIn
) -> None:
    """Frozen, it looks neither stopped nor dead; only the beats that it does not read tell."""
    stand_in(strong, *runaway("daemons", ledger.path))
    ledger.wait_for(4)
    record = Record.read(places.containment)
    frozen = cgroup.make("hang")
    try:
        hangs = record.root if strong.name == "pidns" else record.helpers[0]
        assert hangs is not None
        assert cgroup.put(frozen, hangs.pid)
        assert cgroup.freeze(frozen)
        assert ledger.empties(15)
    finally:
        cgroup.thaw(frozen)
        assert wait_until(lambda: not cgroup.pids(frozen))
        cgroup.remove(frozen)


def test_a_stopped_supervisor_freezes_the_tree_and_thaws_it_when_it_is_back(
    means: Means, ledger: Ledger, stand_in: StandIn
) -> None:
    supervisor = stand_in(means, *rioting(means, ledger), lease=(0.5, 60))
    ledger.wait_for(40)
    assert not ledger.silent_for(0.2)
    supervisor.send_signal(signal.SIGSTOP)
    assert wait_until(lambda: ledger.silent_for(0.3))
    assert not ledger.ended
    supervisor.send_signal(signal.SIGCONT)
    assert ledger.hears_again()


def test_a_supervisor_stopped_for_too_long_costs_the_tree_its_life(
    means: Means, ledger: Ledger, stand_in: StandIn
) -> None:
    supervisor = stand_in(means, *rioting(means, ledger), lease=(0.5, 1.2))
    ledger.wait_for(40)
    supervisor.send_signal(signal.SIGSTOP)
    assert ledger.empties(5)


def test_nobody_thaws_a_tree_whose_supervisor_is_silent(
    means: Means, places: Places, ledger: Ledger, stand_in: StandIn
) -> None:
    supervisor = stand_in(means, *runaway("daemons", ledger.path), lease=(0.3, 60))
    ledger.wait_for(4)
    supervisor.send_signal(signal.SIGSTOP)
    assert wait_until(lambda: ledger.silent_for(0.3))
    record = Record.read(places.containment)
    if means.name == "pidns":
        with pytest.raises(AgentwatchError, match="stays frozen"):
            containment.thaw(record)
    else:
        containment.thaw(record)
    assert wait_until(lambda: ledger.silent_for(0.4))


def test_what_a_person_froze_stays_frozen_when_the_supervisor_is_back(
    strong: Means, places: Places, ledger: Ledger, stand_in: StandIn
) -> None:
    supervisor = stand_in(strong, *runaway("daemons", ledger.path), lease=(0.3, 60))
    ledger.wait_for(4)
    record = Record.read(places.containment)
    containment.freeze(record)
    supervisor.send_signal(signal.SIGSTOP)
    assert ledger.silent_for(0.6)
    supervisor.send_signal(signal.SIGCONT)
    assert ledger.silent_for(0.6)
    containment.thaw(record)
    assert ledger.hears_again()


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_the_kill_needs_no_supervisor(
    number: int, means: Means, places: Places, ledger: Ledger, stand_in: StandIn
) -> None:
    supervisor = stand_in(means, *runaway("daemons", ledger.path))
    ledger.wait_for(4)
    supervisor.send_signal(number)
    receipt = kill(places, trigger="cli", by="test")
    assert receipt.left == ()
    assert ledger.empties()
