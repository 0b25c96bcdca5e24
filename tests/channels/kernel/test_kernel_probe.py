"""Whether system calls can be held is tried, and what fails is a reason."""

from __future__ import annotations

import subprocess
import sys

import pytest

from agentwatch.channels.kernel import bpf, probe

ALREADY = """
import sys
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from helpers import linux
LET_ALL = bytes.fromhex("060000000000ff7f")
linux.install_filter(LET_ALL)
from agentwatch.channels.kernel import probe
print(probe.why_not())
"""


def test_they_can_be_held_here() -> None:
    assert probe.why_not() is None


def test_a_listener_that_is_there_already_is_named() -> None:
    root = str(probe._HELPERS.parents[1])
    done = subprocess.run(
        [sys.executable, "-c", ALREADY, str(probe._HELPERS), root],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "holds this process's system calls already" in done.stdout


@pytest.mark.parametrize("failing", ["program", "start", "time"])
def test_a_trial_that_fails_is_a_reason(failing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> bytes:
        if failing == "time":
            raise subprocess.TimeoutExpired("trial", 1)
        raise OSError(38, "nothing")

    if failing == "program":
        monkeypatch.setattr(bpf, "program", fails)
    else:
        monkeypatch.setattr(subprocess, "run", fails)
    assert probe.why_not()


def test_another_system_has_no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "only Linux" in str(probe.why_not())
