"""The freeze of a tree that is too large to look at each process twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from agentwatch.containment.helpers import grip, sweep, tree
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")

MANY = 2 * sweep.FEW
NOBODY: frozenset[int] = frozenset()


@pytest.fixture
def children() -> Iterator[list[int]]:
    """The many children of one shell, which stands for the root: it is not stopped itself."""
    script = f"for i in $(seq {MANY}); do sleep 600 & done; wait"
    with subprocess.Popen(["sh", "-c", script], start_new_session=True) as shell:
        try:
            wait_for(lambda: len(tree.children(shell.pid)) == MANY, "all of them")
            yield tree.children(shell.pid)
        finally:
            os.killpg(shell.pid, signal.SIGKILL)


def running(pids: list[int]) -> list[int]:
    return [pid for pid in pids if tree.mode(pid, tree.stat(pid)) == tree.RUNNING]


def test_who_stood_before_is_told_from_who_was_stopped(children: list[int]) -> None:
    found = tree.stat(children[0])
    assert found is not None
    before = children[3::9]
    for pid in before:
        os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: len(running(children)) == MANY - len(before), "them to stand")
    stood = sweep.hold(found.parent, NOBODY, time.monotonic() + 30)
    assert running(children) == []
    assert stood is not None
    assert sorted(stood) == sorted(before)
    sweep.go_on(found.parent, frozenset(stood))
    wait_for(lambda: len(running(children)) == MANY - len(before), "the others to go on")


def test_the_children_of_one_are_stopped_without_a_look(children: list[int]) -> None:
    found = tree.stat(children[0])
    assert found is not None
    spared = children[:2]
    struck = grip.stop_children([found.parent], spared)
    if not struck:
        pytest.skip("the kernel is older than the signal that this needs")
    assert struck == set(children[2:])
    wait_for(lambda: running(children) == spared, "all but those to stand")


def test_a_child_that_has_another_parent_by_now_is_none(
    children: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the list and the handle its number may have become a stranger's."""
    lists = iter([children, children[1:]])
    monkeypatch.setattr(tree, "children", lambda _: next(lists))
    assert children[0] not in grip.stop_children([1], NOBODY)
    assert children[0] in running(children)
