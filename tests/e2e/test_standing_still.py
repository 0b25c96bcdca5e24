"""A frozen session, and one whose supervisor was stopped: what waits keeps its meaning."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agentwatch.client import Client
from agentwatch.errors import AgentwatchError
from agentwatch.model import Json
from agentwatch.paths import Places
from tests.containment.stage import Ledger, ledger_in
from tests.e2e.person import F8, Person
from tests.e2e.test_kill_paths import RIOT, ROADS, UNMARKED, rioting
from tests.e2e.world import World, places_of
from tests.waiting import wait_for

DENY_AFTER = 2.0
STANDS = 3.0

MEANS = ("pidns", "subreaper", "portable")

ASKS_WHEN_TOLD = """
import pathlib, time
from agentwatch import Denied, propose
while not pathlib.Path("ask").exists():
    time.sleep(0.01)
try:
    propose("delete", path="victim")
    open("acted", "w").close()
except Denied as error:
    open("denied", "w").write(error.reason)
time.sleep(120)
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with ledger_in(tmp_path) as opened:
        yield opened


def ready(world: World) -> Places:
    """A session whose agent asks as soon as it is told to, and is denied soon after."""
    script = str(world.script("asks.py", ASKS_WHEN_TOLD))
    world.run_agent(sys.executable, script, options=("--deny-after", str(DENY_AFTER)))
    return places_of(world)


def question(world: World, client: Client) -> Json:
    """Have it ask; what it asks."""
    (world.work / "ask").touch()
    (action,) = wait_for(lambda: client.call("pending"), "the question")
    return dict(action)


def test_deadlines_stand_still_while_the_tree_does(world: World) -> None:
    with Client(ready(world)) as client:
        action = question(world, client)
        client.call("freeze")
        client.call("freeze")
        frozen = time.monotonic()
        while time.monotonic() < frozen + STANDS:
            assert [item["id"] for item in client.call("pending")] == [action["id"]]
            time.sleep(0.1)
        client.call("resume")
        client.call("resume")
        (after,) = client.call("pending")
        assert after["deadline"] >= action["deadline"] + STANDS
        wait_for((world.work / "denied").exists, "the denial that is due now")
        decided = client.call("action", action=action["id"])
        assert decided["decision"]["by"] == "deadline"
        assert decided["decision"]["at"] >= after["deadline"]
    assert not (world.work / "acted").exists()


def test_an_approval_that_comes_too_late_is_none(world: World) -> None:
    """The supervisor was stopped (a machine asleep looks the same) while the deadline passed.

    When it goes on, the approval lies in its socket before its timers have run.
    """
    places = ready(world)
    supervisor = world.session()["supervisor_pid"]
    with Client(places) as client, Client(places) as other:
        action = question(world, client)
        os.kill(supervisor, signal.SIGSTOP)
        try:
            time.sleep(max(0.0, action["deadline"] - time.time()) + 0.3)
            identity = {"action": action["id"], "digest": action["digest"]}
            client.send("decide", verdict="allow", **identity)
        finally:
            os.kill(supervisor, signal.SIGCONT)
        wait_for((world.work / "denied").exists, "the denial")
        assert other.call("action", action=action["id"])["decision"]["by"] == "deadline"
        with pytest.raises(AgentwatchError, match="already"):
            other.call("decide", verdict="allow", **identity)
    assert not (world.work / "acted").exists()


def test_a_supervisor_stopped_for_a_while_costs_time_and_nothing_else(
    world: World, ledger: Ledger
) -> None:
    with rioting(world, ledger, *RIOT, *UNMARKED) as riot:
        os.kill(riot.supervisor, signal.SIGSTOP)
        try:
            wait_for(lambda: ledger.silent_for(0.5), "the lease to run out")
        finally:
            os.kill(riot.supervisor, signal.SIGCONT)
        assert ledger.hears_again()
        riot.key()
        riot.is_over()
        assert riot.receipt().left == ()


@pytest.mark.parametrize("road", ROADS)
def test_a_frozen_riot_can_be_killed_on_every_road(road: str, world: World, ledger: Ledger) -> None:
    with rioting(world, ledger, *RIOT, *UNMARKED) as riot:
        riot.person.types(F8)
        riot.person.sees("FROZEN")
        assert ledger.silent_for(0.5)
        getattr(riot, road)()
        riot.is_over()
        assert riot.receipt().left == ()


@contextmanager
def at_work(world: World, means: str, *argv: str) -> Iterator[Person]:
    """An agent that has this terminal to itself."""
    person = Person(world, "run", "--no-tui", "--containment", means, "--", *argv)
    try:
        wait_for(world.sessions, "the session")
        yield person
    finally:
        person.leaves()


def saw(person: Person, text: str) -> None:
    """Wait for the exact bytes."""
    wait_for(lambda: person.look() and text.encode() in person.raw, text)


def stand_still(client: Client) -> None:
    """Frozen and resumed once."""
    client.call("freeze")
    client.call("resume")


@pytest.mark.parametrize("means", MEANS)
def test_what_runs_in_a_shell_keeps_the_terminal(means: str, world: World) -> None:
    """A job that is stopped and continued unseen: its shell must not take the terminal back."""
    shell = at_work(world, means, "bash", "--norc", "-i")
    with shell as person, Client(places_of(world)) as client:
        person.types("echo re''ady; cat\r")
        saw(person, "ready\r\n")
        for turn in range(5):
            person.types(f"before-{turn}\r")
            saw(person, f"before-{turn}\r\nbefore-{turn}\r\n")
            stand_still(client)
            person.types(f"after-{turn}\r")
            saw(person, f"after-{turn}\r\nafter-{turn}\r\n")
        assert b"Stopped" not in person.raw


@pytest.mark.skipif(not shutil.which("vim"), reason="vim is not installed")
def test_an_editor_goes_on_where_it_was(world: World) -> None:
    world.env["TERM"] = "vt100"  # the test's own emulator is lost with more
    vim = at_work(world, "pidns", "vim", "-u", "NONE", "-N", "note")
    with vim as person, Client(places_of(world)) as client:
        person.sees("note")
        person.types("ihello")
        person.sees("hello")
        stand_still(client)
        person.types(" world\x1b:wq\r")
        wait_for((world.work / "note").exists, "the note")
        wait_for(lambda: (world.work / "note").read_text() == "hello world\n", "the text")
