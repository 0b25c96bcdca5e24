"""The limits never trip on everyday work: what the workloads of the questions benchmark came to.

everyday.json holds what the breaker counted in each of them, on the whole product with every
question allowed at once: seconds since the first, and the act.  The same workloads run with the
breaker on wherever else they are tested.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentwatch.breaker import Act, Breaker, Limits, Way

RECORDED = json.loads((Path(__file__).parent / "everyday.json").read_text())
FASTER = 4


@pytest.mark.parametrize("workload", RECORDED)
def test_everyday_work_never_trips_even_four_times_as_fast(workload: str) -> None:
    core = Breaker(Limits())
    for number, (at, said) in enumerate(RECORDED[workload]):
        act = Act(**({"summary": "x"} | said))
        assert core.weigh(act, at / FASTER) is None
        core.count(act, f"a-{number}", Way.PERSON, at / FASTER)


def test_the_recording_is_of_real_work() -> None:
    acts = [said for rows in RECORDED.values() for _, said in rows]
    assert len(RECORDED) == 12
    assert sum(bool(said.get("asks")) for said in acts) >= 60
    assert {said["kind"] for said in acts} >= {"exec", "write", "delete"}


def test_the_inbox_story_always_trips_whoever_asks_for_it() -> None:
    """As a tool of a mail plugin, as a shell line each, and as files deleted one by one."""
    for act in (
        Act("tool", "mail_delete", deletes=True, tool="mail_delete", asks=True),
        Act("exec", "rm mail/1", deletes=True, asks=True),
        Act("delete", "delete mail/1", deletes=True, folder="mail"),
    ):
        core = Breaker(Limits())
        for number in range(11):
            assert core.weigh(act, number * 1.5) is None
            core.count(act, f"a-{number}", Way.GRANT, number * 1.5)
        assert core.weigh(act, 11 * 1.5) is not None
