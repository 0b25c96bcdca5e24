"""A session whose supervisor is gone: told from a live one, and brought to its end once."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from agentwatch import lost
from agentwatch.commands import sessions
from agentwatch.containment import Proc, Record, proc
from agentwatch.containment.base import write_private
from agentwatch.journal import Journal, read
from agentwatch.model import Receipt, Survivor
from agentwatch.paths import Places

GONE = Proc(2**22 - 1, 1)
KILLED = Receipt("s-1", "cli", "cli", "pidns", 3, (), {"empty": 4.0})
SESSION = {
    "id": "s-1", "name": "s", "argv": ["sh"], "workspace": "/w", "state": "running", "pid": 7,
    "supervisor_pid": GONE.pid, "grade": "A", "containment": "pidns", "coverage": {},
    "mode": "ask", "pending": 2, "pids": 3, "started_at": 1.0,
}  # fmt: skip


@pytest.fixture
def places(tmp_path: Path) -> Places:
    places = Places("s-1", tmp_path / "run" / "s-1", tmp_path / "state")
    places.create()
    places.session.write_text(json.dumps(SESSION))
    with Journal.open(places.journal, "s-1") as journal:
        journal.append("session", {"argv": ["sh"]})
    supervised_by(places, GONE)
    return places


def supervised_by(places: Places, supervisor: Proc) -> None:
    none = f"nobody-{places.runtime}"
    record = Record("s-1", "pidns", "A", none, supervisor, GONE, (), GONE, "/x", "/y")
    write_private(places.containment, json.dumps(record.to_json()).encode())


def test_the_record_gets_the_kill_and_the_session_is_over(places: Places) -> None:
    assert lost.lost(places)
    assert lost.settle(places, KILLED) == ""
    *_, kill, ended = read(places.journal)
    assert (kill.type, Receipt.from_json(kill.data)) == ("kill", KILLED)
    assert (ended.type, ended.data["state"]) == ("ended", "killed")
    known = sessions.last_known(places)
    assert (known.state, known.pids, known.pending, known.exit) == ("killed", 0, 0, 137)
    assert not places.runtime.exists()


def test_a_session_whose_supervisor_lives_is_left_alone(places: Places) -> None:
    us = proc.identify(os.getpid())
    assert us is not None
    supervised_by(places, us)
    assert not lost.lost(places)
    lost.settle(places, KILLED)
    assert places.runtime.exists()
    assert [entry.type for entry in read(places.journal)] == ["session"]


def test_one_whose_record_is_still_being_written_is_left_alone(places: Places) -> None:
    """Its supervisor may be out of sight: in another namespace, say."""
    with Journal.open(places.journal, "s-1"):
        lost.settle(places, KILLED)
    assert places.runtime.exists()


def test_one_with_survivors_stays_to_be_killed_again(places: Places) -> None:
    left = Receipt("s-1", "cli", "cli", "pidns", 3, (Survivor(7, 1, "x"),), {})
    lost.settle(places, left)
    assert places.runtime.exists()


def test_a_record_that_cannot_take_the_kill_is_said(places: Places) -> None:
    text = places.journal.read_bytes()
    places.journal.write_bytes(text.replace(b'"sh"', b'"xx"'))
    assert "damaged" in lost.settle(places, KILLED)
    assert not places.runtime.exists()


def test_a_session_that_is_over_and_only_looked_at_stands_in_no_way(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = Places("s-2", tmp_path / "run" / "s-2", tmp_path / "other")
    over.create()
    over.session.write_text(json.dumps({**SESSION, "id": "s-2", "state": "exited"}))
    monkeypatch.setattr(sessions, "live_places", lambda: [over, places])
    assert sessions.live(None) == places
    assert sessions.live("s-2") == over


def test_a_killed_session_is_not_called_running_though_its_supervisor_hangs(places: Places) -> None:
    us = proc.identify(os.getpid())
    assert us is not None
    supervised_by(places, us)
    assert sessions.snapshot(places).state == "running"
    write_private(places.receipt, json.dumps(KILLED.to_json()).encode())
    places.closed.touch()
    found = sessions.snapshot(places)
    assert (found.state, found.pids) == ("killed", 0)
