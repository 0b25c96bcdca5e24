"""The pair's additional cgroup: in one call, and with the sweep for who left it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentwatch import containment
from agentwatch.containment import Means, Record, cgroup, proc, subreaper
from agentwatch.containment.base import Unavailable
from agentwatch.kill import kill
from agentwatch.paths import Places
from tests.containment.conftest import Start
from tests.containment.stage import Ledger, runaway, wait_until

LEAVER = """
import os, sys
from tests.runaways.kin import child, live, open_ledger
ledger = open_ledger()
if os.fork() == 0:
    with open(sys.argv[2] + "/cgroup.procs", "w") as procs:
        procs.write("0")
    child(ledger)
    live(ledger)
live(ledger)
"""


@pytest.fixture
def pair() -> Means:
    """The pair of reapers, on a machine where a cgroup may be had as well."""
    if why := cgroup.why_not():
        pytest.skip(f"no cgroup of our own: {why}")
    return containment.best(forced="subreaper")


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """Another cgroup, which a process may move itself to."""
    made = Path(cgroup.make("elsewhere"))
    yield made
    assert wait_until(lambda: not cgroup.pids(str(made)))
    cgroup.remove(str(made))


def test_the_agent_and_all_it_starts_are_in_it_and_the_pair_is_not(
    pair: Means, ledger: Ledger, start: Start
) -> None:
    record = start(pair, *runaway("daemons", ledger.path)).record
    ledger.wait_for(4)
    inside = set(cgroup.pids(record.cgroup))
    assert inside == {one.pid for one in containment.members(record)}
    assert record.root is not None
    assert not inside & {record.root.pid, *(one.pid for one in record.helpers)}
    assert Record.from_json(record.to_json()) == record


def test_a_kill_takes_it_away(pair: Means, places: Places, ledger: Ledger, start: Start) -> None:
    record = start(pair, *runaway("storm", ledger.path), "50").record
    ledger.wait_for(50)
    assert wait_until(lambda: len(containment.members(record)) == 50)
    receipt = kill(places, trigger="cli", by="test")
    assert (receipt.before, receipt.left) == (50, ())
    assert ledger.empties()
    assert not Path(record.cgroup).exists()


def test_an_agent_that_ends_by_itself_leaves_none_behind(pair: Means, start: Start) -> None:
    running = start(pair, "true")
    assert wait_until(lambda: running.poll() == 0)
    running.close()
    assert not Path(running.record.cgroup).exists()


def test_who_moved_elsewhere_is_killed_and_frozen_as_well(
    pair: Means, places: Places, ledger: Ledger, start: Start, elsewhere: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may move freely")
    record = start(pair, sys.executable, "-c", LEAVER, str(ledger.path), str(elsewhere)).record
    ledger.wait_for(3)
    assert len(cgroup.pids(str(elsewhere))) == 2
    containment.freeze(record)
    assert ledger.silent_for(0.3)
    containment.thaw(record)
    assert ledger.hears_again()
    receipt = kill(places, trigger="cli", by="test")
    assert (receipt.before, receipt.left) == (3, ())
    assert ledger.empties()


def test_a_process_whose_first_thread_ended_is_killed_too(
    pair: Means, places: Places, ledger: Ledger, start: Start
) -> None:
    """The kernel's own kill of a cgroup passes over it."""
    start(pair, *runaway("headless", ledger.path))
    ledger.wait_for(2)
    assert kill(places, trigger="cli", by="test").left == ()
    assert ledger.empties()


def test_without_one_the_pair_does_it_alone_and_says_so(
    pair: Means, places: Places, ledger: Ledger, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_session: str) -> str:
        raise Unavailable("not delegated")

    monkeypatch.setattr(cgroup, "make", refused)
    assert "not delegated" in subreaper.probe().cannot[-1]
    record = start(pair, *runaway("daemons", ledger.path)).record
    ledger.wait_for(4)
    assert record.cgroup == ""
    containment.freeze(record)
    assert ledger.silent_for(0.3)
    assert kill(places, trigger="cli", by="test").left == ()
    assert ledger.empties()


def test_a_cgroup_that_may_not_be_entered_is_not_in_the_record(
    pair: Means, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    genuine = cgroup.make

    def making(session: str) -> str:
        made.append(genuine(session))
        return made[-1]

    monkeypatch.setattr(cgroup, "make", making)
    monkeypatch.setattr(cgroup, "put", lambda _path, _pid: False)
    assert start(pair, "sleep", "60").record.cgroup == ""
    assert not Path(made[0]).exists()


def test_a_record_of_before_there_were_cgroups_is_read() -> None:
    us = proc.identify(os.getpid())
    assert us is not None
    old = Record("s", "subreaper", "A", "c", us, us, (), us, "/r", "/s").to_json()
    del old["cgroup"]
    assert Record.from_json(old).cgroup == ""


def test_what_a_killed_supervisor_left_is_taken_away(pair: Means) -> None:
    assert pair.name == "subreaper"
    mine = Path(cgroup.make("probe"))
    stale = mine.with_name(f"agentwatch-stale-{2**22 + 1}")
    stale.mkdir()
    cgroup.remove(str(mine))
    cgroup.remove(cgroup.make("probe"))
    assert not stale.exists()
