"""An agent as the bench knows it: where it comes from, how it is set up, how it is spoken to.

Owns the installation from a registry into the user's cache.  What an agent's kit says is for
tests alone: how agentwatch starts it stands in `agentwatch.agents`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.agents_real.model_server import Spell, model_server, unspelled
from tests.agents_real.scenario import Scenario

NODE = "24.21.0"
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH", "EPROXY")
UNREACHABLE_PYPI = ("Temporary failure in name", "NewConnectionError", "Failed to establish")


def _nothing(_home: Path, _work: Path) -> None:
    """Nothing to settle."""


def _no_flags(_url: str) -> tuple[str, ...]:
    """No flags."""
    return ()


@dataclass(frozen=True)
class Kit:
    """One agent at a pinned version."""

    name: str
    """As `agentwatch.agents` calls it."""
    package: str
    version: str
    program: str
    """The executable that the package brings."""
    registry: str = "npm"
    """`npm` or `pypi`."""
    extra: tuple[str, ...] = ()
    """Further packages it needs."""
    python: str = ""
    """The interpreter a PyPI package needs, where ours is too old."""
    new_node: bool = False
    """Whether it needs a newer node than distributions bring."""
    settle: Callable[[Path, Path], None] = _nothing
    """Makes a home in which the agent has been through its first run, and trusts the workspace."""
    environment: Callable[[str], Mapping[str, str]] = field(default=lambda _url: {})
    """Variables by which it finds the model at this address, and leaves everybody else alone."""
    address: Callable[[str], tuple[str, ...]] = _no_flags
    """Flags by which it finds the model, where variables do not do."""
    prompt: tuple[str, ...] = ("-p",)
    """What goes before the prompt for a session of one prompt."""
    talk: tuple[str, ...] = ()
    """What goes before the prompt for a session that goes on."""
    dialog: tuple[str, str] = ("", "")
    """What its screen may show first, and the keys that answer it."""
    free: tuple[str, ...] = ()
    """Flags with which it asks nothing itself: whatever holds a tool back is ours."""
    spell: Spell = unspelled
    leaves: int = 4
    """How many of the four processes of `proofs.runaways` it does not end by itself."""
    besides: Callable[[str], bool] = lambda _summary: False
    """Questions that are right beside those of a scenario, by their summaries."""
    warms_up: bool = False
    """Whether its first session in a home writes what no later one does."""
    outlives: frozenset[str] = frozenset()
    """Failures of a hook with which it runs the tool all the same: what the kernel gate is for."""

    @property
    def folder(self) -> Path:
        """Where it is installed."""
        stem = {"claude": "claude-code"}.get(self.name, self.name)
        return cache() / f"{stem}-{self.version}"

    def installed(self) -> str:
        """The program, installed once; skips with a plain reason where it cannot be."""
        program = self.folder / _binaries(self.registry) / self.program
        if not program.exists():
            _place(self.folder, program, self._install)
        return str(program)

    def scrubbed(self, home: Path, url: str) -> dict[str, str]:
        """An environment from which nothing leaves loopback."""
        path = os.environ["PATH"]
        if self.new_node:
            path = f"{new_node()}{os.pathsep}{path}"
        return {
            "HOME": str(home),
            "PATH": path,
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "SHELL": "/bin/bash",
            "TMPDIR": "/tmp",
            "HTTPS_PROXY": "http://127.0.0.1:9",  # nobody listens there
            "NO_PROXY": "127.0.0.1,localhost",
            **self.environment(url),
        }

    def command(self, url: str, *arguments: str) -> tuple[str, ...]:
        """A session of one prompt, the word GO."""
        return (self.installed(), *self.address(url), *self.prompt, "GO", *arguments)

    def warm_up(self, home: Path, work: Path) -> None:
        """Have its first session, in which the model only says ok."""
        with model_server(Scenario()) as model:
            done = subprocess.run(
                self.command(model.url),
                env=self.scrubbed(home, model.url),
                cwd=work,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=90,
                check=False,
            )
        if done.returncode != 0:
            pytest.fail(f"{self.name} did not get through its first session: {done.stderr[-500:]}")

    def _install(self, folder: Path) -> None:
        wanted = (f"{self.package}{'@' if self.registry == 'npm' else '=='}{self.version}",)
        if self.registry == "npm":
            _npm(folder, *wanted, *self.extra, node=new_node() if self.new_node else None)
        else:
            _pip(folder, self.python or sys.executable, *wanted, *self.extra)


def cache() -> Path:
    """Where agents are installed, once for all runs."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agentwatch-tests"
    base.mkdir(parents=True, exist_ok=True)
    return base


def new_node() -> Path:
    """The folder of a newer node than distributions bring."""
    folder = cache() / f"node-{NODE}"
    program = folder / _binaries("npm") / "node"
    if not program.exists():
        _place(folder, program, lambda fresh: _npm(fresh, f"node@{NODE}"))
    return program.parent


def package(name: str, version: str) -> Path:
    """The folder of a package of npm's, installed once for all runs."""
    folder = cache() / f"{name.replace('/', '-').lstrip('@')}-{version}"
    found = folder / "node_modules" / name
    if not found.exists():
        _place(folder, found, lambda fresh: _npm(fresh, f"{name}@{version}"))
    return found


def _binaries(registry: str) -> str:
    return "node_modules/.bin" if registry == "npm" else "bin"


def _place(folder: Path, program: Path, install: Callable[[Path], None]) -> None:
    """Install once, whoever else wants the same; a package is whole before it has its place."""
    with (cache() / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if program.exists():
            return
        shutil.rmtree(folder, ignore_errors=True)
        try:
            install(folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


def _npm(folder: Path, *packages: str, node: Path | None = None) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, so this agent cannot be")
    fresh = Path(tempfile.mkdtemp(prefix="installing-", dir=cache()))
    try:
        command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(fresh), *packages]
        _run(command, UNREACHABLE, first=node)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _pip(folder: Path, python: str, *packages: str) -> None:
    if shutil.which(python) is None:
        pytest.skip(f"{python} is not installed, which this agent needs")
    _run([python, "-m", "venv", str(folder)], ())
    _run([str(folder / "bin/pip"), "install", "--quiet", *packages], UNREACHABLE_PYPI)


def _run(command: list[str], unreachable: tuple[str, ...], *, first: Path | None = None) -> None:
    path = os.environ["PATH"] if first is None else f"{first}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    if done.returncode == 0:
        return
    if any(word in done.stderr for word in unreachable):
        pytest.skip(f"{command[0]} cannot reach its registry: {command[-1]} is not installed")
    pytest.fail(f"{' '.join(command)} failed: {done.stderr[-500:]}")
