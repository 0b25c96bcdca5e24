"""Claude Code for the tests of this folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents_real.claude_bench import Bench, installed_claude


@pytest.fixture(scope="session")
def claude() -> str:
    """The program, installed; skips with a plain reason where it cannot be."""
    return installed_claude()


@pytest.fixture
def bench(claude: str) -> Iterator[Bench]:
    """A fresh user; the folder's name is short because socket paths must be."""
    folder = Path(tempfile.mkdtemp(prefix="aw"))
    try:
        yield Bench(claude, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
