"""Nobody in the pair's tree sets the limits of those who hold it."""

from __future__ import annotations

import os
import sys

import pytest

from agentwatch.containment import subreaper
from tests.containment.conftest import Start, found
from tests.containment.test_launch import said

TRY = (
    "import os,resource as r\n"
    "soft,hard=r.prlimit({pid},r.RLIMIT_NOFILE)\n"
    "try: r.prlimit({pid},r.RLIMIT_NOFILE,(soft,hard)); print('set')\n"
    "except PermissionError: print('refused')\n"
)


@pytest.mark.parametrize(
    ("pid", "outcome"), [("PARENT", "refused\n"), ("os.getppid()", "refused\n"), ("0", "set\n")]
)
def test_only_their_own_limits_are_set_in_the_scope(pid: str, outcome: str, start: Start) -> None:
    """A helper that may open no file any more finds nobody to kill."""
    means = found("subreaper")
    if means.grade is not subreaper.SCOPED.grade:
        pytest.skip("Landlock cannot do it here")
    code = TRY.format(pid=pid.replace("PARENT", str(os.getpid())))
    assert said(start, means, sys.executable, "-I", "-c", code)[0] == outcome
