"""The rules of the house: layout, sizes, imports, lint, types."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import agentwatch

ROOT = Path(__file__).resolve().parents[1]
TOP = {"pyproject.toml", "README.md", "agentwatch", "tests", "screenshots", "LICENSE", "uv.lock"}
MODULES = sorted((ROOT / "agentwatch").rglob("*.py"))


def tracked() -> set[str]:
    """The top-level names that are part of the project."""
    done = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip("not a git checkout: what belongs to the project cannot be told")
    return {line.split("/")[0] for line in done.stdout.splitlines()}


def test_the_top_level_holds_what_the_design_card_names() -> None:
    assert {name for name in tracked() if not name.startswith(".")} <= TOP


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_and_says_what_it_owns(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 400
    assert ast.get_docstring(ast.parse(text))


def test_no_module_takes_the_name_of_what_the_package_offers() -> None:
    """Importing the module would put it where the function is looked for."""
    top = ROOT / "agentwatch"
    modules = {path.relative_to(top).parts[0].removesuffix(".py") for path in MODULES}
    assert not modules & set(agentwatch.__all__)


def tool(*argv: str) -> None:
    """Run a checker of the development set-up and show what it found."""
    done = subprocess.run(
        [sys.executable, "-m", *argv], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_finds_nothing() -> None:
    tool("ruff", "check")


def test_the_code_is_formatted() -> None:
    tool("ruff", "format", "--check")


@pytest.mark.timeout(300)
def test_the_types_hold() -> None:
    tool("mypy")


def test_the_layers_hold() -> None:
    command = str(Path(sys.executable).with_name("lint-imports"))
    done = subprocess.run([command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


HEAVY = ("asyncio", "textual", "rich", "click", "psutil", "agentwatch.gate", "agentwatch.wire")


@pytest.mark.parametrize(
    "module", ["agentwatch.kill", "agentwatch.guard", "agentwatch.containment"]
)
def test_the_kill_path_loads_nothing_heavy(module: str) -> None:
    """A static look misses an import inside a function; this one does not."""
    code = f"import sys, {module}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("module", ["agentwatch.supervisor.serve", "agentwatch.gate"])
def test_the_supervisor_loads_no_screen(module: str) -> None:
    code = f"import sys, {module}; print(*[m for m in ('textual', 'rich') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_only_the_gate_makes_decisions() -> None:
    made = re.compile(r"(?<![\w.])Decision\(")
    makers = {
        str(path.relative_to(ROOT))
        for path in MODULES
        if made.search(path.read_text()) and "class Decision" not in path.read_text()
    }
    assert makers == {"agentwatch/gate.py"}


def test_only_kill_and_containment_signal_processes() -> None:
    """Through whatever door: os.kill, os.killpg, pidfds, psutil, Popen."""
    doors = re.compile(r"os\.kill(pg)?\(|pidfd_send_signal\(|\.(send_signal|terminate|suspend)\(")
    allowed = re.compile(r"^agentwatch/(kill\.py|containment/|guard/screen\.py)")
    for path in MODULES:
        name = str(path.relative_to(ROOT))
        if not allowed.match(name):
            assert not doors.search(path.read_text()), name
