"""The floor of a session on a machine whose sockets lie where people live."""

from __future__ import annotations

import socket
from pathlib import Path

from agentwatch.model import Mode
from agentwatch.supervisor.config import Config
from agentwatch.supervisor.walls import look_up


def config(home: Path, **env: str) -> Config:
    work = home / "work"
    work.mkdir(parents=True, exist_ok=True)
    return Config(
        session="test-5e4d",
        name="test",
        runtime=str(home / "r"),
        state=str(home / "s"),
        argv=("agent",),
        env={"HOME": str(home), **env},
        cwd=str(work),
        workspace=str(work),
        mode=Mode.ASK,
    )


def test_a_tmux_server_in_the_home_is_shut_and_the_home_stays(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "sock"))
        found = look_up(config(tmp_path, TMUX=f"{tmp_path}/sock,12,0"), gated=True)
    assert str(tmp_path / "sock") in found.walls.shut
    assert str(tmp_path / "sock") in found.unreachable
    assert str(tmp_path) not in found.walls.emptied


def test_a_folder_that_somebody_lives_in_is_never_emptied_and_that_is_said(tmp_path: Path) -> None:
    found = look_up(config(tmp_path, SCREENDIR=str(tmp_path)), gated=True)
    assert str(tmp_path) not in found.walls.emptied
    assert f"Not held, because your home or the workspace lies in it: {tmp_path}." in found.notes
