"""Heads of the record kept elsewhere: handed on without waiting, and a failure is told once."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from agentwatch.errors import AgentwatchError
from agentwatch.journal import Head, anchors
from agentwatch.supervisor import anchoring
from agentwatch.supervisor.anchoring import Anchors, files, named, words
from tests.waiting import wait_for


def kept_by(*places: str, alarms: list[str], cwd: Path) -> Anchors:
    env = {"PATH": os.environ["PATH"]}
    return Anchors(places, "s-1", env=env, cwd=str(cwd), alarm=alarms.append)


def head(seq: int) -> Head:
    return Head(seq, f"{seq:064x}")


def test_a_file_and_a_command_get_each_head(tmp_path: Path) -> None:
    alarms: list[str] = []
    file = tmp_path / "heads"
    kept = kept_by(str(file), "|cat >> fed", alarms=alarms, cwd=tmp_path)
    for seq in (1, 2):
        kept.offer(head(seq))
        kept.finish(10)
    for place in (file, tmp_path / "fed"):
        assert anchors.found("s-1", str(place)) == (head(1), head(2))
    assert file.stat().st_mode & 0o777 == 0o600
    assert alarms == []


def test_a_place_that_hangs_holds_nobody_up_and_gets_the_newest(tmp_path: Path) -> None:
    alarms: list[str] = []
    waits = "while [ ! -e go ]; do sleep 0.05; done; cat >> fed"
    kept = kept_by(f"|{waits}", alarms=alarms, cwd=tmp_path)
    kept.offer(head(1))
    wait_for(lambda: kept._places[0]._busy, "the command to run")
    for seq in range(2, 500):  # were each to wait, this would take an hour
        kept.offer(head(seq))
    kept.finish(0.01)
    assert alarms == [f"{waits} has not taken the last head in time"]
    (tmp_path / "go").touch()
    kept.finish(10)
    assert anchors.found("s-1", str(tmp_path / "fed")) == (head(1), head(499))


def test_a_command_that_takes_too_long_is_ended_and_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchoring, "PATIENCE", 0.05)
    alarms: list[str] = []
    kept = kept_by("|exec sleep 60", "|exit 3", alarms=alarms, cwd=tmp_path)
    for seq in (1, 2):
        kept.offer(head(seq))
        kept.finish(10)
    assert len(alarms) == 2
    assert "timed out" in "".join(alarms)
    assert "exit status 3" in "".join(alarms)


def test_a_place_that_works_again_may_fail_again(tmp_path: Path) -> None:
    alarms: list[str] = []
    kept = kept_by("|[ -e good ]", alarms=alarms, cwd=tmp_path)
    for seq, good in enumerate((False, True, False)):
        (tmp_path / "good").touch() if good else (tmp_path / "good").unlink(missing_ok=True)
        kept.offer(head(seq))
        kept.finish(10)
    assert len(alarms) == 2


def test_a_file_that_cannot_be_written_is_said_before_the_start(tmp_path: Path) -> None:
    before = threading.active_count()
    os.mkfifo(tmp_path / "pipe")
    for bad in (tmp_path / "none" / "heads", tmp_path, tmp_path / "pipe"):
        with pytest.raises(AgentwatchError, match="cannot be kept in"):
            kept_by(str(bad), alarms=[], cwd=tmp_path)
    assert threading.active_count() == before


def test_a_place_is_a_command_where_its_first_word_is_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cat").write_text("a file of that name is not on the path")
    assert named("cat >> x") == "|cat >> x"
    assert named("heads") == str(tmp_path / "heads")
    assert named("/mnt/other disk/heads") == "/mnt/other disk/heads"
    assert named("it's/heads") == str(tmp_path / "it's/heads")
    for bad in ("", "  ", "nosuchprogram -t x"):
        with pytest.raises(AgentwatchError, match="neither a file nor a command"):
            named(bad)
    places = (named("heads"), named("cat >> x"))
    assert files(places) == (str(tmp_path / "heads"),)
    assert words(places)[1] == "The head of the record is fed to: cat >> x"
