"""The proxy between an editor and an agent, both played by the test."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agentwatch.agents import changes
from agentwatch.channels import rpc
from agentwatch.channels.acp import proxy as proxy_module
from agentwatch.channels.acp.proxy import AcpProxy, Ways
from agentwatch.channels.acp.recipes import Recipe
from agentwatch.model import Json, Kind
from tests.channels.protocol_rig import NO, YES, Double, End, wire

OPTIONS = [
    {"optionId": "always", "name": "Always", "kind": "allow_always"},
    {"optionId": "once", "name": "Once", "kind": "allow_once"},
    {"optionId": "no", "name": "No", "kind": "reject_once"},
]
RECIPE = Recipe("test", mode="default", meta={"claudeCode": {"options": {"ask": True}}})
RUN = {"toolCallId": "t1", "title": "look", "kind": "execute", "rawInput": {"command": "rm x"}}


@dataclass
class Bench:
    session: Double
    editor: End
    agent: End
    proxy: AcpProxy
    work: Path

    def update(self, sort: str, /, **fields: Any) -> None:
        params = {"sessionId": "s1", "update": {"sessionUpdate": sort, **fields}}
        self.agent.say("session/update", params=params)

    def requests(self, number: Any = "p1") -> None:
        params = {"sessionId": "s1", "toolCall": {"toolCallId": "t1"}, "options": OPTIONS}
        self.update("tool_call", **RUN)
        self.agent.say("session/request_permission", id=number, params=params)


@asynccontextmanager
async def bench(folder: Path, *, terminals: bool = False) -> AsyncIterator[Bench]:
    session, ways = Double(), Ways("agent-1", RECIPE, str(folder), terminals)
    async with wire() as (editor, near), wire() as (agent, far):
        proxy = AcpProxy(
            session, ways, editor=near, agent=far, changes=changes, tell=lambda _: None
        )
        tasks = [asyncio.create_task(proxy.near()), asyncio.create_task(proxy.far())]
        try:
            yield Bench(session, editor, agent, proxy, folder)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


Scenario = Callable[[Bench], Awaitable[None]]


def played(scenario: Scenario) -> Callable[[Path], None]:
    """A scenario as a test: no plugin runs coroutines here."""

    @functools.wraps(scenario)
    def test(tmp_path: Path) -> None:
        async def play() -> None:
            async with bench(tmp_path) as found:
                await scenario(found)

        asyncio.run(play())

    del test.__wrapped__
    return test


@played
async def test_the_gate_answers_and_the_editor_is_not_asked(b: Bench) -> None:
    b.requests()
    proposal, _, answer = await b.session.next()
    assert proposal.command == "rm x"
    answer.set_result(YES)
    outcome = (await b.agent.hear())["result"]["outcome"]
    assert outcome == {"outcome": "selected", "optionId": "once"}
    b.update("tool_call_update", toolCallId="t1", status="completed")
    kinds = [(await b.editor.hear())["params"]["update"]["sessionUpdate"] for _ in range(2)]
    assert kinds == ["tool_call", "tool_call_update"]


@played
async def test_an_editor_that_answers_for_the_gate_is_not_heard(b: Bench) -> None:
    b.requests()
    _, _, answer = await b.session.next()
    b.editor.say(id="p1", result={"outcome": {"outcome": "selected", "optionId": "once"}})
    b.editor.say("_ping", id=1)
    assert (await b.agent.hear())["method"] == "_ping"
    assert "nobody asked" in b.session.turned_away[0]
    answer.set_result(NO)
    assert (await b.agent.hear())["result"]["outcome"]["optionId"] == "no"


def test_the_editor_is_told_where_a_question_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy_module, "SAY_AFTER", 0.01)

    async def play() -> None:
        async with bench(tmp_path) as b:
            b.requests()
            await b.session.next()
            await b.editor.hear()
            said = (await b.editor.hear())["params"]["update"]
            assert said["sessionUpdate"] == "agent_thought_chunk"
            assert "agentwatch watch agent-1" in said["content"]["text"]

    asyncio.run(play())


@played
async def test_a_cancel_from_the_editor_withdraws_the_question(b: Bench) -> None:
    b.requests()
    _, _, answer = await b.session.next()
    b.editor.say("session/cancel", params={"sessionId": "s1"})
    heard = [await b.agent.hear(), await b.agent.hear()]
    assert {"outcome": {"outcome": "cancelled"}} in [item.get("result") for item in heard]
    assert "session/cancel" in [item.get("method") for item in heard]
    assert answer.cancelled()


@played
async def test_the_hello_asks_for_our_version_and_offers_no_terminal(b: Bench) -> None:
    offers = {"fs": {"readTextFile": True}, "terminal": True}
    params = {"protocolVersion": 2, "clientCapabilities": offers}
    b.editor.say("initialize", id=1, params=params)
    heard = (await b.agent.hear())["params"]
    assert heard["protocolVersion"] == 1
    assert heard["clientCapabilities"] == {"fs": {"readTextFile": True}, "terminal": False}
    b.agent.say("terminal/create", id=1, params={"command": "rm"})
    assert (await b.agent.hear())["error"]["code"] == rpc.NO_METHOD
    b.agent.say(id=1, result={"protocolVersion": 2})
    assert "version 2" in (await b.editor.hear())["error"]["message"]
    assert len(b.session.alarms) == 1


@played
async def test_the_recipe_is_put_over_what_the_editor_says(b: Bench) -> None:
    meta = {"claudeCode": {"options": {"ask": False, "model": "m"}}, "zed": 1}
    b.editor.say("session/new", id=1, params={"cwd": "/", "mcpServers": [], "_meta": meta})
    heard = (await b.agent.hear())["params"]["_meta"]
    assert heard == {"claudeCode": {"options": {"ask": True, "model": "m"}}, "zed": 1}
    modes = {"currentModeId": "yolo", "availableModes": []}
    b.agent.say(id=1, result={"sessionId": "s1", "modes": modes})
    assert (await b.editor.hear())["result"]["sessionId"] == "s1"
    assert "'yolo'" in b.session.alarms[0]


@played
async def test_a_write_by_the_editor_waits_with_its_diff(b: Bench) -> None:
    params = {"sessionId": "s1", "path": str(b.work / "a"), "content": "new\n"}
    b.agent.say("fs/write_text_file", id=5, params=params)
    proposal, _, answer = await b.session.next()
    assert proposal.kind is Kind.WRITE
    assert "+new" in (proposal.diff or "")
    answer.set_result(YES)
    assert (await b.editor.hear())["params"] == params
    b.editor.say(id=5, result=None)
    assert (await b.agent.hear())["id"] == 5
    b.agent.say("fs/write_text_file", id=6, params=params)
    _, _, answer = await b.session.next()
    answer.set_result(NO)
    assert "not today" in (await b.agent.hear())["error"]["message"]


@played
async def test_reading_by_the_editor_passes_and_is_recorded(b: Bench) -> None:
    b.agent.say("fs/read_text_file", id=5, params={"sessionId": "s1", "path": "/x"})
    assert (await b.editor.hear())["method"] == "fs/read_text_file"
    assert [item.paths for item in b.session.reads] == [("/x",)]


@played
async def test_a_request_that_is_not_known_waits(b: Bench) -> None:
    b.agent.say("_zed/run", id=5, params={"task": "deploy"})
    proposal, _, answer = await b.session.next()
    assert proposal.params == {"task": "deploy"}
    answer.set_result(NO)
    assert "error" in await b.agent.hear()


def test_the_editors_terminal_waits_where_it_is_offered(tmp_path: Path) -> None:
    async def play() -> None:
        async with bench(tmp_path, terminals=True) as b:
            b.agent.say("terminal/create", id=5, params={"command": "rm", "args": ["x"]})
            proposal, _, answer = await b.session.next()
            assert (proposal.kind, proposal.argv) == (Kind.ASK_DAEMON, ("rm", "x"))
            answer.set_result(YES)
            assert (await b.editor.hear())["method"] == "terminal/create"
            b.agent.say("terminal/create", id=6, params={"command": ["rm"]})
            assert (await b.agent.hear())["error"]["code"] == rpc.INVALID_PARAMS

    asyncio.run(play())


@played
async def test_what_went_round_the_gate_is_an_alarm(b: Bench) -> None:
    b.update("tool_call", **RUN, status="completed")
    b.update("current_mode_update", currentModeId="yolo")
    for _ in range(2):
        await b.editor.hear()
    assert "not asked about" in b.session.alarms[0]
    assert "'yolo'" in b.session.alarms[1]


@played
async def test_the_past_of_a_session_is_no_alarm(b: Bench) -> None:
    b.editor.say("session/load", id=1, params={"sessionId": "s1"})
    await b.agent.hear()
    b.update("tool_call", **RUN, status="completed")
    b.agent.say(id=1, result={})
    for _ in range(2):
        await b.editor.hear()
    assert b.session.alarms == []


@played
async def test_a_mode_set_in_the_editor_is_the_persons_own(b: Bench) -> None:
    b.editor.say("session/set_mode", id=1, params={"sessionId": "s1", "modeId": "yolo"})
    await b.agent.hear()
    b.update("current_mode_update", currentModeId="yolo")
    await b.editor.hear()
    assert b.session.alarms == ["the editor set the agent's 'yolo': it may ask about less now"]


@played
async def test_a_line_that_is_no_message_reaches_nobody(b: Bench) -> None:
    b.editor.raw(b'{"jsonrpc":"2.0","id":1,"method":"a","METHOD":"b"}\n')
    assert "error" in await b.editor.hear()
    b.agent.raw(b"npm warn\n")
    b.agent.say(id=77, result={})
    b.update("plan", entries=[])
    assert (await b.editor.hear())["method"] == "session/update"
    assert len(b.session.turned_away) == 3


@played
async def test_an_editor_that_goes_away_withdraws_what_waits(b: Bench) -> None:
    b.requests()
    _, _, answer = await b.session.next()
    b.editor.close()
    while "method" in (said := await b.agent.hear()):
        pass
    assert said["result"] == {"outcome": {"outcome": "cancelled"}}
    assert await b.agent.ended()
    assert answer.cancelled()


def played_conversation(b: Bench) -> list[Json]:
    return [{"kind": i["kind"], "text": i["text"]} for i in b.proxy.transcript.to_json()]


@played
async def test_the_conversation_can_be_followed_elsewhere(b: Bench) -> None:
    prompt = [{"type": "text", "text": "go"}, {"type": "image"}]
    b.editor.say("session/prompt", id=1, params={"sessionId": "s1", "prompt": prompt})
    await b.agent.hear()
    b.update("agent_message_chunk", content={"type": "text", "text": "done"})
    b.agent.say(id=1, result={"stopReason": "end_turn"})
    for _ in range(2):
        await b.editor.hear()
    assert played_conversation(b) == [
        {"kind": "person", "text": "go"},
        {"kind": "agent", "text": "done"},
        {"kind": "turn", "text": "end_turn"},
    ]


@played
async def test_why_something_was_denied_goes_with_the_next_prompt(b: Bench) -> None:
    b.requests()
    _, _, answer = await b.session.next()
    answer.set_result(NO)
    await b.agent.hear()
    for number, words in ((1, ["go on", "I did not allow you to run rm x: not today"]), (2, [])):
        prompt = [{"type": "text", "text": "go on"}]
        b.editor.say("session/prompt", id=number, params={"sessionId": "s1", "prompt": prompt})
        said = (await b.agent.hear())["params"]["prompt"]
        assert [item["text"] for item in said] == (words or ["go on"])
