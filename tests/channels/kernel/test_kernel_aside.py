"""What a held call changes is kept aside before it happens, or it does not happen unasked."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agentwatch.channels.kernel import loop
from agentwatch.channels.kernel.acts import Deed, Flag, Observed
from agentwatch.channels.kernel.channel import Channel
from agentwatch.channels.kernel.files import Held
from agentwatch.channels.kernel.ledger import Ledger
from agentwatch.channels.kernel.listener import REFUSED, Answer, Call, Listener
from agentwatch.channels.kernel.local import Local
from agentwatch.channels.kernel.resolve import Spot
from agentwatch.covers import Cover, Scope
from agentwatch.keeping import Entry, Sort, read
from agentwatch.model import Mode
from agentwatch.model.plain import plain
from agentwatch.policy.ground import Ground
from agentwatch.rules import Denials, Rulebook
from agentwatch.supervisor.below import listed
from agentwatch.supervisor.passed import Passed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's own")

WHO = [SimpleNamespace(pid=77, started=7), SimpleNamespace(pid=os.getpid(), started=1)]


class Gate:
    """The judge of a gate process in draft mode; one process of the agent's is under a cover."""

    def __init__(self, folder: Path, *, mode: Mode = Mode.DRAFT) -> None:
        self.work, self.store = folder / "work", folder / "kept"
        self.work.mkdir()
        self.passed = Passed(folder / "passed.jsonl")
        ground = Ground(str(self.work), "/home/nobody", temp=(str(folder / "temp"),), mode=mode)
        data = {
            "ground": listed(plain(ground)),
            "closed": str(folder / "closed"),
            "denials": Denials.of(Rulebook(), "/w", "/home/nobody").to_json(),
            "keep": {"folder": str(self.store), "session": 10_000, "file": 100},
        }
        self.local = Local(data, os.getpid(), Ledger(self.passed.handle))
        self.handles: list[int] = []

    def covered(self, scope: Scope) -> None:
        cover = listed(plain(Cover("a-1", "digest", scope, programs=frozenset())))
        book = {"cover": cover, "started": 7, "remember": True}
        self.local.passed(Observed(Deed.EXEC, 77, 77), book)

    def held(self, kind: Deed, name: str, *flags: Flag, to: str = "") -> Held:
        """A call as it is held: found, and its objects held by handles."""
        spots = [self.spot(item) for item in (name, to) if item]
        paths = [str(self.work / item) if item else "" for item in (name, to)]
        event = Observed(kind, 77, 77, path=paths[0], path2=paths[1], flags=flags)
        caller = cast("Any", SimpleNamespace(descent=WHO, close=lambda: None))
        return Held(caller, event, Answer, *spots)

    def spot(self, name: str) -> Spot:
        path = self.work / name
        folder = os.open(path.parent, os.O_PATH)
        there = os.path.lexists(path)
        handle = os.open(path, os.O_PATH | os.O_NOFOLLOW) if there else -1
        return Spot(handle, folder, os.fsencode(path.name))

    def passes(self, held: Held) -> bool:
        found = self.local.passes(held.event, cast("Any", WHO), held)
        held.drop()
        return found

    @property
    def entries(self) -> list[Entry]:
        return read(self.store).entries


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path)
    (made.work / "f").write_text("as it was")
    (made.work / "large").write_text("x" * 101)
    yield made
    made.passed.close()


def test_what_flows_is_kept_under_its_action_before_it_is_recorded(gate: Gate) -> None:
    gate.covered(Scope.DRAFT)
    assert gate.passes(gate.held(Deed.WRITE, "f", Flag.TRUNCATE))
    assert gate.passes(gate.held(Deed.WRITE, "f", Flag.TRUNCATE))
    assert gate.passes(gate.held(Deed.WRITE, "new", Flag.CREATE))
    (first, second) = gate.entries
    assert (first.group, first.was.sort, second.was.sort) == ("a-1", Sort.FILE, Sort.ABSENT)
    assert (gate.store / first.object).read_text() == "as it was"
    assert (first.who.pid, first.who.started) == (77, 7)
    assert [line.rule for line in gate.passed.new()] == ["draft"] * 3


def test_what_cannot_be_kept_is_for_a_person_with_the_reason(gate: Gate) -> None:
    gate.covered(Scope.DRAFT)
    held = gate.held(Deed.DELETE, "large")
    assert not gate.passes(held)
    assert "may still be kept" in held.event.unkept
    assert list(gate.passed.new()) == []


def test_what_a_person_allowed_happens_and_the_loss_is_noted(gate: Gate) -> None:
    gate.covered(Scope.PROGRAM)
    assert gate.passes(gate.held(Deed.DELETE, "large"))
    assert gate.passes(gate.held(Deed.DELETE, "f"))
    lost, kept = gate.entries
    assert (lost.path, bool(lost.unkept)) == (str(gate.work / "large"), True)
    assert kept.object


def test_a_store_that_cannot_be_made_lets_nothing_flow(gate: Gate, tmp_path: Path) -> None:
    gate.covered(Scope.DRAFT)
    (tmp_path / "kept").write_text("in the way")
    held = gate.held(Deed.DELETE, "f")
    assert not gate.passes(held)
    assert held.event.unkept


def test_who_has_no_action_of_its_own_is_for_the_supervisor(gate: Gate) -> None:
    assert not gate.passes(gate.held(Deed.DELETE, "f"))
    assert gate.entries == []


def test_another_mode_counts_with_the_next_call(gate: Gate) -> None:
    gate.covered(Scope.DRAFT)
    gate.local.change_mode("ask")
    assert not gate.passes(gate.held(Deed.DELETE, "f"))
    gate.local.change_mode("draft")
    assert gate.passes(gate.held(Deed.DELETE, "f"))
    with pytest.raises(ValueError, match="loose"):
        gate.local.change_mode("loose")
    assert not gate.passes(gate.held(Deed.DELETE, "large"))


def test_what_is_unclear_is_not_kept(gate: Gate, tmp_path: Path) -> None:
    """A name that leads elsewhere by now, a private mount, a folder from elsewhere."""
    gate.covered(Scope.DRAFT)
    swapped = gate.held(Deed.DELETE, "f")
    (gate.work / "f").rename(gate.work / "g")
    (gate.work / "f").write_text("another")
    assert not gate.passes(swapped)
    assert "changed while it was looked at" in swapped.event.unkept
    private = gate.held(Deed.WRITE, "f", Flag.PRIVATE)
    assert not gate.passes(private)
    (tmp_path / "temp/tree").mkdir(parents=True)
    moved = gate.held(Deed.RENAME, "../temp/tree", to="tree")
    path = str(tmp_path / "temp/tree")
    moved.event = Observed(Deed.RENAME, 77, 77, path=path, path2=str(gate.work / "tree"))
    assert not gate.passes(moved)
    assert "from elsewhere" in moved.event.unkept
    assert gate.entries == []


def test_a_new_name_keeps_the_file_and_a_mode_its_mode_alone(gate: Gate) -> None:
    gate.covered(Scope.DRAFT)
    (gate.work / "f").chmod(0o640)
    assert gate.passes(gate.held(Deed.MODE, "f"))
    assert gate.passes(gate.held(Deed.LINK, "f", to="twin"))
    meta, whole, new = gate.entries
    assert (meta.meta, meta.object, stat.S_IMODE(meta.was.mode)) == (True, "", 0o640)
    assert (whole.meta, bool(whole.object)) == (False, True)
    assert new.was.sort is Sort.ABSENT
    assert gate.passes(gate.held(Deed.WRITE, ".", Flag.TEMPORARY))
    assert len(gate.entries) == 3


class Line:
    """The kernel's end, and the supervisor's."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.said: list[dict[str, Any]] = []
        self.handle = -1

    def valid(self, call: int) -> bool:
        return call > 0

    def answer(self, call: int, answer: Answer) -> bool:
        self.answers.append(answer)
        return call > 0

    def say(self, message: dict[str, Any]) -> None:
        self.said.append(message)


def decided(gate: Gate, held: Held, how: dict[str, Any]) -> Line:
    line = Line()
    found = loop.Loop(cast("Listener", line), cast("Channel", line), os.getpid(), 1)
    found.local = gate.local
    found._held[1] = (Call(5, 77, 0, ()), held, 0)
    found._decided({"event": 1, "verdict": "allow", "keep": how})
    return line


def test_an_answer_that_must_be_kept_and_cannot_is_asked_once_more(gate: Gate) -> None:
    held = gate.held(Deed.DELETE, "large")
    line = decided(gate, held, {"group": "a-9", "must": True})
    assert line.answers == []
    assert line.said[0]["event"] == 1
    assert "may still be kept" in line.said[0]["unkept"]
    line = decided(gate, held, {"group": "a-10", "must": False})
    assert [one.error for one in line.answers] == [0]
    held.drop()


def test_an_answer_that_cannot_be_understood_is_a_refusal(gate: Gate) -> None:
    line = decided(gate, gate.held(Deed.DELETE, "f"), {"must": True})
    assert [one.error for one in line.answers] == [REFUSED.error]
    assert gate.entries == []


def test_what_did_not_happen_is_not_kept(gate: Gate) -> None:
    held = gate.held(Deed.DELETE, "f")
    held._do = lambda: (_ for _ in ()).throw(PermissionError(13, "no"))
    line = decided(gate, held, {"group": "a-9", "must": True})
    assert [one.error for one in line.answers] == [13]
    assert gate.entries == []
