"""The strict floor where no namespace is: kept by Landlock, at the price it names."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from agentwatch.containment import Means, portable, start as start_means, subreaper
from agentwatch.containment.base import Unavailable, Walls
from tests.containment import stage
from tests.containment.conftest import Start, found
from tests.containment.test_launch import said


@pytest.fixture
def scoped() -> Means:
    """The pair of reapers with its Landlock scope."""
    means = found("subreaper")
    if means.grade is not subreaper.SCOPED.grade:
        pytest.skip("Landlock cannot do it here")
    return means


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home as the strict floor finds it."""
    home = tmp_path / "home"
    for name in (".ssh/config", ".config/fish/config.fish", ".bashrc", "work/file", ".config/o/f"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("good")
    return home


def strict(home: Path) -> Walls:
    names = (".bashrc", ".ssh", ".config/fish")
    return Walls(kept=tuple(f"{home}/{name}" for name in names), terminals=True, strict=True)


ATTACKS = {
    "writing": "echo evil >.bashrc; echo evil >.ssh/config; echo evil >.ssh/authorized_keys",
    "removing": "rm -rf .bashrc .ssh .config/fish",
    "replacing": "echo evil >work/n; mv -f work/n .bashrc; mv .config c; mv .ssh work/s",
    "a new one": "echo evil >.zshenv; mkdir .zsh; ln -s /dev/null .profile",
    "a hard link": "ln .bashrc work/b; echo evil >work/b",
    "mounting": "unshare -Urm sh -c 'mount -t tmpfs t .ssh && echo evil >.ssh/config'",
    "cutting off": "truncate -s 0 .bashrc; : >>.bashrc",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_what_is_kept_stays(attack: str, scoped: Means, start: Start, home: Path) -> None:
    env = {**os.environ, "HOME": str(home)}
    script = f"({attack}) >/dev/null 2>&1; echo done"
    options = {"cwd": str(home), "walls": strict(home), "env": env}
    assert said(start, scoped, "sh", "-c", script, **options)[0] == "done\n"
    assert sorted(path.name for path in home.iterdir()) == [".bashrc", ".config", ".ssh", "work"]
    for name in (".bashrc", ".ssh/config", ".config/fish/config.fish"):
        assert (home / name).read_text() == "good"


def test_in_folders_of_their_own_work_goes_on(scoped: Means, start: Start, home: Path) -> None:
    env = {**os.environ, "HOME": str(home)}
    script = "set -e; cat .bashrc; cd work; echo n >new; mv new file; mkdir d; rm -r d; cat file"
    options = {"cwd": str(home), "walls": strict(home), "env": env}
    script += "; echo x >../.config/o/f; echo x >/dev/null"
    assert said(start, scoped, "sh", "-c", script, **options) == ("goodn\n", 0)


def test_what_it_does_not_hold_is_said(scoped: Means, start: Start, home: Path) -> None:
    running = start(scoped, "true", walls=strict(home), env={**os.environ, "HOME": str(home)})
    assert running.unwalled == ("sockets", "terminals")


@pytest.mark.parametrize("weaker", [subreaper.MEANS, portable.MEANS], ids=["B", "C"])
def test_strict_refuses_what_has_no_floor(weaker: Means, tmp_path: Path) -> None:
    order = stage.launch(stage.places_in(tmp_path), ("true",), (0, 1, 2))
    with pytest.raises(Unavailable, match="no floor"):
        start_means(weaker, replace(order, walls=Walls(terminals=True, strict=True)))
