"""An agent's hook that dies, hangs up or says nonsense: what the agent does, what is held then."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest

from tests.agents_real import proofs
from tests.agents_real.api import Json
from tests.agents_real.bench import Bench
from tests.agents_real.kit import Kit
from tests.agents_real.kits import CLIENTS
from tests.agents_real.scenario import act, play
from tests.agents_real.stand_in import Judge, allow
from tests.agents_real.supervised import KERNEL, agent_world, private_folder, running

pytestmark = [pytest.mark.agents, pytest.mark.timeout(900)]

TOUCH = play(act("shell", command="touch ran"))


def killed(_event: Json, pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)  # hang up only after the hook has died


def terminated(_event: Json, pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    time.sleep(0.2)


FAILING: dict[str, Judge] = {
    "killed": killed,
    "terminated": terminated,
    "hangs up": lambda _event, _pid: None,
    "says nonsense": lambda _event, _pid: b"allow\n",
    "stops in the middle": lambda _event, _pid: b'{"v":1,"ok":true,"verdict":"allow"',
    "answers another question": lambda event, pid: allow(event, pid) | {"re": "x"},
}


@pytest.mark.parametrize("way", FAILING)
@pytest.mark.parametrize("kit", CLIENTS)
def test_a_failing_hook_blocks_the_tool_or_is_a_known_gap(kit: Kit, way: str) -> None:
    """With the known gaps the kernel gate holds what then happens: see below."""
    with private_folder() as folder:
        bench = Bench(kit, folder)
        played = bench.play(TOUCH, FAILING[way], *kit.free)
        assert len(played.socket.events) == 1
        assert bench.made() is (way in kit.outlives)


def hooks_of(session: str) -> list[int]:
    """The hook clients of a session that wait for an answer."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            argv = (folder / "cmdline").read_bytes() if folder.name.isdigit() else b""
            if b"hooks/client.py\0" in argv and session.encode() in argv:
                found.append(int(folder.name))
    return found


@pytest.mark.parametrize("kit", CLIENTS)
def test_a_killed_hook_leaves_the_kernel_gate(kit: Kit) -> None:
    """Most agents run a tool whose hook died: what then happens is still held."""
    hit: list[int] = []

    def verdict(action: Json) -> bool:
        if action["channel"] == "hooks":
            for pid in hooks_of(run.session):
                os.kill(pid, signal.SIGKILL)
                hit.append(pid)
        return "touch ran" not in action["summary"]

    with (
        agent_world(kit) as world,
        running(world, kit, TOUCH, *kit.free, options=KERNEL) as run,
    ):
        run.decide(verdict)
        made = (world.work / "ran").exists()
    held = [item for item in run.questions if item.startswith("kernel") and "touch ran" in item]
    assert hit
    assert bool(held) is ("killed" in kit.outlives)
    assert not made
    proofs.shown(kit, "a killed hook")
