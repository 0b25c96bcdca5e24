"""The main job at a real terminal: look, decide, attach, kill."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.person import CTRL_BACKSLASH, CTRL_BRACKET, F8, F9, Person
from tests.e2e.world import World, contained
from tests.waiting import wait_for

INBOX = """
import os, time
from agentwatch import Denied, propose
for name in "abc":
    print("looking at", name, flush=True)
    try:
        propose("delete", path=name, words="nobody reads this")
        open("did-" + name, "w").close()
        print("DELETED", name, flush=True)
    except Denied as error:
        print("KEPT", name, "because", error.reason, flush=True)
time.sleep(120)
"""


@contextmanager
def at_terminal(
    world: World, *argv: str, rows: int = 24, cols: int = 80, options: tuple[str, ...] = ()
) -> Iterator[Person]:
    """`agentwatch run` at a terminal; the window is closed afterwards."""
    person = Person(world, "run", *options, "--", *argv, rows=rows, cols=cols)
    try:
        person.sees(r"RUNNING")
        yield person
    finally:
        person.leaves()


@pytest.fixture
def inbox(world: World) -> tuple[str, str]:
    """An agent that asks three times."""
    return sys.executable, str(world.script("inbox.py", INBOX))


def test_a_person_approves_denies_and_kills(world: World, inbox: tuple[str, str]) -> None:
    with at_terminal(world, *inbox) as person:
        person.sees("delete .*/a")
        person.approves()
        wait_for((world.work / "did-a").exists, "the approved deletion")
        person.sees(r"delete .*/b")
        person.types("d")
        person.sees(r"delete .*/c")
        assert not (world.work / "did-b").exists()
        session = world.session()["id"]
        person.types(F9)
        person.sees(r"KILLED \d+ → 0 in \d+ ms")
        assert contained(session) == 0
        person.types("q")
        assert person.status() == 137
        assert re.search(r"KILLED \d+ → 0", person.raw.decode(errors="replace")[-2000:])
    assert not (world.work / "did-c").exists()
    assert world.call("log", session, "--verify").returncode == 0


def test_a_reason_typed_in_reaches_the_agent(world: World, inbox: tuple[str, str]) -> None:
    with at_terminal(world, *inbox, rows=36, cols=120) as person:
        person.sees("delete .*/a")
        person.types("n")
        person.sees("(?i)because|reason")
        person.types("ask me on Monday\r")
        person.sees("KEPT a because ask me on Monday")


@pytest.mark.parametrize("key", [F9, CTRL_BACKSLASH], ids=["F9", "ctrl+backslash"])
@pytest.mark.parametrize("place", ["main", "box", "help", "attached"])
def test_the_kill_key_works_everywhere(
    world: World, inbox: tuple[str, str], key: str, place: str
) -> None:
    with at_terminal(world, *inbox) as person:
        person.sees("delete .*/a")
        session = world.session()["id"]
        opening = {"main": "", "box": "n", "help": "?", "attached": "t"}[place]
        if opening:
            before = person.look()
            person.types(opening)
            wait_for(lambda: person.look() != before, "another screen")
        person.types(key)
        wait_for(lambda: contained(session) == 0, "the tree to be gone")
        person.sees("KILLED")


@pytest.mark.parametrize("trouble", ["stopped", "killed"])
def test_the_kill_key_needs_no_healthy_screen(
    world: World, inbox: tuple[str, str], trouble: str
) -> None:
    with at_terminal(world, *inbox) as person:
        person.sees("delete .*/a")
        session = world.session()["id"]
        os.kill(person.screen_pid(), signal.SIGSTOP if trouble == "stopped" else signal.SIGKILL)
        person.types(F9)
        wait_for(lambda: contained(session) == 0, "the tree to be gone")


def test_the_kill_key_needs_no_supervisor(world: World, inbox: tuple[str, str]) -> None:
    with at_terminal(world, *inbox) as person:
        person.sees("delete .*/a")
        session = world.session()
        os.kill(session["supervisor_pid"], signal.SIGSTOP)
        try:
            person.types(F9)
            wait_for(lambda: contained(session["id"]) == 0, "the tree to be gone")
        finally:
            os.kill(session["supervisor_pid"], signal.SIGCONT)


def test_the_kill_key_works_under_a_flood(world: World) -> None:
    with at_terminal(world, "yes", "deleting") as person:
        person.sees("deleting")
        session = world.session()["id"]
        person.types(F9)
        wait_for(lambda: contained(session) == 0, "the tree to be gone")
        person.sees("KILLED")


def test_a_screen_that_dies_comes_back_and_nothing_was_let_through(
    world: World, inbox: tuple[str, str]
) -> None:
    with at_terminal(world, *inbox) as person:
        person.sees("delete .*/a")
        first = person.screen_pid()
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: person.look() and person.screen_pid() != first, "another screen")
        person.sees("delete .*/a")
        assert len(world.json("pending")) == 1
        assert not (world.work / "did-a").exists()
        person.approves()
        wait_for((world.work / "did-a").exists, "the approved deletion")


def test_leaving_keeps_everything_and_watch_comes_back(
    world: World, inbox: tuple[str, str]
) -> None:
    with at_terminal(world, *inbox) as person:
        person.sees("delete .*/a")
        person.types("q")
        assert person.status() == 0
    assert len(world.json("pending")) == 1
    back = Person(world, "watch")
    try:
        back.sees("delete .*/a")
        back.approves()
        wait_for((world.work / "did-a").exists, "the approved deletion")
    finally:
        back.leaves()


def test_closing_the_window_keeps_the_agent_held(world: World, inbox: tuple[str, str]) -> None:
    with at_terminal(world, *inbox) as person:
        person.sees("delete .*/a")
    assert [item["state"] for item in world.json("ls")] == ["running"]
    assert len(world.json("pending")) == 1


def test_f8_freezes_and_r_resumes(world: World, inbox: tuple[str, str]) -> None:
    with at_terminal(world, *inbox) as person:
        person.sees("delete .*/a")
        person.types(F8)
        person.sees("FROZEN")
        assert world.session()["state"] == "frozen"
        person.resumes()


def test_an_interactive_agent_is_used_through_attach(world: World) -> None:
    with at_terminal(world, "sh", "-i") as person:
        before = person.look()
        person.types("t")
        wait_for(lambda: person.look() != before, "the agent's screen")
        person.types("echo $((40+2))-$(stty size | tr ' ' x)\r")
        person.sees("42-23x80")
        person.types(CTRL_BRACKET)
        person.sees("RUNNING")
        person.types("q")
        person.status()


@pytest.mark.parametrize(("rows", "cols"), [(24, 80), (16, 80), (36, 120)])
def test_the_card_is_readable_at_every_size(
    world: World, inbox: tuple[str, str], rows: int, cols: int
) -> None:
    with at_terminal(world, *inbox, rows=rows, cols=cols) as person:
        shown = person.sees("delete .*/a")
        last = shown.splitlines()[-1]
        assert "F9 KILL" in last
        assert "RUNNING" in shown.splitlines()[0]
        person.approves()
        wait_for((world.work / "did-a").exists, "the approved deletion")


def test_a_planted_button_is_plain_text(world: World) -> None:
    nasty = (
        "from agentwatch import propose\n"
        "propose('exec', command=\"[@click=app.approve]ls[/] \\x1b]0;gotcha\\x07\", "
        "words='[@click=app.approve]click me[/]')\n"
    )
    with at_terminal(world, sys.executable, str(world.script("nasty.py", nasty))) as person:
        shown = person.sees("@click=app.approve")
        assert "gotcha" in shown or "gotcha" in person.look()
        assert b"\x1b]0;gotcha" not in person.raw


@pytest.mark.parametrize(
    ("means", "words"), [("keep", "keeps running"), ("freeze", "will be frozen")]
)
def test_leaving_says_once_what_it_means(
    world: World, inbox: tuple[str, str], means: str, words: str
) -> None:
    with at_terminal(world, *inbox, options=("--on-detach", means)) as person:
        person.sees("delete .*/a")
        person.types("q")
        assert person.status() == 0
        said = person.raw.decode(errors="replace")[-400:]
        assert said.count("agentwatch watch") == 1
        assert words in said
