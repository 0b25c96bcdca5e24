"""Agents without a hook under `agentwatch run --kernel-gate`: the gate alone holds what they do."""

from __future__ import annotations

import pytest

from tests.agents_real import proofs
from tests.agents_real.kit_aider import AIDER
from tests.agents_real.kit_mini import MINI
from tests.agents_real.scenario import Scenario, Turn
from tests.agents_real.supervised import KERNEL, Verdict, agent_world, no, running, yes

pytestmark = [pytest.mark.agents, pytest.mark.more_agents, pytest.mark.timeout(400)]


def test_mini_s_three_actions_are_three_questions() -> None:
    proofs.three_questions(MINI, *KERNEL, channels={"kernel"})


def test_what_mini_is_denied_does_not_run() -> None:
    proofs.nothing_denied_runs(MINI, *KERNEL, told=False)


def test_the_kill_reaches_what_mini_left_behind() -> None:
    proofs.all_die(MINI)


EXAMPLES = 4
"""Answers that aider puts into its model's mouth, to begin with; they speak of get_factorial."""

EDIT = """I will change the file, and remove the folder.

notes.md
```
<<<<<<< SEARCH
two
=======
2
>>>>>>> REPLACE
```

```bash
rmdir build
```
"""


def aider_works(verdict: Verdict) -> tuple[list[str], dict[str, str]]:
    """A session of an edit, and of a command that nobody said yes to: what was asked, and left."""
    with agent_world(AIDER) as world:
        proofs.lay(world)
        script = Scenario({"get_factorial": [*[Turn()] * EXAMPLES, Turn(text=EDIT)]}, toolless=True)
        with running(world, AIDER, script, "notes.md", options=KERNEL) as run:
            run.decide(verdict, within=proofs.LONG)
        return run.questions, proofs.left(world.work)


def test_aider_s_edit_and_command_are_asked_though_it_asks_nobody() -> None:
    asked, files = aider_works(yes)
    assert len(asked) == 2, asked
    assert files == {"notes.md": "one\n2\n"}


def test_what_aider_is_denied_does_not_happen() -> None:
    asked, files = aider_works(no)
    assert len(asked) >= 1
    assert files == {"notes.md": "one\ntwo\n", "build": "(folder)"}
