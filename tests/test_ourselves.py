"""Our own processes are ours, wherever they are started."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from agentwatch import ourselves

PLANTED = "open('planted', 'w').close()\n"


@pytest.mark.parametrize("name", ["agentwatch", "pathlib", "click", "runpy", "asyncio"])
def test_what_lies_in_the_current_folder_is_not_imported(tmp_path: Path, name: str) -> None:
    """The current folder is the agent's workspace."""
    (tmp_path / f"{name}.py").write_text(PLANTED)
    env = ourselves.environment({**os.environ, "PYTHONPATH": f"{os.pathsep}."})
    done = subprocess.run(
        ourselves.command("agentwatch", "--help"),
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "kill switch" in done.stdout
    assert not (tmp_path / "planted").exists()


def test_only_absolute_folders_stay_on_the_path() -> None:
    env = ourselves.environment({"PYTHONPATH": os.pathsep.join(["", ".", "lib", "/opt/lib"])})
    assert env == {"PYTHONPATH": "/opt/lib"}
    assert ourselves.environment({"PYTHONPATH": "."}) == {}
