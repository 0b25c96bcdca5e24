"""What the gate process lets pass by itself: what needs nobody, written down before it happens."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentwatch.channels.kernel import local
from agentwatch.channels.kernel.acts import Deed, Flag, Observed
from agentwatch.channels.kernel.caller import Caller
from agentwatch.channels.kernel.descent import Descent, started
from agentwatch.channels.kernel.files import Held
from agentwatch.channels.kernel.gatehouse import Hot
from agentwatch.channels.kernel.ledger import Ledger
from agentwatch.channels.kernel.listener import GOES_ON
from agentwatch.channels.kernel.local import Local
from agentwatch.covers import Cover, Scope
from agentwatch.model.plain import plain
from agentwatch.policy.ground import Ground
from agentwatch.rules import Denials, Rulebook, read
from agentwatch.supervisor.below import listed
from agentwatch.supervisor.passed import Passed
from tests.channels.kernel.conftest import Gated
from tests.channels.kernel.rig import kinds, python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's own")

NOTHING = Denials.of(Rulebook(), "/w", "/home/nobody").to_json()
KEEP = {"folder": "/nonexistent/kept", "session": 1, "file": 1}
ASKING: dict[str, Any] = {"allow": {}, "floor": []}


def shape(workspace: Path) -> dict[str, Any]:
    """A ground where nothing but the workspace has a name."""
    ground = Ground(str(workspace), "/home/nobody", temp=(str(workspace / "temp"),))
    found: dict[str, Any] = listed(plain(ground))
    return found


def cover(scope: Scope = Scope.PROGRAM, action: str = "a-1") -> dict[str, Any]:
    made = Cover(action, "digest", scope, programs=frozenset({"x"}))
    found: dict[str, Any] = listed(plain(made))
    return found


class Judge:
    """A local judge and its record; the agent is this process."""

    def __init__(self, folder: Path, handle: int | None = None) -> None:
        self.passed = Passed(folder / "passed.jsonl")
        self.closed = folder / "closed"
        data = {
            "ground": shape(folder),
            "closed": str(self.closed),
            "denials": NOTHING,
            "keep": KEEP,
        }
        self.ledger = Ledger(self.passed.handle if handle is None else handle)
        self.local = Local(data, os.getpid(), self.ledger)
        self.children: list[subprocess.Popen[bytes]] = []

    def child(self) -> int:
        """A process of the agent's that waits."""
        self.children.append(subprocess.Popen(["sleep", "600"]))
        return self.children[-1].pid

    def covered(
        self, pid: int, *, off: int = 0, scope: Scope = Scope.PROGRAM, action: str = "a-1"
    ) -> None:
        """The supervisor says that a process has begun a cover."""
        book = {"cover": cover(scope, action), "started": started(pid) + off, "remember": True}
        self.local.passed(Observed(Deed.EXEC, pid, pid), book)

    def passes(self, event: Observed) -> bool:
        return self.local.passes(event, Descent(event.pid))

    def lines(self) -> list[str]:
        return [f"{line.event.kind} {line.rule} {line.cover}" for line in self.passed.new()]


@pytest.fixture
def judge(tmp_path: Path) -> Iterator[Judge]:
    made = Judge(tmp_path)
    yield made
    for child in made.children:
        child.kill()
        child.wait()


def write(pid: int, folder: Path, name: str = "f") -> Observed:
    return Observed(Deed.WRITE, pid, pid, path=str(folder / name))


def start(pid: int) -> Observed:
    return Observed(Deed.EXEC, pid, pid, argv=("make",), exe="/usr/bin/make", path="/usr/bin/make")


def test_what_belongs_to_a_cover_passes_and_is_written_down(judge: Judge, tmp_path: Path) -> None:
    pid = judge.child()
    assert not judge.passes(write(pid, tmp_path))
    judge.covered(pid)
    assert judge.passes(write(pid, tmp_path))
    assert judge.passes(start(pid))
    assert not judge.passes(write(pid, Path("/etc"), "passwd"))
    assert judge.lines() == ["write cover a-1", "exec cover a-1"]


def test_an_approved_deletion_outside_the_workspace_is_weighed_by_the_supervisor(
    judge: Judge,
) -> None:
    """Only of what was there before: to tidy up after itself is the program's own work."""
    pid = judge.child()
    named = listed(plain(Cover("a-1", "digest", Scope.PROGRAM, paths=("/srv/old/mail",))))
    book = {"cover": named, "started": started(pid), "remember": True}
    judge.local.passed(Observed(Deed.EXEC, pid, pid), book)
    was_there = Observed(Deed.DELETE, pid, pid, path="/srv/old/mail/1")
    made = Observed(Deed.WRITE, pid, pid, path="/srv/old/mail/2", flags=(Flag.CREATE,))
    assert not judge.passes(was_there)
    assert judge.passes(made)
    assert judge.passes(Observed(Deed.DELETE, pid, pid, path="/srv/old/mail/2"))
    assert judge.passes(Observed(Deed.WRITE, pid, pid, path="/srv/old/mail/1"))


def test_starts_that_have_ended_are_dropped_from_the_book(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "SWEEP_AT", 3)
    pid, gone = judge.child(), judge.child()
    judge.covered(pid)
    judge.covered(gone)
    judge.children[1].kill()
    judge.children[1].wait()
    assert judge.passes(start(pid))
    judge.local.settle()
    assert [one for one, _ in judge.local._covers.processes()] == [pid]


def test_a_start_is_in_the_book_before_anything_else_is_judged(
    judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for nothing but its answer, and is noted after that."""
    pid = judge.child()
    judge.covered(pid)
    noted: list[str] = []
    monkeypatch.setattr(judge.local._covers, "use", lambda _, event, *__: noted.append(event.kind))
    assert judge.passes(start(pid))
    assert (judge.lines(), noted) == (["exec cover a-1"], [])
    assert judge.passes(write(pid, tmp_path))
    assert noted == ["exec", "write"]


def test_a_book_that_cannot_be_kept_leaves_everything_to_the_supervisor(
    judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = judge.child()
    judge.covered(pid)
    with monkeypatch.context() as broken:
        broken.setattr(judge.local._covers, "use", None)
        assert judge.passes(start(pid))
        with pytest.raises(TypeError):
            judge.local.settle()
    assert not judge.passes(write(pid, tmp_path))
    assert not judge.passes(start(pid))


def test_a_start_that_may_begin_a_cover_is_for_the_supervisor(judge: Judge) -> None:
    pid = judge.child()
    assert not judge.passes(start(pid))
    judge.covered(pid, scope=Scope.READING)
    assert not judge.passes(start(pid))
    assert judge.lines() == []


def test_another_process_with_the_number_is_not_covered(judge: Judge, tmp_path: Path) -> None:
    pid = judge.child()
    judge.covered(pid, off=-1)
    assert not judge.passes(write(pid, tmp_path))
    assert judge.lines() == []


def test_nothing_passes_once_a_kill_has_begun(judge: Judge, tmp_path: Path) -> None:
    pid = judge.child()
    judge.covered(pid)
    judge.closed.touch()
    assert not judge.passes(write(pid, tmp_path))
    assert not judge.passes(write(pid, tmp_path / "temp"))
    assert judge.lines() == []


def test_nothing_passes_once_the_supervisor_says_so(judge: Judge, tmp_path: Path) -> None:
    pid = judge.child()
    judge.covered(pid)
    judge.local.shut()
    assert not judge.passes(write(pid, tmp_path))


RULES = """
version = 1
[[rule]]
id = "no-push"
decide = "deny"
argv = ["git", "push"]
[[rule]]
id = "no-disks"
decide = "deny"
argv = [["mkfs", "mkfs.*"]]
[[rule]]
id = "no-secrets"
decide = "deny"
kind = ["write"]
paths = ["secret/**"]
"""


@pytest.mark.parametrize(
    ("argv", "asked"),
    [
        (("git", "push"), True),
        (("git", "status"), False),
        (("/usr/bin/git", "-C", "x", "push", "origin"), True),
        (("sh", "-c", "true; 'git' push"), True),
        (("env", "git", "push"), True),
        (("digit", "pushed"), False),
        (("mkfs.ext4", "/dev/sda"), True),
        (("busybox", "mkfs"), True),
    ],
)
def test_a_start_that_a_rule_may_deny_is_for_the_supervisor(
    judge: Judge, tmp_path: Path, argv: tuple[str, ...], asked: bool
) -> None:
    pid = judge.child()
    judge.covered(pid)
    rules = Rulebook(read(RULES, "rules"))
    judge.local.denied(Denials.of(rules, str(tmp_path), "/home/nobody").to_json())
    event = Observed(Deed.EXEC, pid, pid, argv=argv, exe="/usr/bin/x", path="/usr/bin/x")
    assert judge.passes(event) is not asked


def test_a_file_that_a_rule_denies_is_for_the_supervisor(judge: Judge, tmp_path: Path) -> None:
    pid = judge.child()
    judge.covered(pid)
    rules = Rulebook(read(RULES, "rules"))
    judge.local.denied(Denials.of(rules, str(tmp_path), "/home/nobody").to_json())
    assert judge.passes(write(pid, tmp_path))
    assert not judge.passes(write(pid, tmp_path / "secret" / "deep"))


def test_rules_that_cannot_be_understood_leave_everything_to_the_supervisor(
    judge: Judge, tmp_path: Path
) -> None:
    pid = judge.child()
    judge.covered(pid)
    with pytest.raises(KeyError):
        judge.local.denied({"starts": []})
    assert not judge.passes(write(pid, tmp_path))


def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    handle = os.open("/dev/full", os.O_WRONLY)
    judge = Judge(tmp_path, handle)
    with pytest.raises(OSError, match="No space"):
        judge.passes(write(os.getpid(), tmp_path / "temp"))
    os.close(handle)


def test_a_line_that_fitted_in_part_spoils_no_other(
    judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: whole(handle, data[:20]))
    with pytest.raises(OSError, match="only a part"):
        judge.passes(write(os.getpid(), tmp_path / "temp"))
    monkeypatch.undo()
    assert judge.passes(write(os.getpid(), tmp_path / "temp"))
    assert judge.lines() == ["write temporary "]
    (entry,) = judge.passed.entries()
    assert entry is not None
    assert (entry["passed"], entry["unreadable"]) == (1, 1)


def test_the_journal_gets_the_digest_of_every_line_once(judge: Judge, tmp_path: Path) -> None:
    ends = []
    for count in (3, 1):
        for number in range(count):
            assert judge.passes(write(os.getpid(), tmp_path / "temp", f"f{number}"))
        assert len(judge.lines()) == count
        (entry,) = judge.passed.entries()
        assert entry is not None
        data = judge.passed.path.read_bytes()[entry["from"] : entry["to"]]
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
        assert (entry["passed"], entry["kinds"]) == (count, {"write": count})
        ends.append((entry["from"], entry["to"]))
    assert ends[0][0] == 0
    assert ends[0][1] == ends[1][0]
    assert ends[1][1] == judge.passed.path.stat().st_size
    assert judge.passed.entries() == []


def hot(folder: Path, handle: int) -> Hot:
    return Hot(shape(folder), str(folder / "closed"), NOTHING, KEEP, handle)


WRITES = """
import os
try:
    for n in range(20):
        open("temp/f", "w").close()
    print("written")
except PermissionError:
    print("refused")
"""


def test_the_gate_process_lets_it_pass_by_itself(gated: Gated, tmp_path: Path) -> None:
    passed = Passed(tmp_path / "passed.jsonl")
    (tmp_path / "temp").mkdir()
    rig = gated(lambda _: True, ASKING, local=hot(tmp_path, passed.handle))
    rig.start(*python(WRITES))
    assert rig.wait() == 0
    assert rig.out == b"written\n"
    assert kinds(rig.events) == []
    assert [(line.event.path, line.rule) for line in passed.new()] == [
        (str(tmp_path / "temp/f"), "temporary")
    ] * 20


def test_the_gate_process_refuses_what_it_cannot_write_down(gated: Gated, tmp_path: Path) -> None:
    (tmp_path / "temp").mkdir()
    handle = os.open("/dev/full", os.O_WRONLY)
    rig = gated(lambda _: True, ASKING, local=hot(tmp_path, handle))
    rig.start(*python(WRITES))
    assert rig.wait() == 0
    os.close(handle)
    assert rig.out == b"refused\n"
    assert kinds(rig.events) == []
    assert not (tmp_path / "temp/f").exists()


def test_a_record_reads_back_as_it_was_seen(judge: Judge, tmp_path: Path) -> None:
    event = write(os.getpid(), tmp_path / "temp", "caf\udce9 \n")
    assert judge.passes(event)
    (line,) = judge.passed.new()
    assert line.event == event
    assert json.loads(judge.passed.path.read_text())[2] == "temporary"


def test_who_takes_hold_of_an_allowed_action_s_process_is_told_from_its_own(judge: Judge) -> None:
    allowed, reading, agent = judge.child(), judge.child(), Descent(os.getpid())
    assert not judge.local.belongs_elsewhere(agent, [allowed, reading])
    judge.covered(reading, scope=Scope.READING)
    assert not judge.local.belongs_elsewhere(agent, [reading])
    judge.covered(allowed)
    assert judge.local.belongs_elsewhere(agent, [reading, allowed])
    assert not judge.local.belongs_elsewhere(Descent(allowed), [allowed])


def test_a_debugger_writes_to_the_memory_of_its_own_action_alone(judge: Judge) -> None:
    def writes(pid: int, whose: int | str, flag: Flag = Flag.PROC) -> bool:
        event = Observed(Deed.WRITE, pid, pid, path=f"/proc/{whose}/mem", flags=(flag,))
        held = Held(Caller(pid), event, lambda: GOES_ON)
        return judge.local.passes(event, Descent(pid), held)

    debugger, own, other, reading = (judge.child() for _ in range(4))
    assert not writes(os.getpid(), own)
    judge.covered(debugger)
    assert not writes(debugger, own), "not known to belong to it"
    judge.covered(own)
    assert writes(debugger, own)
    assert writes(debugger, f"{own}/task/{own}")
    assert not writes(debugger, own, Flag.TRUNCATE), "a file that is only called so"
    assert not writes(debugger, os.getpid())
    assert not writes(debugger, 1)
    assert not writes(debugger, 99_999_999)
    judge.covered(reading, scope=Scope.READING)
    assert not writes(reading, reading)
    judge.covered(other, action="a-2")
    assert not writes(debugger, other)
    assert judge.lines() == ["write cover a-1"] * 2
