"""What passed in the gate process comes into the journal, or nothing passes there any more."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from agentwatch.channels.kernel.gatehouse import Gatehouse
from agentwatch.supervisor.below import Below
from agentwatch.supervisor.observed import Watched
from agentwatch.supervisor.session import Supervised


class World:
    """A session, its ground and its gate process, each as far as they are asked here."""

    def __init__(self) -> None:
        self.fails: Exception | None = None
        self.recorded: list[tuple[str, Any]] = []
        self.alarms: list[str] = []
        self.shuts = 0
        self.denied: list[int] = []
        self.refusals: list[str] = []

    def entries(self) -> list[dict[str, Any]]:
        if isinstance(self.fails, ValueError):
            raise self.fails
        return [{"passed": 1}]

    def outdated(self) -> list[dict[str, Any]]:
        return [{"file": "passed.jsonl"}]

    def drop(self, name: str) -> None:
        self.recorded.append(("removed", name))

    def record_or_raise(self, kind: str, data: dict[str, Any]) -> None:
        if self.fails:
            raise self.fails
        self.recorded.append((kind, data))

    def publish_session(self) -> None:
        self.recorded.append(("published", None))

    def alarm(self, text: str) -> None:
        self.alarms.append(text)

    def shut(self) -> None:
        self.shuts += 1

    def answer(self, number: int, *, allow: bool) -> None:
        assert not allow
        self.denied.append(number)

    def refused(self, who: str, what: str) -> None:
        self.refusals.append(what)


def watched(world: World) -> Watched:
    return Watched(
        cast("Supervised", world), cast("Below", world), cast("Gatehouse", world), world.alarm
    )


def test_it_is_recorded() -> None:
    world = World()
    assert watched(world).fold()
    assert world.recorded == [
        ("passed", {"passed": 1}),
        ("dropped", {"file": "passed.jsonl"}),
        ("removed", "passed.jsonl"),
        ("published", None),
    ]
    assert world.shuts == 0


def test_a_journal_that_cannot_be_written_ends_it() -> None:
    for error in (OSError("full"), ValueError("unreadable")):
        world = World()
        world.fails = error
        assert not watched(world).fold()
        assert world.shuts == 1
        assert "everything is asked" in world.alarms[0]


def test_an_event_of_a_process_that_is_gone_is_refused() -> None:
    async def take() -> World:
        world = World()
        question = {"event": 7, "started": -1, "kind": "write", "pid": 1, "tid": 1}
        watched(world)._take(question)
        return world

    world = asyncio.run(take())
    assert world.denied == [7]
    assert "its process is gone" in world.refusals[0]


def test_what_the_gate_process_could_not_record_is_told() -> None:
    world = World()
    watched(world)._take({"unrecorded": "No space left"})
    watched(world)._take({"refused": "KeyError: 'x'"})
    assert "No space left" in world.refusals[0]
    assert "KeyError" in world.alarms[0]
