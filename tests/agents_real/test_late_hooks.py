"""What each agent does when its hook answers too late, were its time short: why ours has a day.

Where the tool runs all the same, the kernel gate holds what it does: see `test_agents_run`.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.agents_real.api import Json
from tests.agents_real.bench import Bench
from tests.agents_real.kit import Kit
from tests.agents_real.kit_copilot import COPILOT
from tests.agents_real.kit_gemini import GEMINI
from tests.agents_real.kit_qwen import QWEN
from tests.agents_real.kit_vibe import VIBE
from tests.agents_real.scenario import act, play
from tests.agents_real.stand_in import deny
from tests.agents_real.supervised import private_folder

pytestmark = [pytest.mark.agents, pytest.mark.more_agents, pytest.mark.timeout(400)]

LATE: dict[str, tuple[Kit, str, str, bool]] = {
    "gemini": (GEMINI, r"86400000", "1000", True),
    "qwen": (QWEN, r"86400000", "1000", True),
    "copilot": (COPILOT, r"86400", "1", True),
    "vibe": (VIBE, r"86400\.0", "1.0", False),
}
"""By agent: a day as its hook's file spells it, a second, and whether the tool then runs."""


@pytest.mark.parametrize("name", LATE)
def test_a_hook_that_answers_too_late(name: str) -> None:
    kit, day, second, runs = LATE[name]

    def late(event: Json, pid: int) -> Json:
        time.sleep(4)  # longer than the second that its hook is given here
        return deny(event, pid)

    with private_folder() as folder:

        def hurried(command: list[str]) -> list[str]:
            found = [path for path in folder.glob("set/**/*") if _holds(path, day)]
            for path in found:
                path.write_text(re.sub(rf"\b{day}\b", second, path.read_text()))
            assert found
            return command

        bench = Bench(kit, folder)
        bench.play(play(act("shell", command="touch ran")), late, *kit.free, change=hurried)
        assert bench.made() is runs


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and bool(re.search(rf"\b{text}\b", path.read_text()))
