"""What passed below the agent, printed call by call."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentwatch.commands import log_passed
from agentwatch.errors import AgentwatchError
from agentwatch.paths import Places


@pytest.fixture
def kept(tmp_path: Path) -> Callable[..., Places]:
    """A session with what passed in it, one list for each file."""

    def making(*files: list[Any]) -> Places:
        for number, calls in enumerate(files, 1):
            name = "passed.jsonl" + (f".{number}" if number > 1 else "")
            lines = [call if isinstance(call, str) else json.dumps(call) for call in calls]
            (tmp_path / name).write_text("".join(f"{one}\n" for one in lines))
        return Places("a-1", tmp_path / "run", tmp_path)

    return making


def call(**event: Any) -> list[Any]:
    return [1.5, 7, "cover", "a-1-2", event]


def test_each_call_is_a_line(
    kept: Callable[..., Places], capsys: pytest.CaptureFixture[str]
) -> None:
    first = [
        call(kind="exec", argv=["make", "a\x1b[2Jb"]),
        call(kind="write", path="/w/" + "x" * 400),
    ]
    others = [
        call(kind="rename", path="/w/a", path2="/w/b"),
        "no call",
        call(kind="other", call="kill"),
    ]
    places = kept(first, [*others, call(kind="connect", address="127.0.0.1", port=80)])
    assert log_passed.run(places, as_json=False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("cover a-1-2")[2].strip()[:30] for line in lines if "cover" in line] == [
        "exec make a\\x1b[2Jb",
        "write /w/" + "x" * 21,
        "rename /w/a to /w/b",
        "other kill",
        "connect 127.0.0.1:80",
    ]
    assert lines[3] == "a line that cannot be read: no call"
    assert all(len(line) < 220 for line in lines)


def test_for_a_program_nothing_is_cut(
    kept: Callable[..., Places], capsys: pytest.CaptureFixture[str]
) -> None:
    places = kept([call(kind="write", path="/w/" + "x" * 400), "no call"])
    assert log_passed.run(places, as_json=True) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {
        "t": 1.5,
        "rule": "cover",
        "action": "a-1-2",
        "kind": "write",
        "path": "/w/" + "x" * 400,
    }
    assert second == {"unreadable": "no call"}


def test_what_was_never_written_is_an_error_and_what_lies_there_instead_is_not_read(
    kept: Callable[..., Places], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AgentwatchError, match="nothing that passed"):
        log_passed.run(kept(), as_json=True)
    places = kept([call(kind="exec", argv=["true"])])
    (tmp_path / "passed.jsonl.2").symlink_to(places.passed)
    log_passed.run(places, as_json=True)
    assert len(capsys.readouterr().out.splitlines()) == 1
