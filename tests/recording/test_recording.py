"""A recording: what is written, within which bounds, and how it is read and paced."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from agentwatch.errors import AgentwatchError
from agentwatch.recording import Code, Event, Header, Playback, Recorder, Tape
from agentwatch.recording.marks import Marks
from agentwatch.recording.recorder import KEPT

HEADER = Header("tidy-1a2b3c", 24, 80, 1_700_000_000, "tidy 'my mail'")


class Clock:
    """Turned by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def write(folder: Path, *steps: tuple[float, str, Any], part: int = 1 << 20) -> list[str]:
    """A recording of these steps; what it complained of."""
    clock, complaints = Clock(), list[str]()
    recorder = Recorder(folder, HEADER, complaints.append, clock=clock, part=part)
    for after, verb, data in steps:
        clock.now += after
        getattr(recorder, verb)(*data if isinstance(data, tuple) else (data,))
    recorder.end(0)
    return complaints


STORY = (
    (0.5, "output", b"one \xc3"),
    (0.25, "mark", "ASKED a-1: rm x"),
    (0.25, "output", b"\xa4 two\r\n"),
    (1.0, "resized", (30, 100)),
    (60.0, "mark", "DENIED a-1 by person:tui: rm x"),
    (1.0, "output", b"three"),
)


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_version_3_as_the_format_says(tmp_path: Path) -> None:
    assert write(tmp_path / "r", *STORY) == []
    header, *events = lines(tmp_path / "r/00000.cast")
    assert header["version"] == 3
    assert header["term"] == {"cols": 80, "rows": 24, "type": "xterm-256color"}
    assert header["command"] == "tidy 'my mail'"
    assert events == [
        [0.5, "o", "one "],
        [0.25, "m", "ASKED a-1: rm x"],
        [0.25, "o", "ä two\r\n"],
        [1.0, "r", "100x30"],
        [60.0, "m", "DENIED a-1 by person:tui: rm x"],
        [1.0, "o", "three"],
        [0.0, "x", "0"],
    ]


def test_exports_say_the_same_in_their_own_way_of_counting(tmp_path: Path) -> None:
    write(tmp_path / "r", *STORY)
    tape = Tape(tmp_path / "r")
    (header2, *v2), (_, *v3) = (
        [json.loads(line) for line in out] for out in (tape.v2(), tape.v3())
    )
    assert (header2["version"], header2["width"], header2["height"]) == (2, 80, 24)
    told = [[round(sum(item[0] for item in v3[: n + 1]), 6), *v3[n][1:]] for n in range(len(v3))]
    assert v2 == told[:-1]
    assert told[-1][1:] == ["x", "0"]


def test_a_long_recording_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    write(tmp_path / "r", *((1.0, "mark", f"{n} {'x' * 100}") for n in range(200)), part=1000)
    kept = sorted(path.name for path in (tmp_path / "r").iterdir())
    assert len(kept) == KEPT
    assert kept[0] == "00000.cast"
    labels = [mark.label.split(" x")[0] for mark in Tape(tmp_path / "r").marks]
    assert labels[0] == "0"
    assert labels[-1] == "199"
    assert labels.count("what was printed before this is not kept") == 1
    assert Tape(tmp_path / "r").length == 200_000_000


def test_the_journal_can_name_what_was_written(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r", HEADER, print)
    recorder.output(b"hello")
    (part,) = recorder.end(3)
    data = (tmp_path / part["file"].replace("recording", "r")).read_bytes()
    assert part["sha256"] == hashlib.sha256(data).hexdigest()
    assert part["bytes"] == len(data)


def test_a_disk_that_takes_no_more_is_told_once_and_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaints = list[str]()
    recorder = Recorder(tmp_path / "r", HEADER, complaints.append)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("agentwatch.recording.recorder.os.write", full)
    recorder.output(b"hello")
    recorder.mark("ASKED")
    recorder.end(0)
    recorder.output(b"and on")
    assert len(complaints) == 1
    assert "No space left" in complaints[0]


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    folder.mkdir()
    with pytest.raises(AgentwatchError, match="no recording"):
        Tape(folder)
    (folder / "00000.cast").write_bytes(
        HEADER.v3()
        + b'# a remark\n[1, "o", "kept"]\n[NaN, "o", "x"]\n[-5, "o", "x"]\n[1e300, "o", "x"]\n'
        b'[1, "r", "99999x-1"]\n[1, "z", "?"]\n{"a": 1}\n\xff\n[1, "o", 7]\n[2, "o", "to'
    )
    events = [event for event in Tape(folder).events() if event.code is Code.OUTPUT]
    assert events == [Event(1_000_000, Code.OUTPUT, "kept")]
    assert Event(0, Code.RESIZE, "99999x24").size == (24, 999)


def test_playing_waits_as_long_as_it_took_but_not_longer_than_asked(tmp_path: Path) -> None:
    write(tmp_path / "r", *STORY)
    played = Playback(Tape(tmp_path / "r"), speed=2.0, idle_limit=4.0)

    def passed(seconds: float) -> str:
        return "".join(event.code for event in played.pass_time(seconds))

    assert passed(0.2) == "r"
    assert passed(0.3) == "omo"
    assert passed(0.5) == "r"
    assert passed(1.9) == ""
    assert passed(0.1) == "m"
    played.pause()
    assert passed(100) == ""
    played.pause()
    assert passed(0.5) == "ox"
    assert played.over


def test_steps_go_from_decision_to_decision_and_back(tmp_path: Path) -> None:
    write(tmp_path / "r", *STORY)
    played = Playback(Tape(tmp_path / "r"), step=True)
    assert [event.code for event in played.pass_time(1000)][-1] is Code.MARK
    assert played.paused
    assert [event.code.value for event in played.forward()] == ["o", "r", "m"]
    assert played.mark == 1
    scene = played.back()
    assert (scene.output, scene.rows, scene.cols, scene.whole) == ("one ", 24, 80, True)
    assert (played.mark, played.at) == (0, 750_000)
    assert played.back().output == ""
    assert [event.code.value for event in played.forward()] == ["r", "o", "m"]


def test_marks_are_what_was_asked_and_what_went_wrong() -> None:
    marks = Marks()

    def action(state: str, name: str = "a-1", by: str = "person:tui") -> dict[str, Any]:
        made = None if state == "pending" else {"by": by}
        said = {"id": name, "summary": "rm \x1b[2Jx\u202e", "state": state, "decision": made}
        return {"event": "action", "action": said}

    assert marks.label(action("pending")) == "ASKED a-1: rm ␛[2Jx⟦U+202E⟧"
    assert marks.label(action("pending")) is None
    assert marks.label(action("allowed")) == "ALLOWED a-1 by person:tui: rm ␛[2Jx⟦U+202E⟧"
    assert marks.label(action("allowed", "a-2", "policy")) is None
    assert (marks.label(action("denied", "a-3", "policy")) or "").startswith("DENIED a-3")
    assert marks.label({"event": "session", "session": {"state": "running"}}) is None
    assert marks.label({"event": "session", "session": {"state": "frozen"}}) == "FROZEN"
    assert marks.label({"event": "alarm", "text": "look"}) == "ALARM look"
