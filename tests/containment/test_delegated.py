"""The pair's cgroup as an ordinary user has it: inside a cgroup that was delegated to that user.

`systemd-run --user --scope -p Delegate=yes` gives one where there is systemd; here root makes it
by hand.  Only the files that a delegation hands over belong to the user: the cgroup's own
cgroup.kill and cgroup.freeze stay root's, so that the product has to make a child of it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentwatch.containment import cgroup
from tests.containment.stage import ROOT
from tests.waiting import wait_for

USER = 65533
"""A number that nobody has: an ordinary user needs no entry in /etc/passwd."""

HANDED_OVER = ("cgroup.procs", "cgroup.threads", "cgroup.subtree_control")

SESSION = """
import json, os, sys
from pathlib import Path
from agentwatch import containment
from agentwatch.containment import cgroup
from agentwatch.kill import kill
from tests.containment import stage
from tests.containment.stage import Ledger

folder = Path(sys.argv[1])
places = stage.places_in(folder)
null = os.open(os.devnull, os.O_RDWR)
with stage.ledger_in(folder) as ledger:
    means = containment.best(forced="subreaper")
    argv = (sys.executable, str(stage.RUNAWAYS / "daemons.py"), str(ledger.path))
    running = containment.start(means, stage.launch(places, argv, (null, 2, 2)))
    ledger.wait_for(4)
    inside = len(cgroup.pids(running.record.cgroup))
    containment.freeze(running.record)
    silent = ledger.silent_for(0.3)
    containment.thaw(running.record)
    spoke = ledger.hears_again()
    receipt = kill(places, trigger="cli", by="test")
    print(json.dumps({
        "uid": os.getuid(), "cgroup": running.record.cgroup, "inside": inside,
        "silent": silent, "spoke": spoke, "before": receipt.before,
        "left": len(receipt.left), "dead": ledger.empties(), "cannot": means.cannot,
    }))
    running.close()
"""


@pytest.fixture
def delegated() -> Iterator[Path]:
    """A cgroup that root hands over to the ordinary user."""
    if os.geteuid() != 0:
        pytest.skip("only root can hand a cgroup over to another user")
    if why := cgroup.why_not():
        pytest.skip(f"no cgroup can be made here: {why}")
    made = Path(cgroup.make("delegated"))
    for path in (made, *(made / name for name in HANDED_OVER)):
        os.chown(path, USER, USER)
    yield made
    wait_for(lambda: not cgroup.pids(str(made)), "the delegated cgroup to be empty")
    cgroup.remove(str(made))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of the ordinary user's: pytest's own are closed to others."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    made = Path(tempfile.mkdtemp(prefix="aw-delegated-"))
    os.chown(made, USER, USER)
    yield made
    shutil.rmtree(made)


ENTER = """
import os, sys
procs, uid, *argv = sys.argv[1:]
with open(procs, "w") as file:
    file.write("0")
os.setgroups([])
os.setresgid(*[int(uid)] * 3)
os.setresuid(*[int(uid)] * 3)
os.execv(argv[0], argv)
"""


def as_user(procs: Path | str, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run a program as the ordinary user, in the cgroup that this file stands for."""
    return subprocess.run(
        [sys.executable, "-c", ENTER, str(procs), str(USER), *argv],
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        timeout=60,
    )


def python() -> str:
    """An interpreter that the ordinary user may run, with our source within its reach."""
    trial = "import sys; assert sys.version_info >= (3, 11); import tests.containment.stage"
    said = ""
    for path in (sys.executable, shutil.which("python3", path="/usr/local/bin:/usr/bin")):
        if path:
            tried = as_user(os.devnull, path, "-c", trial)
            if tried.returncode == 0:
                return path
            said = tried.stderr.strip().rpartition("\n")[2]
    pytest.skip(f"no interpreter that another user can run with this source: {said}")


def test_an_ordinary_user_freezes_and_kills_by_a_cgroup_of_a_delegation(
    delegated: Path, folder: Path
) -> None:
    ran = as_user(delegated / "cgroup.procs", python(), "-c", SESSION, str(folder))
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["uid"] == USER
    assert Path(told["cgroup"]).parent == delegated
    assert told["inside"] == 4
    assert (told["silent"], told["spoke"]) == (True, True)
    assert (told["before"], told["left"], told["dead"]) == (4, 0, True)
    assert not any("no cgroup of its own" in sentence for sentence in told["cannot"])
    assert not Path(told["cgroup"]).exists()


def test_an_ordinary_user_without_a_delegation_is_told_what_is_missing(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    ran = as_user(os.devnull, python(), "-c", SESSION, str(folder))
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["cgroup"] == ""
    assert (told["before"], told["left"], told["dead"]) == (4, 0, True)
    assert any("no cgroup of its own" in sentence for sentence in told["cannot"])
