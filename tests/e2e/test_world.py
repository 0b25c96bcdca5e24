"""The tests' own user is alone: whoever runs them keeps their sessions."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.e2e.world import World, alive


def test_another_worlds_session_is_neither_seen_nor_killed(world: World) -> None:
    folder = Path(tempfile.mkdtemp(prefix="aw"))
    other = World(folder)
    try:
        other.run_agent("sleep", "60")
        agent = other.session()["pid"]
        assert world.json("ls") == []
        world.call("kill", "--all")
        assert alive(agent)
    finally:
        other.end()
        shutil.rmtree(folder, ignore_errors=True)
