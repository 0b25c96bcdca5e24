"""What a supervisor's process says to whoever started it: once, and never into another file."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agentwatch.errors import AgentwatchError
from agentwatch.model import Json
from agentwatch.supervisor import __main__ as entry, serve
from agentwatch.supervisor.config import Config

Ready = Callable[[Json], None]
NAMES = "abcdefgh"
"""One of these files gets the number that the pipe had."""


@pytest.fixture
def starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The starter's end of the pipe; the other is the process's standard output."""
    config = Config("s-1", "s", str(tmp_path), str(tmp_path), ("sh",), {}, "/", "/")
    monkeypatch.setattr("sys.stdin", io.StringIO(config.dump() + "\n"))
    monkeypatch.setattr(entry, "_detach", lambda: None)
    ours, theirs = os.pipe()
    monkeypatch.setattr("os.dup", lambda _: theirs)
    return ours


def test_a_failure_after_the_start_goes_nowhere(
    starter: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pipe is closed then, and its number may be the journal's."""
    other: list[int] = []

    def serving(_: Config, ready: Ready) -> None:
        ready({"ok": True})
        other.extend(os.open(tmp_path / name, os.O_RDWR | os.O_CREAT) for name in NAMES)
        raise AgentwatchError("it broke")

    monkeypatch.setattr(serve, "main", serving)
    assert entry.main() != 0
    assert json.loads(os.read(starter, 999)) == {"ok": True}
    assert all((tmp_path / name).stat().st_size == 0 for name in NAMES)
    for number in (*other, starter):
        os.close(number)


def test_a_starter_that_is_gone_is_a_failed_start(
    starter: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.close(starter)
    raised: list[str] = []

    def serving(_: Config, ready: Ready) -> None:
        try:
            ready({"ok": True})
        except AgentwatchError as error:
            raised.append(error.what)
            raise

    monkeypatch.setattr(serve, "main", serving)
    assert entry.main() != 0
    assert raised == ["whoever started this session is gone"]
