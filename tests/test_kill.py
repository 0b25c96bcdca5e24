"""The kill: order of its steps, honesty of its receipt, and what it refuses to need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentwatch import containment, kill as kill_module
from agentwatch.containment import COOKIE, Blow, Launch, Proc, Record, Running, proc
from agentwatch.errors import AgentwatchError
from agentwatch.kill import kill
from agentwatch.model import Receipt
from agentwatch.paths import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    places = Places("s", tmp_path / "run", tmp_path / "state")
    places.runtime.mkdir()
    places.state.mkdir()
    return places


@pytest.fixture
def running(places: Places) -> Iterator[Running]:
    """A shell with two sleeping children, in whatever contains best here."""
    null = os.open(os.devnull, os.O_RDWR)
    argv = ("sh", "-c", "sleep 60 & setsid sleep 60 & wait")
    cookie = f"cookie:{places.runtime}"
    stdio = (null, null, 2)
    launch = Launch("s", argv, dict(os.environ), "/", *stdio, False, cookie, places)
    running = containment.start(containment.best(), launch)
    until = time.monotonic() + 10
    while len(containment.members(running.record)) != 3:
        assert time.monotonic() < until
        time.sleep(0.005)
    yield running
    running.close()
    os.close(null)


def test_the_receipt_says_what_was_measured(places: Places, running: Running) -> None:
    receipt = kill(places, trigger="key", by="guard")
    assert (receipt.before, receipt.left, receipt.clean) == (3, (), True)
    assert (receipt.trigger, receipt.by, receipt.session) == ("key", "guard", "s")
    ms = receipt.ms
    assert 0 < ms["gate"] <= ms["signal"] <= ms["empty"] <= ms["look"] < 5000
    assert Receipt.from_json(json.loads(places.receipt.read_text())) == receipt
    assert places.receipt.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("means", "said"),
    [
        ("pidns", "KILLED 17 → 0 in 4 ms"),
        ("subreaper", "KILLED 17 → 0 in 4 ms"),
        ("portable", "KILLED 17, none found alive after 4 ms (best effort)"),
    ],
)
def test_only_a_means_that_can_prove_it_says_nobody_is_left(means: str, said: str) -> None:
    assert Receipt("s", "key", "guard", means, 17, (), {"empty": 4.2}).sentence() == said


def test_the_gate_is_shut_before_anything_else(
    places: Places, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    killing = containment.kill

    def watched(record: Record, until: float) -> Blow:
        seen.append(places.closed.exists())
        return killing(record, until)

    monkeypatch.setattr(containment, "kill", watched)
    kill(places, trigger="cli", by="cli")
    assert seen == [True]


def test_a_second_kill_returns_the_first_receipt(places: Places, running: Running) -> None:
    first = kill(places, trigger="cli", by="cli")
    assert kill(places, trigger="key", by="guard") == first


def test_without_a_record_the_gate_shuts_and_the_error_says_so(places: Places) -> None:
    with pytest.raises(AgentwatchError, match="no containment record"):
        kill(places, trigger="cli", by="cli")
    assert places.closed.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"v": 2}', '{"v": 1, "session": "s"}'])
def test_a_record_that_is_no_record_is_an_error(text: str, places: Places) -> None:
    places.containment.write_text(text)
    with pytest.raises(AgentwatchError, match="no containment record"):
        kill(places, trigger="cli", by="cli")


def test_a_receipt_that_cannot_be_written_costs_nothing(places: Places, running: Running) -> None:
    places.receipt.mkdir()
    assert kill(places, trigger="cli", by="cli").before == 3


def test_a_gate_that_cannot_be_shut_holds_no_kill_up(places: Places, running: Running) -> None:
    places.closed.mkdir()  # no file can be made there
    receipt = kill(places, trigger="cli", by="cli")
    assert (receipt.before, receipt.left) == (3, ())
    assert "gate" not in receipt.ms


def test_a_reused_pid_is_not_signalled(places: Places, running: Running) -> None:
    """The record names a start time; a bystander with the number has another."""
    with subprocess.Popen(["sleep", "60"]) as bystander:
        wrong = Proc(bystander.pid, 1)
        assert not proc.send(wrong, 9)
        with proc.handle(wrong) as opened:
            assert opened is None
        record = Record.from_json({**running.record.to_json(), "root": [bystander.pid, 1]})
        record = Record.from_json({**record.to_json(), "agent": [bystander.pid, 1]})
        record = Record.from_json({**record.to_json(), "helpers": [[bystander.pid, 1]]})
        record.write(places.containment)
        kill(places, trigger="cli", by="cli")
        assert bystander.poll() is None
        bystander.kill()


def test_who_left_the_containment_is_found_by_the_cookie(places: Places, running: Running) -> None:
    """As a job of at(1) would: started elsewhere, with the agent's environment."""
    env = {**os.environ, COOKIE: running.record.cookie}
    with subprocess.Popen(["sleep", "60"], env=env, start_new_session=True) as stray:
        receipt = kill(places, trigger="cli", by="cli")
        assert receipt.before == 4
        assert receipt.left == ()
        assert stray.wait(60) == -9


def test_a_survivor_is_named(
    places: Places, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    with subprocess.Popen(["sleep", "54321"]) as survivor:
        there = proc.identify(survivor.pid)
        assert there is not None
        blow = Blow(4, time.monotonic(), None, (there,))
        monkeypatch.setattr(containment, "kill", lambda record, until: blow)
        monkeypatch.setattr(kill_module, "PATIENCE", 0.1)
        receipt = kill(places, trigger="cli", by="cli")
        survivor.kill()
    assert not receipt.clean
    assert (receipt.left[0].pid, receipt.left[0].command) == (survivor.pid, "sleep 54321")
    assert receipt.left[0].started == there.started
    assert "empty" not in receipt.ms


def test_a_kill_from_inside_is_refused(
    places: Places, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen from inside, the numbers are others, and "nobody left" would be false."""
    monkeypatch.setenv(COOKIE, running.record.cookie)
    with pytest.raises(AgentwatchError, match="inside the session"):
        kill(places, trigger="cli", by="cli")
    assert running.poll() is None


def test_it_loads_nothing_it_does_not_need() -> None:
    """What is not loaded cannot be slow, broken or replaced when the kill is called for."""
    code = (
        "import sys; import agentwatch.kill;"
        "print(*[m for m in ('asyncio', 'textual', 'rich', 'click', 'psutil', 'socket',"
        " 'subprocess', 'ctypes', 'agentwatch.wire', 'agentwatch.gate') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
