"""A tree with held calls can be frozen, and goes on where it stood."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentwatch import containment
from tests.channels.kernel.conftest import Gated
from tests.channels.kernel.rig import python
from tests.waiting import wait_for

THREADS = (
    "import os,threading\n"
    "threading.Thread(target=lambda: [None for _ in iter(int,1)],daemon=True).start()\n"
    "os.unlink('f'); print('gone',flush=True); os._exit(0)"
)


@pytest.mark.parametrize("means", ["pidns", "subreaper"])
@pytest.mark.parametrize("agent", [("sh", "-c", "rm f; echo gone"), python(THREADS)])
def test_freeze_and_thaw_while_a_call_is_held(
    gated: Gated, tmp_path: Path, means: str, agent: tuple[str, ...]
) -> None:
    (tmp_path / "f").write_text("")
    rig = gated(lambda event: True if event.argv else None, means=means)
    rig.start(*agent)
    wait_for(lambda: rig.asked, "the question")
    assert rig.running is not None
    record = rig.running.record
    containment.freeze(record)
    rig.house.answer(rig.asked[0][0], allow=True)
    wait_for(lambda: not (tmp_path / "f").exists(), "what was allowed")
    assert rig.running.poll() is None
    containment.thaw(record)
    assert rig.wait() == 0
    assert rig.out == b"gone\n"
