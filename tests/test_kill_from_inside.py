"""A kill from inside a session promises nothing about what it cannot see."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from agentwatch import kill
from agentwatch.containment import COOKIE, Proc, Record, proc
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.paths import Places


def recorded(folder: Path, supervisor: Proc) -> Places:
    """A session of which nothing runs but, perhaps, its supervisor."""
    places = Places("other-1", folder / "run", folder / "state")
    places.runtime.mkdir()
    places.state.mkdir()
    Record(
        session=places.id,
        means="pidns",
        grade="A",
        cookie="the other's",
        supervisor=supervisor,
        root=Proc(2**22 + 1, 1),
        helpers=(Proc(2**22 + 2, 1),),
        agent=None,
        runtime=str(places.runtime),
        state=str(places.state),
    ).write(places.containment)
    return places


def ourselves() -> Proc:
    found = proc.identify(os.getpid())
    assert found is not None
    return found


def test_inside_one_session_another_out_of_sight_is_not_called_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = recorded(tmp_path, Proc(2**22 + 3, 1))
    monkeypatch.setenv(COOKIE, "ours")
    with pytest.raises(AgentwatchError, match="inside another session") as error:
        kill.kill(places, trigger="cli", by="test")
    assert error.value.code == ExitCode.NO
    assert places.closed.exists()
    assert not places.receipt.exists()


def test_a_session_in_sight_can_be_killed_from_inside_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a person works in a supervised shell and starts an agent of their own there."""
    places = recorded(tmp_path, ourselves())
    monkeypatch.setenv(COOKIE, "ours")
    assert kill.kill(places, trigger="cli", by="test").clean


def test_outside_of_any_session_a_dead_supervisor_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with subprocess.Popen(["true"]) as process:
        dead = Proc(process.pid, 1)
    places = recorded(tmp_path, dead)
    monkeypatch.delenv(COOKIE, raising=False)
    assert kill.kill(places, trigger="cli", by="test").clean
