"""`agentwatch demo` as a person sees it: their terminal, their keys."""

from __future__ import annotations

import re
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.person import F9, Person
from tests.e2e.world import World
from tests.waiting import wait_for


@pytest.fixture
def person() -> Iterator[Person]:
    """A fresh user's; the folder's name is short because socket paths must be."""
    folder = Path(tempfile.mkdtemp(prefix="aw"))
    world = World(folder)
    world.env["TMPDIR"] = str(world.work)
    here = Person(world, "demo", rows=32, cols=110)
    try:
        yield here
        assert list(world.work.iterdir()) == [], "the demo's folder is gone"
    finally:
        here.leaves()
        world.end()
        shutil.rmtree(folder, ignore_errors=True)


def begin(person: Person) -> None:
    """Read what will happen, and start it."""
    intro = person.sees("Enter starts it")
    assert "only the kill stops that one" in intro
    person.types("\r")
    person.sees(r"“ Your fridge")


def printed(person: Person) -> str:
    """Everything that was ever printed, less colours and cursor movements."""
    return re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", person.raw).decode()


def lets_it_go_on(person: Person) -> None:
    """Deny the burst, and what is left of it as it comes, until the helper is at work."""

    def helps() -> bool:
        text = person.look()
        if "One question for all" in text:
            person.types("d")
        elif "Nothing waits because of it" in text:
            person.types("r")
            time.sleep(0.5)  # a person's pace: every key starts the quiet time anew
        return "helper (" in text

    wait_for(helps, "the helper to delete", within=40)


def test_a_person_approves_sees_it_go_wrong_and_kills(person: Person) -> None:
    begin(person)
    person.approves()
    person.sees(r"“ LAST CHANCE")
    person.types("d")
    person.sees(r"“ Photos")
    person.types("d")
    person.sees(r"One question for all")
    lets_it_go_on(person)
    person.types(F9)
    person.sees(r"→ 0 in")
    person.types("q")

    assert person.status() == 0
    said = printed(person)
    assert "deleted with your approval  1\r\n" in said
    assert re.search(r"denied by you               [1-3]\d, still there: [1-3]\d", said)
    assert re.search(r"deleted behind your back    [1-9]", said)
    assert re.search(r"the kill                    KILLED [1-9]\d* → 0 in", said)
    assert "deleted after the kill      none" in said


def test_leaving_the_screen_ends_the_demo_and_its_agent(person: Person) -> None:
    begin(person)
    person.types("q")

    assert person.status() == 0
    said = printed(person)
    assert "left                        40" in said
    assert re.search(r"the kill                    KILLED [1-9]\d* → 0 in", said)


def test_a_closed_terminal_ends_the_demo_and_its_agent(person: Person) -> None:
    begin(person)
    spawned: Any = person.spawned  # its own `close` would also signal the process
    spawned.ptyproc.fileobj.close()

    wait_for(lambda: not person.spawned.isalive(), "the demo to end")
    assert person.spawned.exitstatus == 128 + signal.SIGHUP
    assert [one["state"] for one in person.world.json("ls") if one["state"] != "killed"] == []


def test_a_sigterm_kills_the_agent_at_once(person: Person) -> None:
    """The screen stays, to be read, until the person leaves it."""
    begin(person)
    person.spawned.kill(signal.SIGTERM)
    person.sees(r"→ 0 in")
    person.types("q")

    assert person.status() == 128 + signal.SIGTERM
