"""What sessions that are over leave: who loses what, that the record says so, and what stays."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from agentwatch import journal, pruning
from agentwatch.errors import AgentwatchError
from agentwatch.journal import Journal, Result
from agentwatch.paths import Places, state_base

KIB = 1024


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("agentwatch.paths.runtime_bases", lambda: [tmp_path / "run"])
    monkeypatch.setattr("agentwatch.pruning.runtime_bases", lambda: [tmp_path / "run"])


def over(name: str, at: float, *, recording: int = 0, kept: int = 0) -> Places:
    state = state_base() / "sessions" / name
    places = Places(name, Path("/nowhere"), state)
    state.mkdir(parents=True)
    with Journal.open(places.journal, name) as record:
        record.append("session", {"argv": ["sh"]})
    for folder, size in ((places.recording, recording), (places.kept, kept)):
        if size:
            folder.mkdir()
            (folder / "0001").write_bytes(os.urandom(size))
    os.utime(places.journal, (at, at))
    return places


def names(found: list[pruning.Left]) -> list[str]:
    return [one.places.id for one in found]


def test_the_old_lose_theirs_and_then_the_oldest_beyond_the_bound() -> None:
    over("oldest", 100, recording=64 * KIB)
    over("bare", 150)
    over("older", 200, kept=64 * KIB)
    over("newest", 300, recording=32 * KIB, kept=32 * KIB)
    found = pruning.left()
    assert names(found) == ["oldest", "bare", "older", "newest"]
    assert names(pruning.chosen(found)) == []
    assert names(pruning.chosen(found, before=250)) == ["oldest", "older"]
    assert names(pruning.chosen(found, most=found[-1].spare)) == ["oldest", "older"]
    assert names(pruning.chosen(found, most=found[-1].spare - 1)) == ["oldest", "older", "newest"]
    assert names(pruning.chosen(found, most=2**40)) == []


def test_the_record_says_it_first_and_stays_whole() -> None:
    places = over("s", 100, recording=64 * KIB, kept=8 * KIB)
    (one,) = pruning.left()
    pruning.prune(one, "person:cli")
    assert not places.recording.exists()
    assert not places.kept.exists()
    *_, last = journal.read(places.journal)
    assert (last.type, last.data["by"]) == ("pruned", "person:cli")
    assert last.data["recording"] >= 64 * KIB
    assert journal.verify(places.journal).result is Result.AGREE


def test_a_session_that_writes_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may lie where this environment does not look for live ones."""
    places = over("s", 100, recording=KIB)
    (one,) = pruning.left()
    monkeypatch.setattr("agentwatch.pruning.MOST", 0)
    with Journal.open(places.journal, "s"):
        for remove in (pruning.prune, pruning.forget):
            with pytest.raises(AgentwatchError):
                remove(one, "person:cli")
        assert len(list(pruning.beyond("agentwatch"))) == 1
    assert places.recording.exists()
    assert list(pruning.beyond("agentwatch")) == []
    assert not places.recording.exists()


def test_where_the_record_cannot_say_it_nothing_is_removed() -> None:
    places = over("s", 100, recording=KIB)
    places.journal.write_bytes(places.journal.read_bytes().replace(b'"sh"', b'"xx"'))
    (one,) = pruning.left()
    for remove in (pruning.prune, pruning.forget):
        with pytest.raises(AgentwatchError):
            remove(one, "person:cli")
    assert places.recording.exists()


def test_a_record_that_is_removed_leaves_the_end_of_its_chain() -> None:
    places = over("s", 100)
    (one,) = pruning.left()
    told = pruning.forget(one, "person:cli")
    assert not places.state.exists()
    (line,) = (state_base() / pruning.REMOVED).read_text().splitlines()
    assert json.loads(line) == told
    assert (told["session"], told["records"]) == ("s", 2)


def test_without_that_line_it_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    places = over("s", 100)
    (one,) = pruning.left()
    (state_base() / pruning.REMOVED).mkdir()
    with pytest.raises(AgentwatchError, match="cannot be written down"):
        pruning.forget(one, "person:cli")
    assert places.journal.exists()
