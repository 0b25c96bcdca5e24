"""Waiting for what is looked at, with a deadline: tests never sleep for luck."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

DEADLINE = 45.0
"""Seconds any condition may take; generous, because the machine may be busy."""


def wait_for(look: Callable[[], Any], what: str, *, within: float = DEADLINE) -> Any:
    """The first true value `look` gives; fails with `what` past the deadline."""
    end = time.monotonic() + within
    while not (found := look()):
        if time.monotonic() > end:
            pytest.fail(f"waited {within} s for {what}")
        time.sleep(0.01)
    return found
