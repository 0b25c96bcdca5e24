"""Claude Code for the tests of this folder; other agents' tests name their kit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.agents_real.bench import Bench
from tests.agents_real.kit_claude import CLAUDE
from tests.agents_real.supervised import private_folder


@pytest.fixture(scope="session")
def claude() -> str:
    """The program, installed; skips with a plain reason where it cannot be."""
    return CLAUDE.installed()


@pytest.fixture
def bench(claude: str) -> Iterator[Bench]:
    """A fresh user of Claude Code."""
    with private_folder() as folder:
        yield Bench(CLAUDE, folder)
