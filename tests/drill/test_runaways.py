"""The drill's runaways and the ledgers they are counted by."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentwatch.containment import proc
from agentwatch.drill import ledger, runaway
from agentwatch.drill.ledger import Ledgers
from agentwatch.errors import AgentwatchError

PATIENCE = 20.0


def run(folder: Path) -> subprocess.Popen[bytes]:
    """The runaways, contained by nothing."""
    argv = [sys.executable, "-I", "-S", str(runaway.__file__), str(folder)]
    return subprocess.Popen(argv, start_new_session=True)


@pytest.fixture
def loose(ledgers: Ledgers) -> Iterator[Ledgers]:
    """All of them up; hunted down by what they hold, whatever the test did."""
    process = run(ledgers.folder)
    try:
        ledgers.wait_until_up()
        yield ledgers
    finally:
        ledgers.sweep()
        process.wait(PATIENCE)


def wait_until_nobody_holds(ledgers: Ledgers) -> None:
    until = time.monotonic() + PATIENCE
    while any(ledgers.holders().values()):
        assert time.monotonic() < until, ledgers.holders()
        time.sleep(0.02)


def test_every_runaway_is_counted_from_outside(loose: Ledgers) -> None:
    found = {name: len(each) for name, each in loose.holders().items()}
    hops = found.pop("hopper")
    expected = dict(runaway.SPEAKERS)
    del expected["hopper"]
    assert found == expected
    assert hops <= 2
    assert sum(found.values()) <= 60
    assert not loose.ended


def test_the_sweep_ends_them_all_and_touches_nobody_else(loose: Ledgers) -> None:
    with subprocess.Popen(["sleep", "60"]) as canary:
        loose.sweep()
        assert canary.poll() is None
        canary.kill()
    wait_until_nobody_holds(loose)


def test_they_end_when_nobody_listens_any_more(ledgers: Ledgers) -> None:
    """As when the drill was killed: all but the one that is stopped notice it by themselves."""
    process = run(ledgers.folder)
    ledgers.wait_until_up()
    held = ledgers.holders()
    (stopped,) = held.pop("stopped")
    ledgers.close()
    until = time.monotonic() + PATIENCE
    while alive := [one for each in held.values() for one in each if proc.alive(one)]:
        assert time.monotonic() < until, alive
        time.sleep(0.02)
    assert proc.alive(stopped)
    proc.send(stopped, 9)
    process.wait(PATIENCE)


def test_their_life_is_bounded(ledgers: Ledgers) -> None:
    """With a life of two seconds they all end, also the pair; only who is stopped cannot."""
    text = Path(runaway.__file__).read_text().replace("LIFE = 45.0", "LIFE = 2.0")
    script = ledgers.folder / "short.py"
    script.write_text(text)
    argv = [sys.executable, "-I", "-S", str(script), str(ledgers.folder)]
    with subprocess.Popen(argv, start_new_session=True) as process:
        until = time.monotonic() + PATIENCE
        while ledgers.ended.keys() != runaway.SPEAKERS.keys() - {"stopped"}:
            assert time.monotonic() < until, ledgers.ended
            ledgers.listen(0.05)
        (stopped,) = ledgers.holders()["stopped"]
        proc.send(stopped, 9)
        process.wait(PATIENCE)


def test_runaways_that_do_not_come_up_are_an_error(
    ledgers: Ledgers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "COMING_UP", 0.1)
    with pytest.raises(AgentwatchError, match="did not come up: agent, child"):
        ledgers.wait_until_up()


def test_every_runaway_has_words_an_act_and_a_number() -> None:
    assert runaway.WHAT.keys() == runaway.SPEAKERS.keys() == {"agent", *runaway.ACTS}


def test_closing_removes_the_folder() -> None:
    opened = Ledgers()
    assert opened.folder.stat().st_mode & 0o777 == 0o700
    opened.close()
    assert not opened.folder.exists()
