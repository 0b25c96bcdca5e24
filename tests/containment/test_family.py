"""The weakest means' view: who belongs to the family, with and without /proc."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agentwatch.containment import portable, proc
from agentwatch.containment.helpers import family, tree
from agentwatch.containment.helpers.family import Row

US = frozenset({50})


def row(parent: int, session: int, started: int = 7) -> Row:
    return Row(parent, session, started, "S")


def test_descendants_and_sessions_of_members_belong() -> None:
    table = {
        1: row(0, 1),
        100: row(50, 100),
        101: row(100, 100),
        102: row(101, 102),
        103: row(1, 102),  # an orphan in a session that a member leads
        104: row(1, 99),  # an orphan in the session of nobody we know
    }
    assert set(family.closure(table, {100: 7}, US)) == {100, 101, 102, 103}


def test_a_reused_number_does_not_belong() -> None:
    assert family.closure({100: row(1, 100, started=9)}, {100: 7}, US) == {}


def test_the_supervisor_never_belongs() -> None:
    assert set(family.closure({50: row(100, 100), 100: row(1, 100)}, {100: 7}, US)) == {100}


def test_a_shell_that_lives_outside_does_not_lend_its_session() -> None:
    """A stray found by its cookie in the user's own session must not cost the user the session."""
    table = {60: row(1, 60), 61: row(60, 60), 100: row(60, 60)}
    assert set(family.closure(table, {100: 7}, US)) == {100}


def test_a_session_whose_leader_is_gone_is_the_members() -> None:
    table = {100: row(1, 90), 101: row(1, 90)}
    assert set(family.closure(table, {100: 7}, US)) == {100, 101}


def test_the_members_file_is_read_back_and_nonsense_is_nobody(tmp_path: Path) -> None:
    path = str(tmp_path / "members")
    assert family.read_members(path) == {}
    family.write_members(path, {12: 345, 67: 890})
    assert family.read_members(path) == {12: 345, 67: 890}
    Path(path).write_text("12\nx y z\n")
    assert family.read_members(path) == {}


def test_psutil_and_ps_see_the_same_family(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other systems use, tried here: parents, sessions, states and start times agree."""
    script = "sleep 60 & kill -STOP $$"
    with subprocess.Popen(["sh", "-c", script], start_new_session=True) as shell:
        while not (found := tree.stat(shell.pid)) or found.state != "T":
            pass
        monkeypatch.setattr(proc, "LINUX", False)
        monkeypatch.setattr(family, "LINUX", False)
        by_psutil, by_ps = portable.table(), family.table()
        for table in (by_psutil, by_ps):
            mine = table[shell.pid]
            assert (mine.parent, mine.session, mine.state) == (os.getpid(), shell.pid, "T")
            started = {shell.pid: mine.started}
            assert len(family.closure(table, started, frozenset({os.getpid()}))) == 2
        assert abs(by_psutil[shell.pid].started - by_ps[shell.pid].started) <= 1
        known = proc.identify(shell.pid)
        assert known is not None
        assert known.started == by_psutil[shell.pid].started
        assert proc.alive(known)
        assert proc.command(shell.pid).startswith("sh -c sleep 60")
        assert proc.uid(shell.pid) == os.getuid()
        hunt = family.Hunt(
            {shell.pid: by_psutil[shell.pid].started},
            frozenset({os.getpid()}),
            "no cookie",
            portable.table,
            portable.carriers,
        )
        assert len(hunt.again()) == 2
        assert hunt.hold(time.monotonic() + 5) is not None
        assert hunt.slay(time.monotonic() + 5) == {}


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("sort", [pipe, link, folder])
def test_what_is_no_file_of_members_holds_up_nobody(
    tmp_path: Path, sort: Callable[[Path], None]
) -> None:
    """A kill reads it, and whoever follows the family writes it."""
    path = tmp_path / "members"
    sort(path)
    pipe(tmp_path / "members.fresh")
    assert family.read_members(str(path)) == {}
    if sort is folder:
        with pytest.raises(OSError, match="directory"):
            family.write_members(str(path), {12: 345})
        assert {one.name for one in tmp_path.iterdir()} == {"members", "members.fresh"}
        return
    family.write_members(str(path), {12: 345})
    assert family.read_members(str(path)) == {12: 345}


def test_lines_that_are_no_members_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "members"
    path.write_text(f"12 345\n-1 1\n0 1\n{10**30} 1\n9999999999 1\n7\n7 x\n\u0663 1\n8 9\n")
    assert family.read_members(str(path)) == {12: 345, 8: 9}
