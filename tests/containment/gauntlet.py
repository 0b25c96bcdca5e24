"""The runaways of the gauntlet, and what each needs of the machine.

A runaway that a means cannot hold may be missed only if that means says so itself, in the words
given here as `named`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.containment.stage import RUNAWAYS

CHAIN = "fork and exit without pause"


@dataclass(frozen=True, slots=True)
class Runaway:
    """One kind of process that does not want to end."""

    speakers: int
    """How many of its processes must have spoken before it is killed."""
    steady: int | None = None
    """How many a receipt must count, where that number does not change."""
    words: tuple[str, ...] = ()
    needs: str | None = None
    """A program it uses."""
    root: bool = False
    terminal: bool = False
    named: str = "nothing that is named"
    """How a means that cannot hold it says so."""


ALL = {
    "adopter": Runaway(5),
    "bare": Runaway(2, named="clears its environment"),
    "bomb": Runaway(100, named=CHAIN),
    "daemons": Runaway(4, steady=4),
    "deaf": Runaway(3, steady=3),
    "dirty": Runaway(2, steady=2),
    "exec_hopper": Runaway(3, named=CHAIN),
    "headless": Runaway(2, steady=2),
    "heir": Runaway(4),
    "hopper": Runaway(5, named=CHAIN),
    "hopper.c": Runaway(200, needs="gcc", named=CHAIN),
    "hydra": Runaway(8),
    "immortals": Runaway(2),
    "jobs": Runaway(7, needs="bash"),
    "mover": Runaway(3, steady=3, root=True),
    "nested": Runaway(3, steady=6, needs="unshare"),
    "nohup": Runaway(1, steady=3),
    "other_user": Runaway(3, steady=3, root=True),
    "plain": Runaway(4, steady=4),
    "ptraced": Runaway(3, steady=3),
    "pty_holder": Runaway(3, steady=3),
    "renamed": Runaway(2),
    "screen": Runaway(5, needs="screen"),
    "script": Runaway(5, needs="script"),
    "session": Runaway(3, steady=3),
    "spawned": Runaway(4, steady=4),
    "spin": Runaway(3, steady=3),
    "stopped": Runaway(3),
    "storm": Runaway(1000, words=("1000",)),
    "thief": Runaway(2, steady=2, terminal=True),
    "tmux": Runaway(5, needs="tmux"),
}
"""Those that are merely hard to catch; `assassin` and `everybody` strike as well."""

RIOT = (
    "session", "daemons", "deaf", "headless", "heir", "hydra", "immortals", "jobs", "ptraced",
    "pty_holder", "spawned", "stopped",
)  # fmt: skip
"""Many at once, all of which every means holds."""

UNMARKED = ("bare", "hopper", "exec_hopper", "bomb")
"""Further ones that the weakest means may miss, as it says."""

HARD = ("hopper", "hopper.c", "immortals", "bomb", "bare")


def command(name: str, ledger: Path, *words: str) -> tuple[str, ...]:
    """How to start one of them; skips where the machine has not got what it needs."""
    needs = ALL[name].needs if name in ALL else None
    if needs and not shutil.which(needs):
        pytest.skip(f"{needs} is not installed")
    if name in ALL and ALL[name].root and os.geteuid() != 0:
        pytest.skip("only root may do that")
    if name.endswith(".c"):
        return (str(compiled(name, ledger.parent)), str(ledger))
    words = words or (ALL[name].words if name in ALL else ())
    return (sys.executable, str(RUNAWAYS / f"{name}.py"), str(ledger), *words)


def riot(ledger: Path, *, unmarked: bool) -> tuple[str, ...]:
    """How to start many at once."""
    return command("riot", ledger, *RIOT, *(UNMARKED if unmarked else ()))


def compiled(name: str, folder: Path) -> Path:
    """The program made of a source."""
    made = folder / name.removesuffix(".c")
    subprocess.run(["gcc", "-O1", "-o", made, RUNAWAYS / name], check=True)
    return made
