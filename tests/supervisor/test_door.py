"""The agent's door in one process: whatever goes wrong behind it, the answer is no."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agentwatch.agents import Prepared
from agentwatch.channels import arrival
from agentwatch.journal import Journal
from agentwatch.model import Json, Mode, Proposal, Verdict
from agentwatch.signing import Signer, SigningKey
from agentwatch.supervisor import door
from agentwatch.supervisor.config import Config
from agentwatch.supervisor.session import Supervised

TOKEN = "right"


@pytest.fixture
def session() -> Iterator[Supervised]:
    """A session with a real journal and no agent."""
    folder = Path(tempfile.mkdtemp(prefix="aw"))
    config = Config(
        session="test-3f2a",
        name="test",
        runtime=str(folder / "r"),
        state=str(folder / "s"),
        argv=("agent",),
        env={},
        cwd=str(folder),
        workspace=str(folder),
        mode=Mode.ASK,
    )
    config.places.create()
    journal = Journal.open(config.places.journal, config.session)
    signer = Signer(SigningKey.new(), config.session)
    try:
        yield Supervised(config, Prepared("test", ("agent",)), journal, signer)
    finally:
        journal.close()
        shutil.rmtree(folder)


@asynccontextmanager
async def visit(session: Supervised) -> AsyncIterator[Callable[..., Any]]:
    """A connection through the door; the yielded call says something and reads one answer."""
    server = await door.listen(session, TOKEN)
    reader, writer = await asyncio.open_unix_connection(str(session.places.agent_socket))

    async def say(**fields: object) -> Json:
        usual = {"v": 1, "op": "propose", "token": TOKEN, "ref": "r", "kind": "delete"}
        writer.write(json.dumps({**usual, **fields}).encode() + b"\n")
        line = await asyncio.wait_for(reader.readline(), 5)
        return json.loads(line) if line else {}

    try:
        yield say
    finally:
        writer.close()
        server.close()


def test_a_fault_of_ours_is_a_denial(session: Supervised, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object, **__: object) -> Proposal:
        raise RuntimeError("our own fault")

    monkeypatch.setattr(arrival, "proposal", breaks)

    async def scene() -> Json:
        async with visit(session) as say:
            return await say()  # type: ignore[no-any-return]

    answer = asyncio.run(scene())
    assert (answer["ok"], answer["verdict"]) == (False, "deny")
    assert "our own fault" in answer["error"]["what"]


def test_a_judge_that_breaks_is_a_denial(
    session: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_: Proposal) -> None:
        raise RuntimeError("the judge broke")

    monkeypatch.setattr(session.gate, "_judge", breaks)

    async def scene() -> Json:
        async with visit(session) as say:
            return await say(kind="read", paths=["/x"])  # type: ignore[no-any-return]

    answer = asyncio.run(scene())
    assert (answer["ok"], answer["verdict"]) == (True, "deny")


def test_an_answer_goes_to_the_one_who_asked(session: Supervised) -> None:
    async def scene() -> list[Json]:
        asked = asyncio.Event()

        def look(_: Json) -> None:
            if len(session.gate.pending) == 2:
                asked.set()

        session.listeners.add(look)
        async with visit(session) as one, visit_again(session) as two:
            first = asyncio.create_task(one(ref="one", paths=["/a"]))
            second = asyncio.create_task(two(ref="two", paths=["/b"]))
            await asyncio.wait_for(asked.wait(), 5)
            for action in session.gate.pending:
                verdict = Verdict.ALLOW if "/a" in action.proposal.paths else Verdict.DENY
                session.decide(action.id, action.digest, verdict, "person:test", "")
            return [await first, await second]

    answers = asyncio.run(scene())
    assert [(a["re"], a["verdict"]) for a in answers] == [("one", "allow"), ("two", "deny")]


@asynccontextmanager
async def visit_again(session: Supervised) -> AsyncIterator[Callable[..., Any]]:
    """A second connection through a door that is open already."""
    reader, writer = await asyncio.open_unix_connection(str(session.places.agent_socket))

    async def say(**fields: object) -> Json:
        usual = {"v": 1, "op": "propose", "token": TOKEN, "ref": "r", "kind": "delete"}
        writer.write(json.dumps({**usual, **fields}).encode() + b"\n")
        return json.loads(await asyncio.wait_for(reader.readline(), 5))  # type: ignore[no-any-return]

    try:
        yield say
    finally:
        writer.close()


def test_an_outcome_of_an_action_that_never_was_is_refused(session: Supervised) -> None:
    async def scene() -> Json:
        async with visit(session) as say:
            return await say(op="outcome", action="zz-9", done=True)  # type: ignore[no-any-return]

    assert asyncio.run(scene())["ok"] is False


def test_an_outcome_says_yes_or_no(session: Supervised) -> None:
    async def scene() -> Json:
        async with visit(session) as say:
            return await say(op="outcome", action="zz-9", done="yes")  # type: ignore[no-any-return]

    assert "done" in asyncio.run(scene())["error"]["what"]


def test_refusals_do_not_fill_the_record(session: Supervised) -> None:
    for _ in range(5000):
        session.refused("agent(1)", "garbage")
    lines = session.places.journal.read_bytes().splitlines()
    assert len(lines) == 105  # a hundred one by one, then every thousandth
    assert json.loads(lines[-1])["data"]["count"] == 5000


def test_what_a_refusal_or_an_alarm_quotes_is_cut(session: Supervised) -> None:
    before = session.places.journal.stat().st_size
    session.refused("agent(1)", "x" * 1_000_000, alarm=True)
    assert session.places.journal.stat().st_size - before < 20_000
