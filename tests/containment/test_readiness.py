"""Whether the kill path is armed, said without killing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agentwatch.containment import COOKIE, Means, Proc, Record, members, proc, readiness
from agentwatch.kill import armed, kill
from agentwatch.paths import Places
from tests.containment.conftest import Start
from tests.containment.stage import Ledger, runaway, wait_until


def test_a_running_session_is_armed_and_stays_alive(
    means: Means, places: Places, ledger: Ledger, start: Start
) -> None:
    running = start(means, *runaway("plain", ledger.path))
    ledger.wait_for(4)
    before = members(running.record)
    assert armed(places) is None
    assert members(running.record) == before
    assert not places.closed.exists()
    assert kill(places, trigger="cli", by="test").clean


def test_a_frozen_session_is_armed(
    pidns: Means, places: Places, ledger: Ledger, start: Start
) -> None:
    record = start(pidns, *runaway("plain", ledger.path)).record
    assert record.root is not None
    os.kill(record.root.pid, signal.SIGSTOP)
    os.kill(record.helpers[0].pid, signal.SIGSTOP)
    assert armed(places) is None
    assert kill(places, trigger="cli", by="test").clean


def test_without_a_record_it_is_not(places: Places) -> None:
    assert "no containment record" in str(armed(places))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"v": 9}'])
def test_with_a_record_that_cannot_be_used_it_is_not(text: str, places: Places) -> None:
    places.containment.write_text(text)
    assert "no containment record" in str(armed(places))


@pytest.fixture
def record(places: Places) -> Record:
    """A record in which every process is a live one of ours: this one, and its parent."""
    this, parent = proc.identify(os.getpid()), proc.identify(os.getppid())
    assert this is not None
    assert parent is not None
    written = Record(
        session=places.id,
        means="pidns",
        grade="A",
        cookie="cookie",
        supervisor=this,
        root=this,
        helpers=(this,),
        agent=this,
        runtime=str(places.runtime),
        state=str(places.state),
    )
    written.write(places.containment)
    return written


def test_a_record_that_fits_is_armed(places: Places, record: Record) -> None:
    assert record.session == places.id
    assert armed(places) is None


def test_another_sessions_record_is_not_this_ones(places: Places, record: Record) -> None:
    replace(record, session="other-1").write(places.containment)
    assert "another session's" in str(armed(places))


@pytest.mark.parametrize("role", ["supervisor", "root", "helpers"])
def test_a_number_that_was_given_to_another_process_is_seen(
    role: str, places: Places, record: Record
) -> None:
    reused = Proc(os.getpid(), 1)
    changed = {
        "supervisor": replace(record, supervisor=reused),
        "root": replace(record, root=reused),
        "helpers": replace(record, helpers=(reused,)),
    }
    changed[role].write(places.containment)
    assert "another process has its number" in str(armed(places))


@pytest.mark.parametrize("role", ["supervisor", "root", "helpers"])
def test_a_dead_process_on_the_way_is_named(role: str, places: Places, record: Record) -> None:
    """Also as a zombie: that one has its number still."""
    with subprocess.Popen(["sleep", "60"]) as process:
        dead = proc.identify(process.pid)
        assert dead is not None
        changed = {
            "supervisor": replace(record, supervisor=dead),
            "root": replace(record, root=dead),
            "helpers": replace(record, helpers=(dead,)),
        }
        changed[role].write(places.containment)
        assert armed(places) is None
        process.kill()
        assert wait_until(lambda: not proc.alive(dead))
        assert f"({dead.pid}) is gone" in str(armed(places))
    assert f"({dead.pid}) is gone" in str(armed(places))


def test_one_that_may_not_be_signalled_is_named(
    places: Places, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert record.root is not None
    monkeypatch.setattr(proc, "send", lambda one, number: False)
    assert "cannot be signalled" in str(armed(places))


def test_only_signal_0_is_ever_sent(
    places: Places, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert record.root is not None
    sent: list[int] = []

    def send(one: Proc, number: int) -> bool:
        sent.append(number)
        return True

    monkeypatch.setattr(proc, "send", send)
    assert armed(places) is None
    assert sent == [0, 0, 0]


def test_from_inside_nothing_is_promised(
    places: Places, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(COOKIE, record.cookie)
    assert "inside the session" in str(armed(places))


def test_a_stopped_guard_would_not_see_the_key(places: Places, record: Record) -> None:
    assert record.session == places.id
    text = "import time\n# from agentwatch.guard.entry import run\ntime.sleep(60)"
    argv = [sys.executable, "-I", "-S", "-c", text, "roots", places.id, "screen"]
    with subprocess.Popen(argv) as guard:
        try:
            assert wait_until(
                lambda: [one.pid for one in readiness.guards(places.id)] == [guard.pid]
            )
            assert armed(places) is None
            guard.send_signal(signal.SIGSTOP)
            assert wait_until(lambda: "would not see the key" in str(armed(places)))
        finally:
            guard.kill()


def test_the_real_guards_command_line_is_known(places: Places) -> None:
    """The look at /proc and the guard's own way to start must not drift apart."""
    from agentwatch import guard

    argv = guard.command(places.id, ["screen"])
    assert "agentwatch.guard.entry" in argv[4]
    assert argv[6] == places.id
    assert Path(argv[0]).exists()
