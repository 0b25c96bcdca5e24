"""The files an action stands on: which they are, and when one counts as changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agentwatch.model import FileState, Kind, Proposal
from agentwatch.supervisor.standing import changed, look, standing_on


def stands(folder: Path, **fields: object) -> list[str]:
    said = Proposal(**{"kind": Kind.EXEC, "summary": "", "channel": "x", **fields})  # type: ignore[arg-type]
    return [state.path for state in standing_on(said, str(folder)).files]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("x.py", "run", "out", "Makefile", "data"):
        (tmp_path / name).write_text("one\n")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "files"),
    [
        ("python x.py data", ["x.py"]),
        ("python3.12 -W ignore -u x.py", ["x.py"]),
        ("python -c 'x' x.py", []),
        ("python -m x x.py", []),
        ("sh run", ["run"]),
        ("sudo env A=1 bash run", ["run"]),
        ("./run data", ["run"]),
        ("sh -c 'node x.py; ./run'", ["x.py", "run"]),
        ("source run", ["run"]),
        ("make all", ["Makefile"]),
        ("make -f run", ["run"]),
        ("cat data > out", ["out"]),
        ("cat data >> out", []),
        ("cat data > new", []),
        ("/usr/bin/env", []),
        ("python absent.py", []),
        ("rm data", []),
    ],
)
def test_which_files_an_action_stands_on(folder: Path, line: str, files: list[str]) -> None:
    assert stands(folder, command=line) == [str(folder / name) for name in files]


def test_a_write_stands_on_what_it_replaces_also_on_nothing(folder: Path) -> None:
    said = Proposal(Kind.WRITE, "", "x", paths=(str(folder / "out"), str(folder / "new")))
    files = standing_on(said, str(folder)).files
    assert [state.size for state in files] == [4, -1]
    assert changed(files) == ()
    (folder / "new").write_text("x")
    assert changed(files) == (str(folder / "new"),)
    assert changed(standing_on(said, str(folder)).files) == ()


def test_content_counts_not_the_time(folder: Path) -> None:
    before = look(str(folder / "x.py"))
    other = folder / "other"
    other.write_text("one\n")
    other.replace(folder / "x.py")
    assert changed((before,)) == ()
    (folder / "x.py").write_text("two\n")
    os.utime(folder / "x.py", ns=(before.written, before.written))
    assert changed((before,)) == (before.path,)


def test_a_large_file_is_known_by_what_the_system_says_of_it(folder: Path) -> None:
    large = folder / "large"
    large.write_bytes(b"x" * ((1 << 20) + 1))
    before = look(str(large))
    assert not before.sha256
    assert changed((before,)) == ()
    large.write_bytes(b"y" * ((1 << 20) + 1))
    os.utime(large, ns=(before.written, before.written))
    assert changed((before,)) == (before.path,)


def test_what_is_no_plain_file_is_never_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert look(str(folder / "pipe")) == FileState(str(folder / "pipe"))
    assert look(str(folder)).size == -1
    assert look("/nonexistent\0").size == -1
