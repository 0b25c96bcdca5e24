from __future__ import annotations

import os
import signal
import termios
import time
from pathlib import Path

import pytest

from tests.guard.person import Person

F9 = b"\x1b[20~"
CTRL_BACKSLASH = b"\x1c"


def test_keys_reach_the_screen_and_its_output_the_terminal(person: Person) -> None:
    person.supervised()
    person.start("plain")
    person.screen_pid()
    person.type(b"hello")
    person.sees(b"<68656c6c6f>")
    person.type(b"q")
    assert person.status() == 0
    assert b"toy-1 keeps running" in person.shown


@pytest.mark.parametrize("key", [F9, CTRL_BACKSLASH])
def test_a_kill_key_kills_and_does_not_reach_the_screen(person: Person, key: bytes) -> None:
    person.start()
    person.screen_pid()
    person.type(b"a" + key + b"b")
    person.sees(b"<6162>")
    assert [kill[1:] for kill in person.kills()] == [["key", "guard"]]
    person.type(b"q")
    assert person.status() == 137
    assert "KILLED 17 → 0 in 4 ms".encode() in person.shown


def test_survivors_are_named_without_their_escape_sequences(person: Person) -> None:
    person.start(how="survived")
    person.screen_pid()
    person.type(F9 + b"q")
    assert person.status() == 1
    assert "7 evil\N{REPLACEMENT CHARACTER}[2Jname".encode() in person.shown


@pytest.mark.parametrize(
    ("how", "said"),
    [("failing", b"there is no containment record"), ("broken", b"ZeroDivisionError()")],
)
def test_a_kill_that_raises_is_said_and_can_be_tried_again(
    person: Person, how: str, said: bytes
) -> None:
    person.start(how=how)
    person.screen_pid()
    person.type(F9)
    person.sees(b"THE KILL FAILED: " + said)
    person.type(F9)
    person.until(lambda: len(person.kills()) == 2)


def test_an_unhealthy_screen_does_not_keep_the_receipt_from_being_shown(person: Person) -> None:
    person.start("mute")
    person.screen_pid()
    person.type(F9)
    person.sees("KILLED 17 → 0 in 4 ms".encode())


def test_a_receipt_that_a_stopped_screen_cannot_show_is_shown_by_the_guard(
    person: Person,
) -> None:
    person.start()
    os.kill(person.screen_pid(), signal.SIGSTOP)
    person.type(F9)
    person.sees(b"\x1b[999;1H\x1b[2K\x1b[magentwatch: " + "KILLED 17 → 0 in 4 ms".encode())
    assert b"stopped answering" not in person.shown


def test_a_receipt_that_a_living_screen_shows_is_said_once_at_the_end(person: Person) -> None:
    person.start()
    person.screen_pid()
    person.type(F9)
    person.until(person.kills)
    until = time.monotonic() + 2.5  # longer than a silence that would make the guard speak
    person.until(lambda: time.monotonic() > until)
    assert b"KILLED" not in person.shown
    person.type(b"q")
    person.status()
    assert person.shown.count(b"KILLED") == 1


def test_the_inner_terminal_has_the_outer_ones_size_from_the_first_moment(person: Person) -> None:
    person.start()
    person.sees(b"<size 30x100>")


def test_a_resize_reaches_the_screen(person: Person) -> None:
    person.start()
    person.screen_pid()
    termios.tcsetwinsize(person.master, (17, 64))
    person.sees(b"<size 17x64>")


def test_the_kill_key_works_with_a_terminal_that_shows_nothing_any_more(person: Person) -> None:
    person.start("50")
    person.screen_pid()
    person.type(b"m")
    person.sees(b"0123456789abcde")
    # From here on nobody reads the terminal; wait until everything up to it is full.
    for count in range(1, 6):
        person.type(F9)
        person.until(lambda n=count: len(person.kills()) == n, looking=False)  # type: ignore[misc]


def test_a_flood_passes_unharmed(person: Person) -> None:
    person.start("50", "plain")
    person.screen_pid()
    person.type(b"m")
    person.sees(b"<flooded>")
    start = person.shown.index(b"0123456789abcde")
    flood = bytes(person.shown[start : person.shown.index(b"<flooded>")])
    assert flood == b"0123456789abcde\r\n" * ((50 << 20) // 16)


def test_the_guards_memory_stays_bounded_under_a_stalled_terminal(person: Person) -> None:
    person.start("50")
    person.screen_pid()
    person.type(b"m")
    person.sees(b"0123456789abcde")
    person.type(F9)
    person.until(person.kills, looking=False)
    before = _resident(person.pid())
    for count in range(2, 12):
        person.type(F9)
        person.until(lambda n=count: len(person.kills()) == n, looking=False)  # type: ignore[misc]
    assert _resident(person.pid()) - before < 2 << 20


def test_the_kill_key_works_with_a_stopped_screen(person: Person) -> None:
    person.start()
    os.kill(person.screen_pid(), signal.SIGSTOP)
    person.type(b"k" * 100_000)
    person.type(F9)
    person.until(person.kills)


def test_a_long_paste_reaches_a_slow_screen_whole(person: Person) -> None:
    person.start("plain")
    pid = person.screen_pid()
    os.kill(pid, signal.SIGSTOP)
    person.type(b"v" * 300_000)
    os.kill(pid, signal.SIGCONT)

    def got() -> int:
        lengths = [int(n) for n in _between(bytes(person.shown), b"<", b">") if n.isdigit()]
        return sum(lengths)

    person.until(lambda: got() >= 300_000 - 100)


def _between(text: bytes, left: bytes, right: bytes) -> list[bytes]:
    return [part.split(right)[0] for part in text.split(left)[1:]]


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
