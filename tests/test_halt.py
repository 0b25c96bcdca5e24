"""The halt: its mark, what counts as one, and the order of marking, shutting and killing."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agentwatch import halt, kill
from agentwatch.containment import COOKIE
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Receipt, Survivor
from agentwatch.paths import Places

RUNTIMES = ("run", "shared")


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A user of its own: a mark in the real folders would halt every other test."""
    runtimes = [tmp_path / name for name in RUNTIMES]
    monkeypatch.setattr(halt, "runtime_bases", lambda: runtimes)
    monkeypatch.setattr(halt, "state_base", lambda: tmp_path / "state" / "agentwatch")
    monkeypatch.setattr(halt, "live_places", list)
    monkeypatch.setattr(halt, "PATIENCE", 0.3)
    monkeypatch.delenv(COOKIE, raising=False)
    return [tmp_path / "state" / "agentwatch", *runtimes]


def session(folder: Path, name: str) -> Places:
    """A session's places with a runtime folder."""
    places = Places(name, folder / "live" / name, folder / "kept" / name)
    places.runtime.mkdir(parents=True)
    return places


def receipt(places: Places, *left: Survivor) -> Receipt:
    return Receipt(places.id, "halt", "cli", "pidns", 3, left, {"empty": 1.0})


class Switch:
    """Stands in for the kill: notes what it found, fails as often as told."""

    def __init__(self, fails: int = 0, left: tuple[Survivor, ...] = ()) -> None:
        self.struck: list[str] = []
        self.marked: list[bool] = []
        self._fails = fails
        self._left = left

    def __call__(self, places: Places, *, trigger: str, by: str) -> Receipt:
        self.marked.append(halt.halted() is not None)
        if self._fails:
            self._fails -= 1
            raise AgentwatchError("no containment record", code=ExitCode.NOT_FOUND)
        self.struck.append(places.id)
        return receipt(places, *self._left)


def test_without_a_mark_nothing_is_halted() -> None:
    assert halt.halted() is None
    halt.refuse()


def test_the_mark_lies_in_every_folder_and_says_who_when_and_why(folders: list[Path]) -> None:
    found = halt.halt("ann", "it sends mail")
    assert found.clean
    assert found.unmarked == ()
    for folder in folders:
        mark = folder / halt.MARK
        assert mark.stat().st_mode & 0o777 == 0o600
        assert json.loads(mark.read_bytes())["because"] == "it sends mail"
    with pytest.raises(
        AgentwatchError, match=r"halted since 20.* by ann: it sends mail"
    ) as refused:
        halt.refuse()
    assert refused.value.code == ExitCode.FAILED
    assert refused.value.hint == "agentwatch release"


def test_a_second_halt_keeps_who_began_it_when_and_why() -> None:
    first = halt.halt("ada", "it sends mail").mark
    again = halt.halt("bob").mark
    assert (again.since, again.by, again.because) == (first.since, "ada", "it sends mail")
    assert halt.halt("bob", "and more").mark.because == "and more"


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_one_mark_anywhere_is_enough(kept: int, folders: list[Path]) -> None:
    halt.halt("ann")
    for number, folder in enumerate(folders):
        if number != kept:
            (folder / halt.MARK).unlink()
    mark = halt.halted()
    assert mark is not None
    assert mark.by == "ann"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"v": 2, "since": 1, "by": "a", "because": "", "marks": []}',
        b'{"v": 1, "since": "x", "by": "a", "because": "", "marks": []}',
        b'{"v": 1, "since": NaN, "by": "a", "because": "", "marks": []}',
        b'{"v": 1, "since": 1e300, "by": "a", "because": "", "marks": []}',
        b'{"v": 1, "since": 1, "by": "a", "because": "", "marks": 7}',
        b'{"v": 1, "since": 1, "by": "a", "because": ""}',
        b"[" * 100_000,
    ],
)
def test_a_mark_that_cannot_be_understood_halts(text: bytes, folders: list[Path]) -> None:
    folders[2].mkdir(parents=True)
    (folders[2] / halt.MARK).write_bytes(text)
    with pytest.raises(AgentwatchError, match="halted since an unknown time by an unknown person"):
        halt.refuse()


def test_a_mark_that_cannot_be_read_halts(folders: list[Path]) -> None:
    (folders[1] / halt.MARK).mkdir(parents=True)
    mark = halt.halted()
    assert mark is not None
    assert "cannot be read" in mark.because


def test_a_folder_that_cannot_be_looked_at_halts(folders: list[Path]) -> None:
    folders[1].symlink_to(folders[1])
    assert halt.halted() is not None


def test_another_users_folder_cannot_halt_us(
    folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody may make a folder in /tmp."""
    folders[2].mkdir()
    (folders[2] / halt.MARK).write_text("")
    assert halt.halted() is not None
    if os.getuid() == 0:
        os.chown(folders[2], 12345, 12345)
    else:
        monkeypatch.setattr(os, "getuid", lambda: folders[2].stat().st_uid + 1)
    assert halt.halted() is None


def test_what_the_mark_says_cannot_act_on_a_terminal() -> None:
    mark = halt.Halt(1.0, "a\x1b[2J", "b\u202e\n")
    assert mark.sentence() == "halted since 1970-01-01 00:00:01 UTC by a?[2J: b??"


def test_every_gate_is_shut_and_the_mark_is_there_before_the_first_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = [session(tmp_path, name) for name in ("one", "two")]
    monkeypatch.setattr(halt, "live_places", lambda: sessions)
    switch = Switch()

    def strike(places: Places, *, trigger: str, by: str) -> Receipt:
        assert all(item.closed.exists() for item in sessions)
        return switch(places, trigger=trigger, by=by)

    monkeypatch.setattr(kill, "kill", strike)
    found = halt.halt("ann")
    assert found.clean
    assert switch.struck == ["one", "two"]
    assert switch.marked == [True, True]


def test_a_session_that_is_just_starting_is_tried_until_it_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(halt, "PATIENCE", 20)
    starting = session(tmp_path, "one")
    switch = Switch(fails=3)
    monkeypatch.setattr(halt, "live_places", lambda: [starting])
    monkeypatch.setattr(kill, "kill", switch)
    found = halt.halt("ann")
    assert found.clean
    assert [item.session for item in found.receipts] == ["one"]
    assert switch.struck == ["one"]


def test_a_session_that_gives_up_by_itself_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(halt, "PATIENCE", 20)
    looks = [[session(tmp_path, "one")], []]
    monkeypatch.setattr(halt, "live_places", lambda: looks.pop(0))
    monkeypatch.setattr(kill, "kill", Switch(fails=1))
    found = halt.halt("ann")
    assert found.clean
    assert found.receipts == ()


def test_a_session_that_cannot_be_killed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its record is gone, but its supervisor answers: something may run."""
    broken = session(tmp_path, "one")
    monkeypatch.setattr(halt, "live_places", lambda: [broken])
    monkeypatch.setattr(kill, "kill", Switch(fails=1000))
    monkeypatch.chdir(broken.runtime)
    with socket.socket(socket.AF_UNIX) as supervisor:
        supervisor.bind("control.sock")
        supervisor.listen()
        monkeypatch.setattr(Places, "control_socket", property(lambda _: Path("control.sock")))
        found = halt.halt("ann")
    assert found.failed == ("one: no containment record",)
    assert not found.clean
    assert broken.runtime.exists()


def test_what_a_dead_supervisor_left_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = session(tmp_path, "one")
    monkeypatch.setattr(halt, "live_places", lambda: [left])
    monkeypatch.setattr(kill, "kill", Switch(fails=1000))
    found = halt.halt("ann")
    assert found.clean
    assert not left.runtime.exists()


def test_a_record_nobody_can_use_is_a_session_that_could_not_be_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torn = session(tmp_path, "one")
    torn.containment.write_text("{")
    monkeypatch.setattr(halt, "live_places", lambda: [torn])
    found = halt.halt("ann")
    assert not found.clean
    assert "no containment record can be read" in found.failed[0]


def test_survivors_are_not_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = session(tmp_path, "one")
    monkeypatch.setattr(halt, "live_places", lambda: [places])
    monkeypatch.setattr(kill, "kill", Switch(left=(Survivor(7, 1, "x"),)))
    assert not halt.halt("ann").clean


def test_a_full_disk_halts_all_the_same(
    folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(halt, "write_private", full)
    assert halt.halt("ann").clean
    assert [(folder / halt.MARK).read_bytes() for folder in folders] == [b""] * 3
    assert halt.halted() is not None


def test_a_folder_that_takes_no_mark_is_said_and_the_others_hold(folders: list[Path]) -> None:
    folders[1].write_text("a file where the folder should be")
    found = halt.halt("ann")
    assert found.clean
    assert str(folders[1]) in found.unmarked[0]
    assert halt.halted() is not None


def test_with_no_mark_at_all_the_kill_happens_and_the_halt_fails(
    tmp_path: Path, folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").write_text("")
    for folder in folders[1:]:
        folder.write_text("")
    places, switch = session(tmp_path, "one"), Switch()
    monkeypatch.setattr(halt, "live_places", lambda: [places])
    monkeypatch.setattr(kill, "kill", switch)
    found = halt.halt("ann")
    assert switch.struck == ["one"]
    assert not found.clean


def test_release_removes_every_mark_also_those_of_another_environment(
    tmp_path: Path, folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    halt.halt("ann")
    monkeypatch.setattr(halt, "runtime_bases", lambda: [folders[2]])
    monkeypatch.setattr(halt, "state_base", lambda: tmp_path / "elsewhere")
    assert halt.halted() is not None
    assert sorted(halt.release()) == sorted(folder / halt.MARK for folder in folders)
    assert halt.halted() is None
    assert halt.release() == ()


def test_release_removes_no_other_file_whatever_a_mark_says(
    tmp_path: Path, folders: list[Path]
) -> None:
    victim = tmp_path / "thesis.txt"
    victim.write_text("x")
    halt.halt("ann")
    mark = folders[0] / halt.MARK
    mark.write_text(json.dumps({**json.loads(mark.read_text()), "marks": [str(victim)]}))
    halt.release()
    assert victim.exists()
    assert halt.halted() is None


def test_a_mark_that_stays_is_said(folders: list[Path]) -> None:
    (folders[1] / halt.MARK).mkdir(parents=True)
    with pytest.raises(AgentwatchError, match="still halted") as error:
        halt.release()
    assert error.value.code == ExitCode.NO
    assert halt.halted() is not None


@pytest.mark.parametrize("deed", [lambda: halt.halt("ann"), halt.release])
def test_inside_a_session_neither_is_done(deed: object, monkeypatch: pytest.MonkeyPatch) -> None:
    halt.halt("ann")
    monkeypatch.setenv(COOKIE, "any")
    assert callable(deed)
    with pytest.raises(AgentwatchError, match="this process belongs to a session") as error:
        deed()
    assert error.value.code == ExitCode.NO
    assert halt.halted() is not None


def test_a_mark_is_never_seen_half_written(folders: list[Path]) -> None:
    """Somebody who looks while it is renewed reads the old one or the new one."""
    halt.halt("ann")
    seen: list[halt.Halt | None] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.append(halt.halted())

    looker = threading.Thread(target=look)
    looker.start()
    for _ in range(50):
        halt.halt("ann")
    done.set()
    looker.join()
    assert seen
    assert {one.by if one else None for one in seen} == {"ann"}


def test_it_loads_nothing_heavy() -> None:
    heavy = ("asyncio", "textual", "rich", "click", "psutil", "agentwatch.gate", "agentwatch.wire")
    code = f"import sys, agentwatch.halt; print(*[m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/",
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
    )  # fmt: skip
    assert done.stdout.strip() == ""
