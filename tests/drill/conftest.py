"""A drill in this process, with folders of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentwatch.drill.ledger import Ledgers


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where this user's sessions and evidence lie; short, because socket paths must be."""
    folder = Path(tempfile.mkdtemp(prefix="aw"))
    for name in ("r", "s"):
        (folder / name).mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder / "r"))
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "s"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def ledgers() -> Iterator[Ledgers]:
    """The ledgers of every runaway."""
    opened = Ledgers()
    yield opened
    opened.close()
