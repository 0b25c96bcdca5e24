"""A session's mode: recorded before it counts, stricter at once, looser once all have heard."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace
from typing import Any

import pytest

from agentwatch.channels.kernel import gatehouse
from agentwatch.channels.kernel.gatehouse import Gatehouse
from agentwatch.errors import AgentwatchError
from agentwatch.model import Mode, Reversibility, Verdict
from agentwatch.policy import Judgement
from agentwatch.supervisor.config import Config
from agentwatch.supervisor.modes import Modes, moded

CONFIG = Config("s-1", "s", "/r", "/s", ("x",), {}, "/w", "/w")
ASKED = Judgement(None, Reversibility.IRREVERSIBLE, ("why",), None, ())


class Log:
    """What was written, and a disk that may be full."""

    def __init__(self) -> None:
        self.lines: list[Any] = []
        self.full = False

    def __call__(self, kind: str, data: Any) -> None:
        if self.full:
            raise OSError("full")
        self.lines.append((kind, data))


def test_a_change_is_recorded_before_anybody_hears_of_it() -> None:
    log = Log()
    modes = Modes(CONFIG, log)
    heard: list[Any] = []
    modes.elsewhere = lambda *change: heard.append((change, list(log.lines), modes.now))
    modes.change(Mode.WATCH, "person:cli")
    said = ("mode", {"from": "ask", "to": "watch", "by": "person:cli"})
    assert heard == [((Mode.ASK, Mode.WATCH), [said], Mode.ASK)]
    assert modes.now is Mode.WATCH
    modes.change(Mode.LOCKED, "person:cli")
    assert heard[1][2] is Mode.LOCKED
    modes.change(Mode.LOCKED, "person:cli")
    assert len(heard) == len(log.lines) == 2


@pytest.mark.parametrize("to", [Mode.WATCH, Mode.LOCKED])
def test_what_cannot_be_recorded_does_not_change(to: Mode) -> None:
    log = Log()
    log.full = True
    modes = Modes(CONFIG, log)
    with pytest.raises(OSError, match="full"):
        modes.change(to, "person:cli")
    assert modes.now is Mode.ASK


@pytest.mark.parametrize(("to", "then"), [(Mode.WATCH, Mode.ASK), (Mode.LOCKED, Mode.LOCKED)])
def test_where_the_gate_does_not_hear_of_it_the_stricter_one_counts(to: Mode, then: Mode) -> None:
    def deaf(*_: Mode) -> None:
        raise AgentwatchError("it does not hear")

    modes = Modes(CONFIG, Log())
    modes.elsewhere = deaf
    with pytest.raises(AgentwatchError, match="does not hear"):
        modes.change(to, "person:cli")
    assert modes.now is then


def test_an_ungated_session_has_no_mode() -> None:
    modes = Modes(replace(CONFIG, ungated=True), Log())
    assert modes.now is Mode.WATCH
    with pytest.raises(AgentwatchError, match="has no mode"):
        modes.change(Mode.LOCKED, "person:cli")


def test_locked_denies_what_would_be_asked_and_nothing_that_a_rule_allows() -> None:
    assert moded(ASKED, Mode.LOCKED).verdict is Verdict.DENY
    assert moded(ASKED, Mode.ASK).verdict is None
    allowed = replace(ASKED, verdict=Verdict.ALLOW, rule="tests")
    assert moded(allowed, Mode.LOCKED) is allowed


class Line(Gatehouse):
    """A gatehouse whose gate process is this test."""

    def __init__(self) -> None:
        self._line, self.far = socket.socketpair()
        self._early, self._torn, self._modes = [], b"", 0

    def end(self) -> None:
        self._line.close()
        self.far.close()


def test_the_gate_process_is_waited_for_and_what_it_asks_meanwhile_is_kept() -> None:
    house = Line()

    def serve() -> None:
        house.far.recv(1000)
        house.far.sendall(b'{"event": 3}\n{"moded": 1}\n{"event": 4}\n')

    thread = threading.Thread(target=serve)
    thread.start()
    house.change_mode("locked", otherwise="locked")
    thread.join()
    assert [one.get("event") for one in house.questions() or []] == [3, None, 4]
    house.end()


def test_a_gate_process_that_does_not_answer_is_told_the_stricter_mode(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gatehouse, "HEARS", 0.0)
    house = Line()
    with pytest.raises(AgentwatchError, match="did not take it up"):
        house.change_mode("watch", otherwise="ask")
    assert house.far.recv(1000).splitlines()[-1] == b'{"mode": "ask", "number": 0}'
    house.far.close()
    with pytest.raises(AgentwatchError, match="gone"):
        house.change_mode("locked", otherwise="locked")
    house.end()
