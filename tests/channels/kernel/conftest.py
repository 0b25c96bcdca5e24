"""Fixtures of the gate's tests."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentwatch.errors import AgentwatchError
from tests.channels.kernel.rig import Judge, Rig

Gated = Callable[..., Rig]


@pytest.fixture
def gated(tmp_path: Path) -> Iterator[Gated]:
    """A gated session with a judge of the test's; ended with it."""
    rigs: list[Rig] = []
    if sys.platform != "linux":
        pytest.skip("system calls are held on Linux only")

    def making(
        judge: Judge, rules: dict[str, Any] | None = None, means: str = "pidns", **more: Any
    ) -> Rig:
        try:
            rigs.append(Rig(tmp_path, judge, rules, means, **more))
        except AgentwatchError as error:
            pytest.skip(error.what)
        return rigs[-1]

    yield making
    for rig in rigs:
        rig.close()
