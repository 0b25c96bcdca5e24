"""A user of their own for each test, and everything ended afterwards."""

from __future__ import annotations

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
    try:
        yield here
    finally:
        here.end()
        shutil.rmtree(folder, ignore_errors=True)
