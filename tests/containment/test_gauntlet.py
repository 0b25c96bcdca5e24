"""No runaway survives a kill, as an outside ledger sees it."""

from __future__ import annotations

import os
import signal

import pytest

from agentwatch.containment import Means, members
from agentwatch.kill import kill
from agentwatch.paths import Places
from tests.containment.conftest import Start
from tests.containment.stage import Ledger, runaway, wait_until

COUNTS = {
    "plain": 4,
    "session": 3,
    "daemons": 4,
    "nohup": 1,
    "deaf": 3,
    "stopped": 3,
    "hopper": 5,
    "immortals": 2,
    "bare": 2,
    "headless": 2,
    "adopter": 5,
    "renamed": 2,
    "storm": 200,
}
"""Each runaway and how many of its processes must have spoken before it is killed."""

STEADY = {
    "plain": 4,
    "session": 3,
    "daemons": 4,
    "nohup": 3,
    "deaf": 3,
    "headless": 2,
    "storm": 200,
}
"""Those whose number does not change, with what a receipt must count."""

SLIPS_PORTABLE = {"bare", "hopper"}
"""What the weakest means says it cannot hold."""


@pytest.mark.parametrize("name", COUNTS)
def test_no_runaway_survives(
    name: str, means: Means, places: Places, ledger: Ledger, start: Start
) -> None:
    if means.name == "portable" and name in SLIPS_PORTABLE:
        pytest.skip("named in the means' own list of what it cannot do")
    running = start(means, *runaway(name, ledger.path))
    ledger.wait_for(COUNTS[name])
    if name in STEADY:
        assert wait_until(lambda: len(members(running.record)) == STEADY[name])
    receipt = kill(places, trigger="cli", by="test")
    assert receipt.left == ()
    assert ledger.empties()
    assert receipt.before == STEADY.get(name, receipt.before)
    assert receipt.before > 0
    assert wait_until(lambda: running.poll() == 137)


@pytest.mark.parametrize("name", ["hopper", "immortals", "bare"])
def test_the_hard_ones_never_survive(
    name: str, strong: Means, places: Places, ledger: Ledger, start: Start
) -> None:
    """The moment of the kill differs each time: here right after the first words."""
    start(strong, *runaway(name, ledger.path))
    ledger.wait_for(2)
    assert kill(places, trigger="cli", by="test").left == ()
    assert ledger.empties()


def test_an_agent_that_attacks_what_is_above_it_gains_nothing(
    strong: Means, places: Places, ledger: Ledger, start: Start
) -> None:
    if strong.grade > "A":
        pytest.skip("grade B says that an agent may kill both helpers")
    running = start(strong, *runaway("assassin", ledger.path))
    ledger.wait_for(2)
    assert running.poll() is None
    assert kill(places, trigger="cli", by="test").left == ()
    assert ledger.empties()


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
