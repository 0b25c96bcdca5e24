"""Freezing stops every member, thawing continues them, and a frozen tree can be killed."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from agentwatch import containment
from agentwatch.containment import Means
from agentwatch.containment.helpers import tree
from agentwatch.errors import AgentwatchError
from agentwatch.kill import kill
from agentwatch.paths import Places
from tests.containment import gauntlet
from tests.containment.conftest import Start
from tests.containment.crowd import Bystanders
from tests.containment.stage import Ledger, runaway
from tests.waiting import wait_for


@pytest.mark.parametrize("name", ["daemons", "deaf", "headless", "storm"])
def test_no_member_beats_while_frozen_and_all_do_afterwards(
    name: str, means: Means, ledger: Ledger, start: Start
) -> None:
    record = start(means, *runaway(name, ledger.path)).record
    ledger.wait_for(2)
    containment.freeze(record)
    containment.freeze(record)
    assert ledger.silent_for(0.3)
    assert containment.members(record)
    containment.thaw(record)
    containment.thaw(record)
    assert ledger.hears_again()


def test_nothing_moves_in_a_frozen_riot_and_all_of_it_can_be_killed(
    means: Means, places: Places, ledger: Ledger, start: Start, bystanders: Bystanders
) -> None:
    """Twice, because freezing again after going on is another matter."""
    unmarked = means.name != "portable"
    record = start(means, *gauntlet.riot(ledger.path, unmarked=unmarked)).record
    ledger.wait_for(40)
    for _ in range(2):
        containment.freeze(record)
        assert ledger.silent_for(0.4)
        containment.thaw(record)
        assert ledger.hears_again()
    containment.freeze(record)
    assert kill(places, trigger="cli", by="test").left == ()
    assert ledger.empties()


def test_a_frozen_tree_can_be_killed(
    means: Means, places: Places, ledger: Ledger, start: Start
) -> None:
    record = start(means, *runaway("daemons", ledger.path)).record
    ledger.wait_for(4)
    containment.freeze(record)
    receipt = kill(places, trigger="cli", by="test")
    assert receipt.before == 4
    assert receipt.left == ()
    assert ledger.empties()


def test_freezing_works_with_the_relay_stopped_and_thawing_says_that_it_does_not(
    pidns: Means, ledger: Ledger, start: Start
) -> None:
    record = start(pidns, *runaway("daemons", ledger.path)).record
    ledger.wait_for(4)
    os.kill(record.helpers[0].pid, signal.SIGSTOP)
    containment.freeze(record)
    assert ledger.silent_for(0.3)
    with pytest.raises(AgentwatchError, match="stays frozen"):
        containment.thaw(record)
    assert ledger.silent_for(0.3)


def test_an_agent_cannot_thaw_itself(pidns: Means, ledger: Ledger, start: Start) -> None:
    """It floods its init with every signal; those that wait for init must not count as ours."""
    flood = (
        "import os, signal, sys, threading\n"
        "from tests.runaways.kin import live, open_ledger\n"
        "def shoot():\n"
        "    while True:\n"
        "        for number in signal.valid_signals():\n"
        "            os.kill(1, number)\n"
        "threading.Thread(target=shoot, daemon=True).start()\n"
        "live(open_ledger())\n"
    )
    record = start(pidns, sys.executable, "-c", flood, str(ledger.path)).record
    ledger.wait_for(1)
    containment.freeze(record)
    assert ledger.silent_for(0.5)
    containment.thaw(record)
    assert ledger.hears_again()


def test_who_stood_before_the_freeze_still_stands_after_it(
    means: Means, ledger: Ledger, start: Start
) -> None:
    """A job that the agent had stopped is not set going by a resume; twice, as people do it."""
    record = start(means, *runaway("stopped", ledger.path)).record
    ledger.wait_for(3)
    wait_for(lambda: len(still(record)) == 2, "its two stopped children")
    before = still(record)
    for _ in range(2):
        containment.freeze(record)
        containment.freeze(record)
        assert ledger.silent_for(0.3)
        containment.thaw(record)
        wait_for(lambda: still(record) == before, "only those to stand who stood before")
    assert ledger.hears_again()


def test_an_agent_that_had_been_stopped_goes_on_at_a_thaw(
    means: Means, ledger: Ledger, start: Start
) -> None:
    record = start(means, *runaway("daemons", ledger.path)).record
    ledger.wait_for(4)
    assert record.agent is not None
    os.kill(record.agent.pid, signal.SIGSTOP)
    wait_for(lambda: still(record) == {record.agent.pid}, "the agent to stand")  # type: ignore[union-attr]
    containment.freeze(record)
    containment.thaw(record)
    wait_for(lambda: not still(record), "everybody to run")


def still(record: containment.Record) -> set[int]:
    """Which members stand still."""
    pids = [one.pid for one in containment.members(record)]
    return {pid for pid in pids if tree.mode(pid, tree.stat(pid)) == tree.STILL}
