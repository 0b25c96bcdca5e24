"""What an agent puts in the place of our files holds up nobody, least of all a kill."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agentwatch import cli, kill, regular, visible
from agentwatch.commands import log
from agentwatch.containment import Record
from agentwatch.containment.base import write_private
from agentwatch.errors import AgentwatchError
from agentwatch.guard.ending import ending, head, over
from agentwatch.journal import Entry, JournalError, read
from agentwatch.model import Receipt
from agentwatch.model.receipt import Survivor
from agentwatch.paths import Places

EVIL = "\x1b]52;c;cm0=\x07\u202e"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    found = Places("claude-1", tmp_path / "run", tmp_path / "state")
    found.runtime.mkdir()
    found.state.mkdir()
    return found


def pipe(path: Path) -> None:
    """A pipe without anybody at its other end: whoever opens it plainly waits for ever."""
    os.mkfifo(path)


def deep(path: Path) -> None:
    path.write_text("[" * 100_000)


def listed(path: Path) -> None:
    path.write_text("[1]")


SORTS: dict[str, Callable[[Path], None]] = {
    "pipe": pipe,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "folder": lambda path: path.mkdir(),
    "loop": lambda path: path.symlink_to(path.name),
    "nowhere": lambda path: path.symlink_to("nothing"),
    "deep": deep,
    "list": listed,
}


@pytest.mark.parametrize("sort", SORTS)
def test_nobody_waits_for_what_is_no_file(places: Places, sort: str) -> None:
    for path in (places.session, places.receipt, places.containment, places.state / "journal.head"):
        SORTS[sort](path)
    assert not over(places)
    assert ending(places, None).left
    assert head(places) == ""
    with pytest.raises(AgentwatchError, match="no containment record can be read"):
        Record.read(places.containment)


@pytest.mark.parametrize("sort", SORTS)
def test_a_kill_shuts_the_gate_whatever_is_in_its_place(places: Places, sort: str) -> None:
    SORTS[sort](places.closed)
    kill.shut(places.closed)
    assert places.closed.exists()


def test_no_number_that_cannot_be_a_processs_is_killed(places: Places) -> None:
    plain = {"v": 1, "session": "s", "means": "portable", "grade": "C", "cookie": "c"}
    more = {"root": None, "agent": None, "runtime": "/r", "state": "/s"}
    data = {**plain, **more, "supervisor": [1, 2], "helpers": [[3, 4]]}
    assert Record.from_json(data).helpers[0].pid == 3
    for pair in ([10**30, 1], [-1, 1], [0, 1], [1], [1, 2, 3]):
        with pytest.raises((ValueError, TypeError)):
            Record.from_json({**data, "helpers": [pair]})


def test_a_file_of_ours_is_written_through_no_link(tmp_path: Path) -> None:
    """Its name until it is whole is known to nobody beforehand."""
    (tmp_path / "victim").write_text("mine")
    for name in (f".a.{os.getpid()}", "a"):
        (tmp_path / name).symlink_to("victim")
    write_private(tmp_path / "a", b"ours")
    assert (tmp_path / "victim").read_text() == "mine"
    assert (tmp_path / "a").read_bytes() == b"ours"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_too_long_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regular, "MOST", 3)
    (tmp_path / "a").write_text("1234")
    with pytest.raises(OSError, match="too long"):
        regular.content(tmp_path / "a")
    (tmp_path / "a").write_text("123")
    assert regular.document(tmp_path / "a") == 123


def test_a_receipt_names_survivors_in_print() -> None:
    receipt = Receipt("s", "key", "guard", "portable", 2, (Survivor(7, 1, EVIL),), {"empty": 1.0})
    assert receipt.sentence().isprintable()
    data = receipt.to_json()
    assert Receipt.from_json(data) == receipt
    for forged in ({"before": EVIL}, {"ms": {"empty": EVIL}}):
        with pytest.raises(TypeError):
            Receipt.from_json({**data, **forged})


def test_a_journal_that_is_a_pipe_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "journal.jsonl")
    with pytest.raises(JournalError, match="not a plain file"):
        list(read(tmp_path / "journal.jsonl"))


def test_a_written_in_entry_is_printed_visibly() -> None:
    entry = Entry(1, 10**4000, EVIL, EVIL, {"text": EVIL}, "", "")
    assert log._told(entry).isprintable()
    assert visible.clock(float("nan")) == "nan"


def test_what_went_wrong_is_printed_visibly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(**_: object) -> None:
        raise AgentwatchError(f"cannot write /x{EVIL}", EVIL)

    monkeypatch.setattr(cli.root, "main", fails)
    with pytest.raises(SystemExit):
        cli.main()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
