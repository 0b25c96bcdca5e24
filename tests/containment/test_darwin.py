"""The macOS family tree by unique ids, against a stand-in for the kernel."""

from __future__ import annotations

import struct
from types import SimpleNamespace
from typing import Any

from agentwatch.containment.darwin import Forks, Lineage
from agentwatch.containment.helpers.family import Hunt, Row, Table


class Kernel:
    """libproc as Apple's headers describe it: unique ids by pid."""

    def __init__(self, ids: dict[int, tuple[int, int]]) -> None:
        self.ids = ids

    def proc_pidinfo(self, pid: Any, flavor: Any, argument: Any, space: Any, size: Any) -> int:
        assert (flavor.value, argument.value, size.value) == (17, 0, 56)
        if pid.value not in self.ids:
            return 0
        space.raw = struct.pack("=16sQQiiQQ", b"", *self.ids[pid.value], 1, 0, 0, 0)
        return 56


def rows(*pids: int) -> Table:
    """Everybody an orphan in a session of their own: nothing else tells who belongs to whom."""
    return {pid: Row(parent=1, session=pid, started=7, state="S") for pid in pids}


def test_an_orphan_belongs_to_who_forked_it_even_when_that_one_is_gone() -> None:
    kernel = Kernel({10: (1000, 1), 11: (1001, 1000)})
    lineage = Lineage(kernel)
    assert lineage(rows(10, 11), {10: 7}) == {10: 7, 11: 7}
    kernel.ids = {12: (1002, 1001), 99: (1003, 1)}  # the agent and its child have ended
    assert lineage(rows(12, 99), {10: 7, 11: 7}) == {12: 7}


def test_a_reused_number_is_nobody_of_ours() -> None:
    lineage = Lineage(Kernel({10: (2000, 1)}))
    assert lineage({10: Row(1, 10, 8, "S")}, {10: 7}) == {}


def test_who_cannot_be_asked_is_left_to_the_other_ways() -> None:
    assert Lineage(Kernel({}))(rows(10), {10: 7}) == {}


def test_a_hunt_finds_a_bare_daemon_by_its_forker() -> None:
    """No parent, session or cookie leads to it."""
    kernel = Kernel({10: (1000, 1), 11: (1001, 1000), 99: (1002, 1)})
    hunt = Hunt({10: 7}, frozenset(), "c", lambda: rows(10, 11, 99), lambda *_: {}, Lineage(kernel))
    assert hunt.again(thorough=False) == {10: 7, 11: 7}


def test_the_tracker_is_woken_by_a_fork_of_each_member_once() -> None:
    asked: list[tuple[int, int]] = []
    slept: list[float] = []

    def control(changes: Any, _most: int, seconds: float) -> list[Any]:
        if changes is None:
            slept.append(seconds)
        elif changes[0].ident == 12:
            raise ProcessLookupError
        else:
            asked.append((changes[0].ident, changes[0].fflags))
        return []

    def kevent(ident: int, **words: int) -> SimpleNamespace:
        return SimpleNamespace(ident=ident, **words)

    queue = SimpleNamespace(control=control)
    numbers = {"KQ_EV_ADD": 1, "KQ_EV_CLEAR": 32, "KQ_FILTER_PROC": -5, "KQ_NOTE_FORK": 1 << 30}
    forks = Forks(SimpleNamespace(kqueue=lambda: queue, kevent=kevent, **numbers))
    forks.follow({10: 7, 12: 7})
    forks.follow({10: 7, 11: 7})
    forks.follow({10: 8})
    assert asked == [(10, 1 << 30), (11, 1 << 30), (10, 1 << 30)]
    forks.wait(0.05)
    assert slept == [0.05]
