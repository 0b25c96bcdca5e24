"""An exercise counts by itself, and clears up whatever happens."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from agentwatch import containment, drill
from agentwatch.commands.drill import _Stage
from agentwatch.containment import Record, proc
from agentwatch.drill import Drill, Exercise, Target, exercise, roads, runaway
from agentwatch.errors import AgentwatchError
from agentwatch.model import Grade, Survivor
from agentwatch.paths import Places, live_places


class Stage(_Stage):
    """The drill's own, with a kill command that can be replaced, and a memory."""

    def __init__(self, kill: list[str] | None = None) -> None:
        super().__init__(None)
        self._kill = kill
        self.folder = Path()
        self.record: Record | None = None

    def prepare(self, argv: Sequence[str]) -> Places:
        self.folder = Path(argv[-1])
        return super().prepare(argv)

    def target(self, places: Places, record: Record) -> Target:
        self.record = record
        target = super().target(places, record)
        return replace(target, kill=self._kill) if self._kill else target

    def left_nothing(self, user: Path) -> bool:
        """No process, no folder."""
        assert self.record is not None
        assert self.record.root is not None
        everyone = [self.record.root, self.record.supervisor, *self.record.helpers]
        gone = not any(proc.alive(one) for one in everyone)
        folders = [*(user / "r/agentwatch").iterdir(), *(user / "s/agentwatch/sessions").iterdir()]
        return gone and not folders and not self.folder.exists()


def by_name(found: Exercise) -> dict[str, drill.Count]:
    return {count.runaway: count for count in found.counts}


@pytest.mark.parametrize("road", drill.ROADS, ids=lambda road: road.name)
def test_each_road_leaves_nobody(road: type[roads.Road], user: Path) -> None:
    stage = Stage()
    found = exercise(road, stage)
    assert found.survivors == 0
    counts = by_name(found)
    assert counts.keys() == runaway.SPEAKERS.keys()
    assert counts["storm"].before == runaway.STORM
    assert counts["pair"].before == 2
    assert all(count.before >= 1 and count.ms is not None for count in counts.values())
    assert stage.left_nothing(user)
    if road is roads.Lost:
        assert found.receipt is None
    else:
        assert found.receipt is not None
        assert found.receipt["trigger"] == ("key" if road is roads.Key else "cli")


def test_a_kill_that_does_nothing_is_found_out_and_cleared_up(user: Path) -> None:
    """The count must not believe anybody: here nobody was killed at all."""
    stage = Stage(kill=[sys.executable, "-c", ""])
    found = exercise(roads.Shell, stage)
    counts = by_name(found)
    assert all(count.survivors >= 1 for count in counts.values())
    assert counts["storm"].survivors == runaway.STORM
    assert counts["storm"].ms is None
    assert "runaway.py" in counts["cleared"].left[0].command
    assert stage.left_nothing(user)


@pytest.mark.parametrize("error", [AgentwatchError("broken"), KeyboardInterrupt()])
def test_a_road_that_breaks_is_cleared_up(
    error: BaseException, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: roads.Shell) -> None:
        raise error

    monkeypatch.setattr(roads.Shell, "pull", broken)
    stage = Stage()
    with pytest.raises(type(error)):
        exercise(roads.Shell, stage)
    assert stage.left_nothing(user)


def test_a_start_that_is_interrupted_leaves_no_session(user: Path) -> None:
    class Interrupted(Stage):
        def launch(self, places: Places) -> None:
            super().launch(places)
            self.record = Record.read(places.containment)
            self.session = places.id
            raise KeyboardInterrupt

    stage = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        exercise(roads.Shell, stage)
    assert stage.left_nothing(user)
    assert stage.session not in [places.id for places in live_places()]


# -- the evidence ---------------------------------------------------------------------------


def held(*counts: drill.Count) -> Drill:
    means = containment.Means("pidns", Grade.A, ("cannot fly",))
    done = Exercise("key", "F9", "s-1", "pidns", "A", 1.0, counts, None)
    return Drill(means, exercises=[done])


CLEAN = drill.Count("child", 1, (), alive=False, ms=1.5)
NAMED = drill.Count("storm", 50, (Survivor(7, 1, "x"), Survivor(8, 1, "x")), alive=True, ms=None)
UNNAMED = drill.Count("hopper", 1, (), alive=True, ms=None)


@pytest.mark.parametrize(
    ("counts", "survivors", "verdict"),
    [
        ((CLEAN,), 0, "passed"),
        ((CLEAN, NAMED), 2, "survivors"),
        ((CLEAN, UNNAMED), 1, "survivors"),
    ],
)
def test_the_verdict_follows_the_count(
    counts: tuple[drill.Count, ...], survivors: int, verdict: str
) -> None:
    found = held(*counts)
    assert (found.survivors, found.verdict) == (survivors, verdict)


def test_what_was_not_carried_out_is_not_passed() -> None:
    found = held(CLEAN)
    found.broken.append("key: no terminal")
    assert found.verdict == "incomplete"
    assert Drill(found.means).verdict == "incomplete"


def test_the_evidence_is_complete_and_private(user: Path) -> None:
    path = held(CLEAN, NAMED).keep()
    assert path.parent == user / "s/agentwatch/drills"
    assert path.stat().st_mode & 0o777 == 0o600
    found = json.loads(path.read_text())
    for field in ("scenario", "operator", "host", "began", "ended", "containment", "versions"):
        assert found[field]
    assert found["versions"].keys() == {"agentwatch", "python", "kernel"}
    assert found["verdict"] == "survivors"
    (done,) = found["exercises"]
    assert done["trigger"] == "key"
    assert [item["left"] for item in done["runaways"]] == [0, 2]
    assert done["runaways"][1]["survivors"][0] == {"pid": 7, "started": 1, "command": "x"}


def test_evidence_that_cannot_be_kept_is_an_error(user: Path) -> None:
    (user / "s/agentwatch").write_text("")
    with pytest.raises(AgentwatchError, match="evidence cannot be written"):
        held(CLEAN).keep()
