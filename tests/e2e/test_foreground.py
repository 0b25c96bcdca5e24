"""`run --no-tui` at a terminal: it is the agent's, and the kill key is still ours."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.person import CTRL_BACKSLASH, F9, Person
from tests.e2e.world import World, contained
from tests.waiting import wait_for


@contextmanager
def in_front(world: World, *argv: str) -> Iterator[Person]:
    """An agent in the foreground of a terminal."""
    person = Person(world, "run", "--no-tui", "--", *argv)
    try:
        wait_for(lambda: person.look() and b"agentwatch: session" in person.raw, "the session")
        yield person
    finally:
        person.leaves()


def test_the_agent_has_the_terminal_at_its_full_size(world: World) -> None:
    with in_front(world, "sh", "-i") as person:
        person.types("echo $((40+2))-$(stty size | tr ' ' x)\r")
        person.sees("42-24x80")
        person.types("exit 7\r")
        assert person.status() == 7


@pytest.mark.parametrize("key", [F9, CTRL_BACKSLASH], ids=["F9", "ctrl+backslash"])
def test_the_kill_key_kills(world: World, key: str) -> None:
    with in_front(world, "sh", "-c", "sleep 60 & sleep 60") as person:
        session = world.session()["id"]
        person.types(key)
        assert person.status() == 137
        assert contained(session) == 0
        assert re.search(r"KILLED \d+ → 0 in \d+ ms", person.look())


def test_the_kill_key_works_under_a_flood(world: World) -> None:
    with in_front(world, "yes", "deleting") as person:
        person.sees("deleting")
        session = world.session()["id"]
        person.types(F9)
        assert person.status() == 137
        assert contained(session) == 0


def test_ctrl_c_is_the_agents(world: World) -> None:
    caught = "import signal, sys\nsignal.signal(2, lambda *_: sys.exit(5))\nprint('UP')\n"
    script = world.script("caught.py", caught + "signal.pause()\n")
    with in_front(world, sys.executable, "-u", str(script)) as person:
        person.sees("UP")
        person.types("\x03")
        assert person.status() == 5


def test_another_shell_decides(world: World) -> None:
    asks = "from agentwatch import propose\npropose('delete', path='x')\nprint('WENT')\n"
    with in_front(world, sys.executable, str(world.script("asks.py", asks))) as person:
        (action,) = world.pending()
        world.call("approve", action["id"])
        person.sees("WENT")
        assert person.status() == 0
    shown = json.loads(world.call("show", action["id"], "--json").stdout)
    assert shown["decision"]["by"] == "person:cli"


def test_the_terminal_is_given_back_as_it_was(world: World) -> None:
    """Raw mode and whatever modes the agent left on are undone."""
    leaves_on = "printf '\\033[?1049h\\033[?1000h\\033[?25l'"
    with in_front(world, "sh", "-c", leaves_on) as person:
        assert person.status() == 0
        tail = person.raw[-400:]
        assert b"\x1b[?1049l" in tail
        assert b"\x1b[?1000l" in tail
        assert b"\x1b[?25h" in tail


def test_input_in_a_pipe_reaches_the_agent(world: World) -> None:
    done = wait_for(lambda: world.piped("in the pipe\n", "run", "--no-tui", "--", "cat"), "cat")
    assert done == "in the pipe\n"
