"""Who a process descends from, also where it is known from before."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentwatch.channels.kernel import descent
from agentwatch.channels.kernel.caller import Caller
from agentwatch.channels.kernel.descent import Acquaintances, Descent, Process, started
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's own")

ORPHAN = """
import os, sys, time
pid = os.fork()
if pid:
    print(pid, flush=True)
    sys.stdin.read()
else:
    time.sleep(60)
"""


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[Acquaintances]:
    found = Acquaintances()
    monkeypatch.setattr(descent, "acquaintances", found)
    yield found
    found.close()


def test_who_is_met_twice_is_known_until_it_ends(known: Acquaintances) -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        start = started(child.pid)
        known.met(child.pid, start)
        assert known.started(child.pid) == -1
        known.met(child.pid, start)
        assert known.started(child.pid) == start
        child.kill()
    assert known.started(child.pid) == -1


def test_a_number_that_another_process_had_before_is_not_known_by_it(known: Acquaintances) -> None:
    me, start = os.getpid(), started(os.getpid())
    for _ in range(2):
        known.met(me, start - 1)  # read before it ended and its number was given to us
    assert known.started(me) == -1


def test_there_is_a_limit_to_those_that_are_known(
    known: Acquaintances, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(descent, "MOST_KNOWN", 1)
    with subprocess.Popen(["sleep", "60"]) as child:
        for pid in (child.pid, os.getpid()):
            for _ in range(2):
                known.met(pid, started(pid))
        assert known.started(os.getpid()) >= 0
        assert known.started(child.pid) == -1
        child.kill()


@pytest.mark.usefixtures("known")
def test_the_parents_of_a_known_process_are_those_it_has_now() -> None:
    """Its first parent goes, and another one takes it."""
    command = [sys.executable, "-ISc", ORPHAN]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        own, first = Process(pid, started(pid)), Process(parent.pid, started(parent.pid))
        for _ in range(3):
            assert Descent(pid)[:2] == [own, first]
        parent.kill()
    try:
        left = wait_for(lambda: first not in (it := list(Descent(pid))) and it, "another parent")
        assert left[0] == own
    finally:
        os.kill(pid, 9)


def test_a_brief_look_tells_the_same(tmp_path: Path) -> None:
    named = tmp_path / "a) b\n(c"
    named.symlink_to("/bin/sleep")
    with subprocess.Popen([named, "60"]) as child:
        wait_for(lambda: b") b" in Path(f"/proc/{child.pid}/stat").read_bytes(), "it is named so")
        brief, whole = Caller.briefly(child.pid), Caller(child.pid)
        for one in (brief, whole):
            one.comm = one.comm.encode().decode("unicode_escape")  # status writes it with escapes
        told = [
            (one.comm, one.pid, one.ppid, one.uid, one.gid, one.traced, *one.descent[:2])
            for one in (brief, whole)
        ]
        assert told[0] == told[1]
        assert (brief.umask, brief.groups, brief.inside) == (
            whole.umask,
            whole.groups,
            whole.inside,
        )
        child.kill()


def test_a_thread_is_known_by_its_process() -> None:
    code = "import threading,sys; threading.Thread(target=sys.stdin.read).start()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as child:
        tasks = Path(f"/proc/{child.pid}/task")
        wait_for(lambda: len(list(tasks.iterdir())) == 2, "it has two threads")
        tid = max(int(one.name) for one in tasks.iterdir())
        assert Caller.briefly(tid).pid == Caller(tid).pid == child.pid
        assert child.stdin is not None
        child.stdin.close()


def test_who_is_gone_is_an_error() -> None:
    with subprocess.Popen(["true"]) as child:
        pass
    with pytest.raises(OSError):
        Caller.briefly(child.pid)
