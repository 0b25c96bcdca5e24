"""The agents of the core under `agentwatch run`, the same proofs for all of them."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest

from tests.agents_real import proofs
from tests.agents_real.api import Json
from tests.agents_real.kit import Kit
from tests.agents_real.kits import ALL
from tests.agents_real.scenario import act, play
from tests.agents_real.supervised import KERNEL, UNHOOKED, agent_world, running

pytestmark = [pytest.mark.agents, pytest.mark.timeout(900), pytest.mark.parametrize("kit", ALL)]
"""The time includes that of an installation, where there is none yet."""


def test_three_actions_are_three_questions_by_the_hook_alone(kit: Kit) -> None:
    proofs.three_questions(kit, channels={"hooks"})


def test_three_actions_are_three_questions_with_the_kernel_gate_too(kit: Kit) -> None:
    proofs.three_questions(kit, *KERNEL, channels={"hooks"})


def test_three_actions_are_three_questions_by_the_kernel_gate_alone(kit: Kit) -> None:
    proofs.three_questions(kit, *UNHOOKED, channels={"kernel"})


def test_what_is_denied_does_not_happen_and_the_model_hears_why(kit: Kit) -> None:
    proofs.nothing_denied_runs(kit)


def test_what_the_kernel_gate_alone_denies_does_not_happen(kit: Kit) -> None:
    proofs.nothing_denied_runs(kit, *UNHOOKED, told=False)


def test_the_kill_reaches_what_it_started_and_let_go(kit: Kit) -> None:
    proofs.all_die(kit)


def hooks_of(session: str) -> list[int]:
    """The hook clients of a session that wait for an answer."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            argv = (folder / "cmdline").read_bytes() if folder.name.isdigit() else b""
            if b"hooks/client.py\0" in argv and session.encode() in argv:
                found.append(int(folder.name))
    return found


def test_a_killed_hook_leaves_the_kernel_gate(kit: Kit) -> None:
    """Most agents run a tool whose hook died: what then happens is still held."""
    killed: list[int] = []

    def verdict(action: Json) -> bool:
        if action["channel"] == "hooks":
            for pid in hooks_of(run.session):
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
        return "touch ran" not in action["summary"]

    scenario = play(act("shell", command="touch ran"))
    with (
        agent_world(kit) as world,
        running(world, kit, scenario, *kit.free, options=KERNEL) as run,
    ):
        run.decide(verdict)
        made = (world.work / "ran").exists()
    held = [item for item in run.questions if item.startswith("kernel") and "touch ran" in item]
    assert killed
    assert bool(held) is ("killed" in kit.outlives)
    assert not made
    proofs.shown(kit, "a killed hook")
