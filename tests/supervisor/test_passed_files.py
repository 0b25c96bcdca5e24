"""What passes has a size limit: full files are followed by others, and no line is lost."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentwatch.channels.kernel.acts import Deed, Observed
from agentwatch.channels.kernel.ledger import BACKLOG, Ledger
from agentwatch.reporting.passed import PassedFile
from agentwatch.supervisor.passed import KEPT, Line, Passed

SMALL = 2000
"""Bytes of a file here: some twenty lines."""


def event(number: int) -> Observed:
    return Observed(Deed.WRITE, number + 1, number + 1, path="/tmp/x")


@pytest.fixture
def passed(tmp_path: Path) -> Passed:
    return Passed(tmp_path / "passed.jsonl")


def ledger(passed: Passed) -> Ledger:
    return Ledger(os.dup(passed.handle), str(passed.path), SMALL)


def fill(book: Ledger, count: int) -> None:
    for number in range(count):
        book.write(event(number), 1, "temporary", "")


def files(passed: Passed) -> list[Path]:
    return sorted(passed.path.parent.iterdir())


def test_a_writer_that_never_waits_loses_no_line(passed: Passed) -> None:
    """One writes as fast as it can while the other reads, folds and removes behind it."""
    total, seen, over = 3000, [], threading.Event()

    def write() -> None:
        book, number = ledger(passed), 0
        while number < total:
            try:
                book.write(event(number), 1, "temporary", "")
            except OSError:  # the reader is behind: nothing passes until it has caught up
                continue
            number += 1
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    folded, most, ending = Counter[str](), 0, False
    while not ending:
        ending = over.is_set()
        seen += [line.event.pid - 1 for line in passed.new()]
        for entry in passed.entries():
            folded["lines"] += entry["passed"]
            folded["unreadable"] += entry.get("unreadable", 0)
        for old in passed.outdated():
            passed.drop(old["file"])
        most = max(most, len(files(passed)))
    writer.join()
    assert seen == list(range(total))
    assert folded == Counter(lines=total)
    assert most <= BACKLOG
    assert len(files(passed)) == KEPT + 1
    assert all(path.stat().st_size <= SMALL for path in files(passed))


class Raced(Passed):
    """A reader whose writer goes on just after each look, over the end of a file."""

    book: Ledger | None = None

    def _new_here(self) -> Iterator[Line]:
        yield from super()._new_here()
        if self.book is not None:
            book, self.book = self.book, None
            fill(book, 30)


def test_what_comes_while_the_reader_looks_for_the_next_file_is_not_passed_over(
    tmp_path: Path,
) -> None:
    passed = Raced(tmp_path / "passed.jsonl")
    passed.book = ledger(passed)
    list(passed.new())
    list(passed.new())
    assert len(files(passed)) == 2
    assert sum(entry["passed"] for entry in passed.entries()) == 30


def test_each_entry_is_about_one_file_and_its_digest_holds(passed: Passed) -> None:
    book = ledger(passed)
    fill(book, 100)
    list(passed.new())
    entries = passed.entries()
    assert len(entries) == len(files(passed)) > 3
    reader = PassedFile(passed.path)
    for entry in entries:
        data = passed.path.with_name(entry["file"]).read_bytes()
        assert (entry["from"], entry["to"]) == (0, len(data))
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
        reader.take(entry)
    assert (reader.agree, reader.differs) == (len(entries), 0)
    (old, *_) = passed.outdated()
    passed.drop(old["file"])
    gone = PassedFile(passed.path)
    for entry in entries:
        gone.take(entry)
    assert gone.differs == 1
    gone.dropped(old)
    assert gone.differs == 0


def test_what_was_not_folded_yet_is_not_removed(passed: Passed) -> None:
    book = ledger(passed)
    fill(book, 100)
    list(passed.new())
    assert passed.outdated() == [], "the entries are not in the journal yet"
    passed.entries()
    assert passed.outdated()
    with pytest.raises(OSError, match="not the oldest"):
        passed.drop("passed.jsonl.2")


def test_nothing_passes_while_nobody_takes_it_up(passed: Passed) -> None:
    book = ledger(passed)
    with pytest.raises(OSError, match="nobody has taken up"):
        fill(book, 10_000)
    assert len(files(passed)) == BACKLOG
    assert sum(path.stat().st_size for path in files(passed)) <= BACKLOG * SMALL
    written = [line.event.pid - 1 for line in passed.new()]
    assert written == list(range(len(written)))
    passed.entries()
    for old in passed.outdated():
        passed.drop(old["file"])
    book.write(event(len(written)), 1, "temporary", "")
    assert [line.event.pid - 1 for line in passed.new()] == [len(written)]


def test_whoever_takes_the_next_name_stops_what_passes(passed: Passed) -> None:
    book = ledger(passed)
    passed.path.with_name("passed.jsonl.2").symlink_to("/dev/null")
    with pytest.raises(FileExistsError):
        fill(book, 100)
    with pytest.raises(OSError, match="symbolic link"):
        list(passed.new())


def test_a_line_that_was_torn_at_the_end_of_a_file_is_counted(passed: Passed) -> None:
    book = ledger(passed)
    book.write(event(1), 1, "temporary", "")
    os.write(passed.handle, b"[half")
    passed.path.with_name("passed.jsonl.2").touch()
    assert [line.event.pid - 1 for line in passed.new()] == [1]
    (entry,) = passed.entries()
    data = passed.path.read_bytes()
    assert (entry["unreadable"], entry["to"]) == (1, len(data))
    assert entry["sha256"] == hashlib.sha256(data).hexdigest()
