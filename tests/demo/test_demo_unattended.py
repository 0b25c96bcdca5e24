"""`agentwatch demo --unattended`: the whole product, end to end, on a throw-away inbox."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.world import World


@pytest.fixture
def world() -> Iterator[World]:
    """A fresh user; the folder's name is short because socket paths must be."""
    folder = Path(tempfile.mkdtemp(prefix="aw"))
    here = World(folder)
    here.env["TMPDIR"] = str(here.work)
    try:
        yield here
    finally:
        here.end()
        shutil.rmtree(folder, ignore_errors=True)


def test_it_shows_the_main_job_and_leaves_nothing_behind(world: World) -> None:
    done = world.call("demo", "--unattended", timeout=60)

    assert "deleted with your approval  2\n" in done.stdout
    assert re.search(r"The breaker: the 12th deletion .* FROZEN", done.stdout)
    refused = [int(n) for n in re.findall(r"You: no to all (\d+), with one key", done.stdout)]
    denied, there = map(
        int, re.findall(r"denied by you +(\d+), still there: (\d+)\n", done.stdout)[0]
    )
    assert denied - sum(refused) in (0, 1), "the burst, and the one worth keeping if not in it"
    assert 0 < there <= denied, "but for what the helper took"
    assert "deleted after the kill      none" in done.stdout
    assert "KILLED " in done.stdout
    assert list(world.work.iterdir()) == []
    assert [one for one in world.json("ls") if one["state"] in ("running", "frozen")] == []


def test_its_numbers_agree_with_the_folder_and_the_record(world: World) -> None:
    done = world.call("demo", "--unattended", "--keep", "--json", timeout=60)

    found = json.loads(done.stdout)
    (folder,) = world.work.iterdir()
    left = sorted(path.name[:2] for path in (folder / "inbox" / "cur").iterdir())
    assert found["ok"] is True
    assert found["left"] == len(left)
    assert "03" in left, "the denied one"
    assert "01" not in left
    assert "02" not in left
    gone = found["deleted_with_approval"] + found["deleted_behind_your_back"]
    assert found["at_start"] == 40 == len(left) + gone
    assert found["deleted_behind_your_back"] >= 4
    assert found["receipt"]["left"] == []
    assert str(folder) in done.stderr
    verified = world.call("log", found["session"], "--verify")
    assert verified.returncode == 0


def test_without_a_terminal_it_says_what_to_do(world: World) -> None:
    done = world.call("demo", check=False)

    assert done.returncode == 2
    assert "agentwatch demo --unattended" in done.stderr
    assert list(world.work.iterdir()) == []
