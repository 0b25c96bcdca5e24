"""How the gate process waits: awake for a moment after a call, asleep where others want to run."""

from __future__ import annotations

import os
import sys
import time

import pytest

from agentwatch.channels.kernel.watching import AWAKE, OTHERS, RESTS, Watching

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's own")

READY = [(3, 1)]


class Line:
    """A poll that is asked, and a clock that goes on with every look."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[int | None] = []
        self.ready = False
        self.now = 0
        self.pace = AWAKE // 10
        monkeypatch.setattr(time, "perf_counter_ns", lambda: self.now)
        monkeypatch.setattr(os, "sched_yield", lambda: None)

    def poll(self, timeout: int | None = None, /) -> list[tuple[int, int]]:
        """Ready at once where it was told so; else only who sleeps is called."""
        self.asked.append(timeout)
        self.now += self.pace
        return READY if self.ready or timeout is None else []


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    return Line(monkeypatch)


def test_it_sleeps_for_the_first_call_and_looks_for_the_next(line: Line) -> None:
    watch = Watching(line, 2)
    assert watch.next(None) == READY
    line.ready = True
    assert watch.next(None) == READY
    assert line.asked == [None, 0]


def test_where_no_call_comes_it_sleeps_again(line: Line) -> None:
    watch = Watching(line, 2)
    watch.next(None)
    watch.next(None)
    assert line.asked == [None, *[0] * 10, None]
    line.asked.clear()
    assert watch.next(20) == []
    assert watch.next(20) == []
    assert line.asked == [*[0] * 10, 20, 20], "no call, no looking out for another"


def test_where_others_want_to_run_it_sleeps_for_some_calls(line: Line) -> None:
    watch = Watching(line, 2)
    watch.next(None)
    line.pace = OTHERS + 1
    watch.next(None)
    assert line.asked == [None, 0, None]
    line.asked.clear()
    for _ in range(RESTS):
        watch.next(None)
    assert line.asked == [None] * RESTS
    line.ready = True
    watch.next(None)
    assert line.asked[RESTS:] == [0]


def test_on_a_single_processor_it_always_sleeps(line: Line) -> None:
    watch = Watching(line, 1)
    for _ in range(3):
        watch.next(None)
    assert line.asked == [None] * 3
