"""One question for each thing that a person would call an action, none for reading."""

from __future__ import annotations

import pytest

from agentwatch.shell import parse
from tests.e2e.errands import ERRANDS, Errand
from tests.e2e.tally import compare, run_errand
from tests.e2e.world import World


@pytest.mark.timeout(300)
@pytest.mark.parametrize("errand", ERRANDS, ids=lambda errand: errand.name)
def test_each_action_of_everyday_work_is_one_question(world: World, errand: Errand) -> None:
    found = run_errand(world, errand, ("--kernel-gate",))
    assert (found.extra, found.missing) == ((), ()), found.told()
    assert len(found.asked) == len(errand.actions)
    assert found.exit == 0, found.output
    assert (world.work / errand.proof).exists()


def test_there_is_more_reading_than_acting_in_it() -> None:
    script = next(errand for errand in ERRANDS if errand.name == "script")
    assert len(script.actions) == 10
    assert len(parse(script.script).commands) > 10 + 30


def test_a_question_too_many_or_too_few_is_counted() -> None:
    actions = (("a", "^start a"), ("b", "^start b"))
    assert compare(actions, ["start b", "start a"]) == ([], [])
    assert compare(actions, ["start a", "start a"]) == (["start a"], ["b"])
    assert compare(actions, ["start c"]) == (["start c"], ["a", "b"])
