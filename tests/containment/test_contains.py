"""Who is inside: nobody inside may pass for a client, and the user's own programs may."""

from __future__ import annotations

import dataclasses
import os
import subprocess

import pytest

from agentwatch import containment
from agentwatch.containment import COOKIE, Means, Record, proc
from agentwatch.paths import Places
from tests.containment.conftest import StandIn
from tests.containment.stage import Ledger, runaway
from tests.waiting import wait_for


@pytest.fixture
def record(means: Means, ledger: Ledger, places: Places, stand_in: StandIn) -> Record:
    """A session with daemons in it, under a supervisor of its own."""
    stand_in(means, *runaway("daemons", ledger.path))
    ledger.wait_for(4)
    return Record.read(places.containment)


def test_agent_and_daemons_are_inside(record: Record) -> None:
    assert record.agent is not None
    assert containment.contains(record, record.agent.pid)
    inside = containment.members(record)
    assert len(inside) == 4
    assert all(containment.contains(record, one.pid) for one in inside)


def test_our_own_helpers_are_no_members_and_no_clients(record: Record) -> None:
    ours = [one.pid for one in (record.root, *record.helpers) if one is not None]
    assert not {one.pid for one in containment.members(record)} & set(ours)


def test_the_users_own_programs_are_outside(record: Record) -> None:
    """This test's process, and a client it starts after the agent."""
    assert not containment.contains(record, os.getpid())
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as client:
        assert not containment.contains(record, client.pid)
        client.kill()


def test_a_process_that_is_gone_counts_as_inside(record: Record) -> None:
    with subprocess.Popen(["true"]) as client:
        client.wait()
    assert containment.contains(record, client.pid)


def test_who_carries_the_cookie_counts_as_inside(record: Record) -> None:
    env = {**os.environ, COOKIE: record.cookie}
    with subprocess.Popen(["sleep", "60"], env=env) as carrier:
        # a program that starts has for a moment no environment that can be read
        wait_for(lambda: proc.carries(carrier.pid, record.cookie), "its environment")
        assert containment.contains(record, carrier.pid)
        carrier.kill()


def test_an_environment_that_cannot_be_read_counts_as_inside(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proc, "carries", lambda pid, cookie: None)
    assert containment.contains(record, os.getpid())


def test_a_bare_daemon_counts_as_inside_where_it_cannot_be_held_either(
    places: Places, ledger: Ledger, stand_in: StandIn, request: pytest.FixtureRequest
) -> None:
    """The portable means loses it, but takes nobody for outside whom only init vouches for."""
    means = containment.best(forced="portable")
    stand_in(means, *runaway("bare", ledger.path))
    ledger.wait_for(2)
    record = Record.read(places.containment)
    try:
        assert all(containment.contains(record, pid) for pid in ledger.pids)
    finally:
        for pid in ledger.pids:
            stray = proc.identify(pid)
            if stray is not None and "os.write(100" in proc.command(pid):
                proc.send(stray, 9)


def test_a_nested_namespace_hides_nobody(
    places: Places, ledger: Ledger, stand_in: StandIn, pidns: Means
) -> None:
    nested = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]
    stand_in(pidns, *nested, *runaway("daemons", ledger.path))
    ledger.wait_for(4)
    record = Record.read(places.containment)
    inside = containment.members(record)
    assert len(inside) >= 5
    assert all(containment.contains(record, one.pid) for one in inside)


@pytest.mark.parametrize("change", [{"root": None}, {"agent": None}])
def test_a_record_with_holes_keeps_everybody_inside(
    change: dict[str, None], record: Record
) -> None:
    holed = dataclasses.replace(record, **change)  # type: ignore[arg-type]
    daemons = containment.members(record)
    assert all(containment.contains(holed, one.pid) for one in daemons)
