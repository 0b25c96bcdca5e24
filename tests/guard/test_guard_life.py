"""Screens that die, hang or never start, and how the guard itself ends."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.guard.person import Person

F9 = b"\x1b[20~"
UNDONE = b"\x18\x1b[m\x1b[?25h\x1b[<u\x1b[?2004l\x1b[?1000l\x1b[?1049l"
SAYS = b"F9 and ctrl+\\ still kill; starting it again\r\n"


def gone(pid: int) -> bool:
    """Whether a process is dead, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def parent(pid: int) -> int:
    """The parent of a process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_crashed_screen_is_said_in_one_line_and_started_again(person: Person) -> None:
    person.start()
    person.screen_pid()
    person.type(b"x")
    person.screen_pid(run=2)
    assert UNDONE + b"\r\x1b[Kagentwatch: the screen ended (status 3); " + SAYS in person.shown
    person.type(F9)
    person.until(person.kills)
    person.type(b"q")
    assert person.status() == 137
    assert person.restored()


def test_a_killed_screen_is_started_again(person: Person) -> None:
    person.start()
    os.kill(person.screen_pid(), signal.SIGKILL)
    person.screen_pid(run=2)
    assert b"the screen ended (status 137); " + SAYS in person.shown


@pytest.mark.parametrize("manner", ["stuck", "stopped", "deaf"])
def test_a_screen_that_hangs_is_killed_and_replaced_and_the_key_works_all_along(
    person: Person, manner: str
) -> None:
    person.start(*(["deaf"] if manner == "deaf" else []), late=1.5)
    pid = person.screen_pid()
    person.until(lambda: b"<size" in person.shown)
    if manner == "stopped":
        os.kill(pid, signal.SIGSTOP)
    else:
        person.type(b"z")
    person.type(F9)
    person.until(person.kills)
    person.screen_pid(run=2)
    assert b"agentwatch: the screen stopped answering; " + SAYS in person.shown
    person.until(lambda: gone(pid))
    person.type(F9)
    person.until(lambda: len(person.kills()) == 2)


def test_a_screen_whose_only_beat_came_with_the_kill_key_is_still_found_hanging(
    person: Person,
) -> None:
    person.start("once", late=1.5)
    person.until((person.root / "here").exists)
    os.kill(person.pid(), signal.SIGSTOP)
    (person.root / "go").touch()
    person.until((person.root / "drawn").exists)
    person.type(b"z" + F9)
    os.kill(person.pid(), signal.SIGCONT)
    person.until(person.kills)
    person.sees(b"agentwatch: the screen stopped answering; " + SAYS)


def test_a_stalled_terminal_is_no_reason_to_replace_the_screen(person: Person) -> None:
    person.start("8", late=1.0)
    pid = person.screen_pid()
    person.type(b"m")
    person.sees(b"0123456789abcde")
    until = time.monotonic() + 2.5  # the time itself is the condition
    person.until(lambda: time.monotonic() > until, looking=False)
    assert not gone(pid)
    person.sees(b"<flooded>")
    assert b"stopped answering" not in person.shown


def test_a_screen_that_keeps_dying_is_done_without_and_the_key_still_kills(person: Person) -> None:
    person.start("crash")
    person.sees(b"again and again")
    assert person.shown.count(SAYS) == 3
    assert person.shown.count(b"<pid ") == 4
    assert b"`agentwatch watch toy-1`" in person.shown
    person.type(b"\x1b[20")
    person.type(b"~")
    person.sees("KILLED 17 → 0".encode())
    assert person.status() == 137


@pytest.mark.parametrize("key", [b"q", b"\x03", b"\x11"])
def test_without_a_screen_a_key_leaves(person: Person, key: bytes) -> None:
    person.supervised()
    person.start("crash")
    person.sees(b"again and again")
    person.type(b"abc\r ")
    person.type(key)
    assert person.status() == 0
    assert b"left: toy-1 keeps running, pending stays held" in person.shown


def test_without_a_screen_the_end_of_the_session_ends_the_guard(person: Person) -> None:
    person.start("crash")
    person.sees(b"again and again")
    person.session("exited", 7)
    assert person.status() == 7


def test_a_screen_that_cannot_be_started_is_done_without(person: Person) -> None:
    person.start("--", "/nonexistent/screen")
    person.sees(b"again and again")
    assert b"cannot start /nonexistent/screen: No such file" in person.shown
    person.type(F9)
    assert person.status() == 137


def test_no_room_for_another_process_leaves_the_kill_key(person: Person) -> None:
    person.start(how="unforkable")
    person.sees(b"again and again")
    assert b"the screen cannot be started" in person.shown
    person.type(F9)
    assert person.status() == 137


def test_a_fault_in_the_relay_costs_the_screen_and_not_the_kill_key(person: Person) -> None:
    person.start(how="unshown")
    person.sees(b"again and again")
    assert b"the guard met ZeroDivisionError()" in person.shown
    person.type(F9)
    assert person.status() == 137


def test_a_guard_that_cannot_go_on_restores_the_terminal_and_ends_the_screen(
    person: Person,
) -> None:
    person.start(how="faulty")
    assert person.status() == 1
    assert b"ZeroDivisionError" in person.shown
    assert person.restored()


def test_a_child_from_before_is_reaped_so_that_a_dead_supervisor_is_seen_as_dead(
    person: Person,
) -> None:
    person.start(how="parent")
    person.screen_pid()
    child = (person.root / "child").read_text()
    person.until(lambda: not Path("/proc", child).exists())
    person.type(b"hello")
    person.sees(b"<68656c6c6f>")


def test_a_screen_that_dies_with_the_session_is_not_started_again(person: Person) -> None:
    person.start()
    person.screen_pid()
    person.session("exited", 5)
    person.type(b"x")
    assert person.status() == 5
    assert b"starting it again" not in person.shown


@pytest.mark.parametrize(
    ("state", "status", "expected"), [("exited", 0, 0), ("exited", 3, 3), ("killed", None, 137)]
)
def test_the_exit_status_is_the_agents(
    person: Person, state: str, status: int | None, expected: int
) -> None:
    person.session(state, status)
    person.start()
    person.screen_pid()
    person.type(b"q")
    assert person.status() == expected
    assert b"left:" not in person.shown


def test_leaving_a_session_without_supervisor_says_so(person: Person) -> None:
    person.start()
    person.screen_pid()
    person.type(b"q")
    assert person.status() == 4
    assert b"toy-1's supervisor is gone; `agentwatch kill toy-1`" in person.shown


def test_leaving_a_session_of_unknown_state_says_so(person: Person) -> None:
    (person.root / "state" / "session.json").write_text("{torn")
    person.start()
    person.screen_pid()
    person.type(b"q")
    assert person.status() == 4
    assert b"the state of toy-1 cannot be read" in person.shown


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_end_restores_the_terminal_and_ends_the_screen(
    person: Person, number: int
) -> None:
    person.start("deaf")
    pid = person.screen_pid()
    person.sees(b"\x1b[?25l")
    os.kill(person.pid(), number)
    assert person.status() == 128 + number
    person.until(lambda: gone(pid))
    assert UNDONE in person.shown
    assert person.restored()


def test_a_closed_terminal_ends_the_guard_and_its_screen(person: Person) -> None:
    person.start("deaf")
    pid = person.screen_pid()
    person.hang_up()
    process = person.process
    assert process is not None
    assert process.wait(60) == 129
    person.until(lambda: gone(pid), looking=False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP])
def test_signals_of_the_keyboard_do_not_end_or_stop_the_guard(person: Person, number: int) -> None:
    person.start_from_shell()  # on its own the guard would be an orphan, which cannot be stopped
    os.kill(parent(person.screen_pid()), number)
    person.type(F9)
    person.until(person.kills)


def test_the_shell_goes_on_after_the_guard(person: Person) -> None:
    person.start_from_shell()
    person.screen_pid()
    person.type(F9 + b"q")
    person.sees(b"ended with 137")
    person.type(b"echo still $((40 + 2)) here\n")
    person.sees(b"still 42 here")


def test_a_guard_that_was_stopped_is_back_when_it_continues(person: Person) -> None:
    person.start()
    person.screen_pid()
    os.kill(person.pid(), signal.SIGSTOP)
    os.kill(person.pid(), signal.SIGCONT)
    person.type(F9)
    person.until(person.kills)


def test_ctrl_c_and_ctrl_z_are_keys_like_others(person: Person) -> None:
    person.start()
    person.screen_pid()
    person.type(b"\x03\x1a")
    person.sees(b"<031a>")


def test_the_users_shell_gets_its_terminal_back_in_blocking_mode(person: Person) -> None:
    person.start()
    person.screen_pid()
    person.type(b"q")
    person.status()
    assert not fcntl.fcntl(person.slave, fcntl.F_GETFL) & os.O_NONBLOCK


def test_the_screen_starts_with_default_signals_and_its_heartbeat_pipe_only(
    person: Person,
) -> None:
    look = (
        "grep Sig[BIC] /proc/self/status; ls /proc/self/fd | tr '\\n' ' '; echo; "
        "echo beat $AGENTWATCH_BEAT; echo sizes from before: [$LINES$COLUMNS]; tty; sleep 60"
    )
    person.start("--", "sh", "-c", look)
    person.sees(b"/dev/pts/")
    lines = person.shown.decode().splitlines()
    caught = {line.split(":")[0]: int(line.split()[1], 16) for line in lines if "Sig" in line}
    harmless = 1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)
    assert caught["SigBlk"] == 0
    ordinary = (1 << 31) - 1  # above lie the C library's own
    assert caught["SigIgn"] & ordinary & ~harmless == 0
    beat = next(line.split()[1] for line in lines if line.startswith("beat"))
    fds = next(line.split() for line in lines if line.startswith("0 1 2"))
    assert "sizes from before: []" in lines  # they would hide every later size
    # One more is the folder that `ls` itself reads.
    assert beat in fds
    assert len(set(fds) - {"0", "1", "2", beat}) == 1, fds


def test_a_module_in_the_agents_folder_is_not_run_by_the_screen(person: Person) -> None:
    """It would run outside of the containment."""
    (person.root / "locale.py").write_text("print('the agent was here')")
    person.start("--", sys.executable, "-m", "calendar", "2024", "2")
    person.until(lambda: b"February 2024" in person.shown)
    assert b"the agent was here" not in person.shown
