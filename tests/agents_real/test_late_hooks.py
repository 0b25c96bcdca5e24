"""What each agent does when its hook answers too late, were its time short: why ours has a day.

Where the tool runs all the same, the kernel gate holds what it does.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from agentwatch.agents import codex
from tests.agents_real import proofs
from tests.agents_real.api import Json
from tests.agents_real.bench import Bench
from tests.agents_real.kit import Kit
from tests.agents_real.kit_codex import CODEX
from tests.agents_real.kit_copilot import COPILOT
from tests.agents_real.kit_gemini import GEMINI
from tests.agents_real.kit_openclaw import OPENCLAW
from tests.agents_real.kit_qwen import QWEN
from tests.agents_real.kit_vibe import VIBE
from tests.agents_real.scenario import act, play
from tests.agents_real.supervised import KERNEL, agent_world, private_folder, running
from tests.agents_real.test_failing_hooks import hooks_of
from tests.waiting import wait_for

pytestmark = [pytest.mark.agents, pytest.mark.more_agents, pytest.mark.timeout(400)]

TOUCH = play(act("shell", command="touch ran"))

LATE: dict[str, tuple[Kit, str, str, bool]] = {
    "gemini": (GEMINI, r"86400000", "1000", True),
    "qwen": (QWEN, r"86400000", "1000", True),
    "copilot": (COPILOT, r"86400", "1", True),
    "vibe": (VIBE, r"86400\.0", "1.0", False),
    "openclaw": (OPENCLAW, r"600000", "1000", False),
}
"""By agent: its longest time as its hook's file spells it, a second, and whether the tool runs."""


def never(_event: Json, _pid: int) -> None:
    """The agent gives up long before, and its session is over by then."""
    time.sleep(60)


@pytest.mark.parametrize("name", LATE)
def test_a_hook_that_answers_too_late(name: str) -> None:
    kit, day, second, runs = LATE[name]
    with private_folder() as folder:

        def hurried(command: list[str]) -> list[str]:
            found = [path for path in folder.glob("set/**/*") if _holds(path, day)]
            for path in found:
                path.write_text(re.sub(rf"\b{day}\b", second, path.read_text()))
            assert found
            return command

        bench = Bench(kit, folder)
        played = bench.play(TOUCH, never, *kit.free, change=hurried)
        assert bench.made() is runs
        assert len(played.model.result_texts()) == 1


def test_codex_runs_what_is_answered_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its hook stands on the command line, and the hash by which it is trusted holds the time."""
    monkeypatch.setattr(codex, "DAY", 1)
    with private_folder() as folder:
        bench = Bench(CODEX, folder)
        played = bench.play(TOUCH, never, *CODEX.free)
        assert bench.made()
        assert len(played.model.result_texts()) == 1


HURRIED = "\nimport agentwatch.agents.codex as codex\ncodex.DAY = 3\n"


def test_what_codex_runs_without_waiting_is_held_by_the_kernel_gate() -> None:
    def verdict(action: Json) -> bool:
        if action["channel"] == "hooks":
            wait_for(lambda: not hooks_of(run.session), "Codex to give up", within=proofs.LONG)
            return True
        return "touch ran" not in action["summary"]

    with agent_world(CODEX) as world:
        with (world.folder / "alone/sitecustomize.py").open("a") as file:
            file.write(HURRIED)
        with running(world, CODEX, TOUCH, *CODEX.free, options=KERNEL) as run:
            run.decide(verdict, within=proofs.LONG)
        assert [item.split()[0] for item in run.questions] == ["hooks", "kernel"], run.questions
        assert not (world.work / "ran").exists()
    proofs.shown(CODEX, "a late hook")


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and bool(re.search(rf"\b{text}\b", path.read_text()))
