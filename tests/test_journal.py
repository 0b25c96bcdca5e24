"""The journal: what is acknowledged is on disk, what was tampered with is found."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from agentwatch.errors import AgentwatchError
from agentwatch.journal import (
    Entry,
    Journal,
    JournalError,
    Result,
    follow,
    head_path,
    read,
    verify,
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def write(path: Path, count: int, start: int = 1) -> None:
    with Journal.open(path, "s-1") as journal:
        for number in range(start, start + count):
            journal.append("decided", {"n": number})


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def rehashed(body: dict[str, Any]) -> bytes:
    """A line with the right hash for a body somebody made up."""
    body.pop("hash", None)
    text = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    return text[:-1] + b',"hash":"%s"}\n' % hashlib.sha256(text).hexdigest().encode()


# -- writing and reading ---------------------------------------------------------------------


def test_records_come_back_as_written(path: Path) -> None:
    with Journal.open(path, "s-1") as journal:
        first = journal.append("proposed", {"b": 1, "a": "é\n"})
        second = journal.append("decided", {})
        assert journal.seq == 2
    assert list(read(path)) == [first, second]
    assert (first.seq, first.session, first.type, first.prev) == (1, "s-1", "proposed", "0" * 64)
    assert second.prev == first.hash
    assert verify(path).result is Result.AGREE
    assert abs(first.t / 1000 - time.time()) < 60


def test_a_line_can_be_checked_by_its_bytes_alone(path: Path) -> None:
    """The recipe in the docstring, followed without our code."""
    write(path, 3)
    before = "0" * 64
    for line in lines(path):
        start = line.rindex(b',"hash":"')
        body = line[:start] + b"}"
        digest = hashlib.sha256(body).hexdigest()
        assert line[start:] == b',"hash":"%s"}\n' % digest.encode()
        assert line.isascii()
        assert json.loads(body)["prev"] == before
        before = digest
    assert head_path(path).read_bytes() == b"1 %020d %s\n" % (3, before.encode())


def test_the_files_are_the_users_alone(path: Path) -> None:
    write(path, 1)
    assert path.stat().st_mode & 0o777 == 0o600
    assert head_path(path).stat().st_mode & 0o777 == 0o600


def test_a_journal_is_continued_where_it_ended(path: Path) -> None:
    write(path, 2)
    write(path, 2, start=3)
    assert [entry.data["n"] for entry in read(path)] == [1, 2, 3, 4]
    assert verify(path).result is Result.AGREE


@given(st.dictionaries(st.text(), JSON, max_size=5), st.text())
@settings(max_examples=60, deadline=None)
def test_any_json_comes_back_the_same(data: dict[str, Any], kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        with Journal.open(path, "s-1") as journal:
            written = journal.append(kind, data)
        assert written.data == data
        assert list(read(path)) == [written]
        assert verify(path).result is Result.AGREE


def test_several_threads_may_write(path: Path) -> None:
    with Journal.open(path, "s-1") as journal:

        def some() -> None:
            for _ in range(20):
                journal.append("x", {})

        threads = [threading.Thread(target=some) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert verify(path).records == 80
    assert verify(path).result is Result.AGREE


def test_a_second_writer_is_refused_while_the_first_lives(path: Path) -> None:
    with Journal.open(path, "s-1"):
        with pytest.raises(AgentwatchError, match="another supervisor"):
            Journal.open(path, "s-2")
        done = subprocess.run(
            [sys.executable, "-c", WRITER, str(path), "1"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "another supervisor" in done.stderr
    write(path, 1)


def test_a_link_or_a_pipe_in_the_journals_place_is_refused(path: Path) -> None:
    path.symlink_to("/dev/null")
    with pytest.raises(JournalError):
        Journal.open(path, "s-1")
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(JournalError):
        Journal.open(path, "s-1")


def test_a_missing_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="No such file"):
        Journal.open(tmp_path / "none" / "journal.jsonl", "s-1")


# -- failing to write ------------------------------------------------------------------------


def deep(levels: int) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for _ in range(levels - 1):
        data = {"d": data}
    return data


@pytest.mark.parametrize(
    "data",
    [
        {"x": float("nan")},
        {"x": float("inf")},
        {"x": {1, 2}},
        {"x": b"bytes"},
        {"x": {1: 2, "1": 3}},
        {"x": 10**5000},
        deep(101),
        deep(5000),
    ],
    ids=["nan", "inf", "set", "bytes", "mixed keys", "huge number", "deep", "very deep"],
)
def test_what_is_not_json_fails_alone(path: Path, data: dict[str, Any]) -> None:
    with Journal.open(path, "s-1") as journal:
        with pytest.raises(JournalError):
            journal.append("x", data)
        journal.append("x", deep(100))
    assert verify(path).records == 1
    assert verify(path).result is Result.AGREE


def test_after_closing_nothing_can_be_written(path: Path) -> None:
    journal = Journal.open(path, "s-1")
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        journal.append("x", {})


@pytest.mark.parametrize("call", ["write", "fsync", "pwrite"])
def test_a_failed_call_breaks_the_journal_for_good(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    with Journal.open(path, "s-1") as journal:
        journal.append("x", {})
        with monkeypatch.context() as broken:
            broken.setattr(os, call, fail)
            with pytest.raises(JournalError, match="Input/output error"):
                journal.append("x", {})
        with pytest.raises(JournalError, match="cannot be written any more"):
            journal.append("x", {})
    found = verify(path)
    assert found.result is Result.AGREE
    assert found.records in (1, 2)


@pytest.mark.parametrize("call", ["write", "pwrite"])
def test_a_short_write_is_a_failure(path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    real: Callable[..., int] = getattr(os, call)

    def short(file: int, data: bytes, *place: int) -> int:
        return real(file, data[: len(data) // 2], *place)

    with Journal.open(path, "s-1") as journal:
        with monkeypatch.context() as broken:
            broken.setattr(os, call, short)
            with pytest.raises(JournalError):
                journal.append("x", {})
        with pytest.raises(JournalError):
            journal.append("x", {})


FILLER = """
import sys
from pathlib import Path
from agentwatch.journal import Journal, JournalError
if sys.argv[2] != "0":
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
journal = Journal.open(Path(sys.argv[1]), "s-1")
try:
    while True:
        print(journal.append("x", {"fill": "y" * 700}).seq, flush=True)
except JournalError as error:
    print("first:", error.what, file=sys.stderr)
try:
    journal.append("x", {})
except JournalError as error:
    print("again:", error.what, file=sys.stderr)
"""


def fill(path: Path, limit: int) -> int:
    """Write until it fails; the last number that was acknowledged."""
    done = subprocess.run(
        [sys.executable, "-c", FILLER, str(path), str(limit)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "first: cannot write the journal" in done.stderr
    assert "again:" in done.stderr
    return int(done.stdout.split()[-1])


def test_a_file_that_may_not_grow_denies_and_loses_nothing(path: Path) -> None:
    last = fill(path, 20_000)
    found = verify(path)
    assert (found.result, found.records) == (Result.AGREE, last)
    assert found.torn > 0
    write(path, 1)
    assert [entry.type for entry in read(path)][last:] == ["torn", "decided"]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes root")
def test_a_full_disk_denies_and_loses_nothing(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        path = disk / "journal.jsonl"
        last = fill(path, 0)
        found = verify(path)
        assert (found.result, found.records) == (Result.AGREE, last)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# -- torn lines ------------------------------------------------------------------------------


def test_a_torn_line_is_set_aside_and_named(path: Path) -> None:
    write(path, 2)
    with path.open("ab") as file:
        file.write(b'{"data":{"half')
    found = verify(path)
    assert (found.result, found.records, found.torn) == (Result.AGREE, 2, 14)
    assert [entry.seq for entry in read(path)] == [1, 2]
    write(path, 1)
    torn = list(read(path))[2]
    assert (torn.type, torn.data) == ("torn", {"bytes": 14, "file": "journal.torn-1"})
    assert (path.parent / "journal.torn-1").read_bytes() == b'{"data":{"half'
    assert verify(path).result is Result.AGREE


def test_a_second_torn_line_gets_a_file_of_its_own(path: Path) -> None:
    for piece in (b"one", b"x" * 200_000):
        write(path, 1)
        with path.open("ab") as file:
            file.write(piece)
    write(path, 1)
    assert (path.parent / "journal.torn-1").read_bytes() == b"one"
    assert (path.parent / "journal.torn-2").read_bytes() == b"x" * 200_000
    assert [e.data["file"] for e in read(path) if e.type == "torn"] == [
        "journal.torn-1",
        "journal.torn-2",
    ]


def test_a_piece_set_aside_by_a_writer_that_died_at_it_is_still_recorded(path: Path) -> None:
    write(path, 1)
    (path.parent / "journal.torn-1").write_bytes(b"left")
    write(path, 1)
    write(path, 1)
    assert [entry.type for entry in read(path)] == ["decided", "torn", "decided", "decided"]


def test_a_journal_that_was_only_begun_is_taken_over(path: Path) -> None:
    path.write_bytes(b'{"da')
    write(path, 1)
    assert [entry.type for entry in read(path)] == ["torn", "decided"]


WRITER = """
import sys
from pathlib import Path
from agentwatch.journal import Journal
journal = Journal.open(Path(sys.argv[1]), "s-1")
for number in range(int(sys.argv[2])):
    print(journal.append("x", {"fill": "z" * (number * 37 % 3000)}).seq, flush=True)
"""


def test_kill_9_at_any_moment_loses_nothing_acknowledged(path: Path) -> None:
    """Twenty writers in turn on one journal, each killed at a moment of chance."""
    chance = random.Random(7)
    acknowledged = 0
    for _ in range(20):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), "100000"], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        assert writer.stdout.readline()
        time.sleep(chance.random() * 0.05)
        writer.send_signal(signal.SIGKILL)
        told = writer.stdout.read().split()
        writer.stdout.close()
        writer.wait()
        acknowledged = int(told[-1]) if told else acknowledged
        found = verify(path)
        assert found.result is Result.AGREE, found
        assert found.records >= acknowledged
    write(path, 1)
    assert verify(path).result is Result.AGREE


# -- tampering -------------------------------------------------------------------------------


def edit(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"n":3', b'"n":9'))


def edit_with_a_new_hash(path: Path) -> None:
    all_lines = lines(path)
    body = json.loads(all_lines[2])
    body["data"] = {"n": 9}
    all_lines[2] = rehashed(body)
    path.write_bytes(b"".join(all_lines))


def remove(path: Path) -> None:
    all_lines = lines(path)
    path.write_bytes(b"".join(all_lines[:2] + all_lines[3:]))


def remove_and_renumber(path: Path) -> None:
    all_lines = lines(path)
    body = json.loads(all_lines[3])
    body["seq"] = 3
    path.write_bytes(b"".join([*all_lines[:2], rehashed(body)]))


def remove_the_first(path: Path) -> None:
    path.write_bytes(b"".join(lines(path)[1:]))


def reorder(path: Path) -> None:
    one, two, three, *rest = lines(path)
    path.write_bytes(b"".join([one, three, two, *rest]))


def repeat(path: Path) -> None:
    one, two, three, *rest = lines(path)
    path.write_bytes(b"".join([one, two, three, three, *rest]))


def cut_lines(path: Path) -> None:
    path.write_bytes(b"".join(lines(path)[:-2]))


def cut_bytes(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def blank_line(path: Path) -> None:
    one, *rest = lines(path)
    path.write_bytes(b"".join([one, b"\n", *rest]))


def garbage_line(path: Path) -> None:
    one, _, *rest = lines(path)
    path.write_bytes(b"".join([one, b"\xff\x00{\n", *rest]))


def nested_bomb(path: Path) -> None:
    one, _, *rest = lines(path)
    path.write_bytes(b"".join([one, b"[" * 200_000 + b"\n", *rest]))


def whole_chain_anew(path: Path) -> None:
    """Every record rewritten so that the chain agrees with itself, but not with the head."""
    before, made = "0" * 64, []
    for line in lines(path):
        body = json.loads(line)
        body["data"], body["prev"] = {"n": 0}, before
        made.append(rehashed(body))
        before = json.loads(made[-1])["hash"]
    path.write_bytes(b"".join(made))


TAMPERS = [
    (edit, 3, "changed"),
    (edit_with_a_new_hash, 4, "does not follow"),
    (remove, 3, "not where they belong"),
    (remove_and_renumber, 3, "does not follow"),
    (remove_the_first, 1, "not where they belong"),
    (reorder, 2, "not where they belong"),
    (repeat, 3, "repeated"),
    (cut_lines, 4, "tail is cut"),
    (cut_bytes, 5, "tail is cut"),
    (empty, 1, "tail is cut"),
    (blank_line, 2, "not a record"),
    (garbage_line, 2, "not a record"),
    (nested_bomb, 2, "not a record"),
    (whole_chain_anew, 5, "not the one acknowledged"),
]


@pytest.mark.parametrize(
    ("tamper", "seq", "what"), TAMPERS, ids=lambda v: getattr(v, "__name__", "")
)
def test_tampering_is_found_and_the_journal_not_continued(
    path: Path, tamper: Callable[[Path], None], seq: int, what: str
) -> None:
    write(path, 5)
    assert verify(path).result is Result.AGREE
    tamper(path)
    found = verify(path)
    assert found.result is Result.FINDING
    assert found.findings[0].seq == seq
    assert what in found.findings[0].what
    assert found.to_json()["findings"][0]["seq"] == seq
    held = path.read_bytes(), head_path(path).read_bytes()
    with pytest.raises(JournalError, match="damaged"):
        Journal.open(path, "s-1")
    assert (path.read_bytes(), head_path(path).read_bytes()) == held


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_single_changed_byte_agrees(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        write(path, 3)
        held = bytearray(path.read_bytes())
        place = data.draw(st.integers(0, len(held) - 1))
        held[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != held[place]))
        path.write_bytes(held)
        assert verify(path).result is not Result.AGREE


def test_a_record_written_but_not_yet_named_by_the_head_is_no_fault(path: Path) -> None:
    write(path, 2)
    head = head_path(path).read_bytes()
    write(path, 1)
    head_path(path).write_bytes(head)
    assert verify(path).result is Result.AGREE
    write(path, 1)
    assert verify(path).records == 4


@pytest.mark.parametrize("head", [None, b"", b"garbage\n", b"2 %020d %064d\n" % (2, 0)])
def test_without_a_head_it_cannot_be_verified(path: Path, head: bytes | None) -> None:
    write(path, 2)
    head_path(path).unlink()
    if head is not None:
        head_path(path).write_bytes(head)
    found = verify(path)
    assert found.result is Result.CANNOT_VERIFY
    assert "head" in found.why
    with pytest.raises(JournalError, match="damaged"):
        Journal.open(path, "s-1")


def test_an_unknown_version_cannot_be_verified_or_continued(path: Path) -> None:
    write(path, 2)
    body = json.loads(lines(path)[1])
    body["v"] = 2
    path.write_bytes(lines(path)[0] + rehashed(body))
    found = verify(path)
    assert found.result is Result.CANNOT_VERIFY
    assert "version 2" in found.why
    with pytest.raises(JournalError):
        Journal.open(path, "s-1")
    with pytest.raises(JournalError, match="version 2"):
        list(read(path))


def test_no_journal_cannot_be_verified(path: Path) -> None:
    assert verify(path).result is Result.CANNOT_VERIFY
    with pytest.raises(JournalError):
        list(read(path))


def test_reading_stops_at_damage_and_says_where(path: Path) -> None:
    write(path, 4)
    edit(path)
    seen: list[Entry] = []
    with pytest.raises(JournalError, match="line 3"):
        seen.extend(read(path))
    assert [entry.seq for entry in seen] == [1, 2]


# -- following -------------------------------------------------------------------------------


def test_following_yields_what_is_there_and_what_comes(path: Path) -> None:
    """Begins before the journal exists, and is never given half a line."""
    stopped = threading.Event()
    seen = follow(path, stopped.wait, every=0.01)
    first: list[Entry] = []
    reader = threading.Thread(target=lambda: first.extend(islice(seen, 3)))
    reader.start()
    with Journal.open(path, "s-1") as journal:
        written = [journal.append("x", {"n": number}) for number in range(3)]
        reader.join(10)
        assert first == written
        with path.open("ab") as file:
            file.write(b'{"half')
        stopped.set()
        assert list(seen) == []


def test_what_was_written_before_the_end_is_still_followed(path: Path) -> None:
    with Journal.open(path, "s-1") as journal:

        def stopped(_: float) -> bool:
            journal.append("last", {})
            return True

        assert [entry.type for entry in follow(path, stopped)] == ["last"]
