"""The ACP client with an agent that the test plays, message by message."""

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
from agentwatch.channels.acp.client import AcpClient, State
from agentwatch.channels.acp.proposing import UNSAID
from agentwatch.channels.acp.recipes import UNKNOWN, Recipe
from agentwatch.errors import AgentwatchError
from agentwatch.model import Json, Kind
from tests.channels.protocol_rig import NO, YES, Double, End, wire

OPTIONS = [
    {"optionId": "always", "name": "Always", "kind": "allow_always"},
    {"optionId": "once", "name": "Once", "kind": "allow_once"},
    {"optionId": "no", "name": "No", "kind": "reject_once"},
]
MODES = {"currentModeId": "auto", "availableModes": [{"id": "auto"}, {"id": "default"}]}
ASKS = Recipe("test", mode="default", meta={"test": {"ask": True}})
RUN = {"toolCallId": "t1", "title": "look", "kind": "execute", "rawInput": {"command": "rm x"}}


@dataclass
class Bench:
    session: Double
    agent: End
    client: AcpClient
    told: list[Json]
    work: Path

    async def greets(self, version: Any = 1, modes: Any = None) -> Json:
        """Play the beginning up to the open session; what the session was opened with."""
        hello = await self.agent.hear()
        assert hello["method"] == "initialize"
        self.agent.say(id=hello["id"], result={"protocolVersion": version})
        if version != 1 or version is True:
            return hello
        new = await self.agent.hear()
        assert new["method"] == "session/new"
        self.agent.say(id=new["id"], result={"sessionId": "s1", "modes": modes})
        return new

    async def prompted(self, text: str = "go") -> Any:
        """Say something; the number of the agent's turn."""
        self.client.say(text)
        said = await self.agent.hear()
        assert said["method"] == "session/prompt"
        assert said["params"]["prompt"] == [{"type": "text", "text": text}]
        return said["id"]

    def update(self, sort: str, /, **fields: Any) -> None:
        params = {"sessionId": "s1", "update": {"sessionUpdate": sort, **fields}}
        self.agent.say("session/update", params=params)

    def requests(self, tool: Json, number: Any = "p1", options: Any = OPTIONS) -> None:
        params = {"sessionId": "s1", "toolCall": tool, "options": options}
        self.agent.say("session/request_permission", id=number, params=params)

    async def settled(self) -> None:
        """Everything that the agent has said so far is taken in."""
        self.agent.say("_test/ping", id="ping")
        while (await self.agent.hear()).get("id") != "ping":
            pass

    async def until(self, state: State) -> None:
        async with asyncio.timeout(10):
            while self.client.state is not state:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0)

    @property
    def texts(self) -> list[tuple[str, str]]:
        entries = self.client.conversation()["entries"]
        return [(item["kind"], item["text"]) for item in entries]


@asynccontextmanager
async def bench(
    folder: Path, recipe: Recipe = UNKNOWN, *, hands: bool = False
) -> AsyncIterator[Bench]:
    session, told = Double(), list[Json]()
    async with wire() as (agent, peer):
        client = AcpClient(
            session, peer, recipe, cwd=str(folder), changes=changes, tell=told.append, files=hands
        )
        tasks = [asyncio.create_task(client.near()), asyncio.create_task(client.far())]
        try:
            yield Bench(session, agent, client, told, folder)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


Scenario = Callable[[Bench], Awaitable[None]]


def played(scenario: Scenario) -> Callable[[Path], None]:
    """A scenario as a test, its session open; no plugin runs coroutines here."""

    @functools.wraps(scenario)
    def test(tmp_path: Path) -> None:
        async def play() -> None:
            async with bench(tmp_path, hands=True) as found:
                await found.greets()
                await scenario(found)

        asyncio.run(play())

    del test.__wrapped__
    return test


def outcome(number: str) -> Json:
    return {"outcome": {"outcome": "selected", "optionId": number}}


@played
async def test_a_request_without_arguments_is_joined_with_its_call(b: Bench) -> None:
    await b.prompted()
    b.update("tool_call", **RUN, status="pending")
    b.requests({"toolCallId": "t1"})
    proposal, reasons, answer = await b.session.next()
    assert (proposal.kind, proposal.command, reasons) == (Kind.EXEC, "rm x", ())
    answer.set_result(YES)
    assert (await b.agent.hear())["result"] == outcome("once")


@played
async def test_a_denial_is_the_plain_no(b: Bench) -> None:
    b.requests(RUN)
    _, _, answer = await b.session.next()
    answer.set_result(NO)
    assert (await b.agent.hear())["result"] == outcome("no")


@played
async def test_a_title_alone_is_never_the_action(b: Bench) -> None:
    b.requests({"toolCallId": "t1", "title": "rm -rf /", "kind": "execute"})
    proposal, reasons, _ = await b.session.next()
    assert proposal.command is None
    assert "rm" not in proposal.summary
    assert reasons == (UNSAID,)


@played
async def test_always_is_never_said_even_where_nothing_else_is_offered(b: Bench) -> None:
    b.requests(RUN, options=OPTIONS[:1])
    _, _, answer = await b.session.next()
    answer.set_result(YES)
    assert (await b.agent.hear())["result"] == {"outcome": {"outcome": "cancelled"}}
    assert "was allowed but not released" in b.session.alarms[0]


@pytest.mark.parametrize(
    "params",
    [{}, {"toolCall": []}, {"toolCall": {"title": "x"}}, {"toolCall": {"toolCallId": 7}}],
)
def test_a_request_that_cannot_be_read_is_refused(tmp_path: Path, params: Json) -> None:
    async def play() -> None:
        async with bench(tmp_path) as b:
            await b.greets()
            b.agent.say("session/request_permission", id="p", params={"options": OPTIONS, **params})
            assert (await b.agent.hear())["error"]["code"] == rpc.INVALID_PARAMS
            assert b.session.asked.empty()

    asyncio.run(play())


@played
async def test_a_call_that_nobody_was_asked_about_is_an_alarm(b: Bench) -> None:
    b.update("tool_call", **RUN, status="in_progress")
    b.update("tool_call_update", toolCallId="t1", status="completed")
    await b.settled()
    assert b.session.alarms == ["a tool call was not asked about by the agent: run rm x"]


@played
async def test_a_call_that_never_ends_is_an_alarm_when_the_turn_does(b: Bench) -> None:
    turn = await b.prompted()
    b.update("tool_call", **RUN, status="in_progress")
    b.agent.say(id=turn, result={"stopReason": "end_turn"})
    await b.until(State.READY)
    assert "not asked about" in b.session.alarms[0]


@pytest.mark.parametrize("command", ["ls", "hooked"])
def test_reading_and_what_another_gate_saw_is_none(tmp_path: Path, command: str) -> None:
    async def play() -> None:
        async with bench(tmp_path) as b:
            await b.greets()
            tool = {**RUN, "rawInput": {"command": command}}
            b.update("tool_call", **tool, status="completed")
            b.update("tool_call", toolCallId="t2", kind="read", status="completed")
            await b.settled()
            assert b.session.alarms == []

    asyncio.run(play())


@played
async def test_a_denied_call_that_is_done_all_the_same_is_an_alarm(b: Bench) -> None:
    b.requests(RUN)
    _, _, answer = await b.session.next()
    answer.set_result(NO)
    await b.agent.answered("p1")
    b.update("tool_call_update", toolCallId="t1", status="completed")
    await b.settled()
    assert "was denied, and the agent says it is done" in b.session.alarms[0]


@played
async def test_a_call_that_becomes_another_after_the_yes_is_an_alarm(b: Bench) -> None:
    b.requests(RUN)
    _, _, answer = await b.session.next()
    answer.set_result(YES)
    await b.agent.answered("p1")
    b.update("tool_call_update", toolCallId="t1", rawInput={"command": "rm -rf /"})
    await b.settled()
    assert "became another after it was allowed: now it is to run rm -rf /" in b.session.alarms[0]


@played
async def test_a_change_of_mode_is_an_alarm(b: Bench) -> None:
    b.update("current_mode_update", currentModeId="yolo")
    b.update("config_option_update", configOptions=[{"id": "mode", "currentValue": "bypass"}])
    await b.settled()
    assert ["'yolo'" in b.session.alarms[0], "'bypass'" in b.session.alarms[1]] == [True, True]


def test_a_mode_that_is_told_as_text_is_heard_of_that_agent_alone(tmp_path: Path) -> None:
    async def play(tells: str) -> list[str]:
        async with bench(tmp_path, Recipe("test", tells_mode=tells)) as b:
            await b.greets(modes={"currentModeId": "default"})
            await b.until(State.READY)
            for text in ("[MODE_UPDATE] default", "I say [MODE_UPDATE] yolo", "[MODE_UPDATE] a b"):
                b.update("agent_message_chunk", content={"type": "text", "text": text})
            b.update("user_message_chunk", content={"type": "text", "text": "[MODE_UPDATE] x"})
            b.update("agent_message_chunk", content={"type": "text", "text": "[MODE_UPDATE] plan"})
            await b.settled()
            return b.session.alarms

    (alarm,) = asyncio.run(play("[MODE_UPDATE] "))
    assert "changed its own mode to 'plan'" in alarm
    assert asyncio.run(play("")) == []


def test_the_mode_that_asks_most_is_chosen_and_the_recipe_is_put_in(tmp_path: Path) -> None:
    async def play() -> None:
        async with bench(tmp_path, ASKS) as b:
            opened = await b.greets(modes=MODES)
            assert opened["params"]["_meta"] == {"test": {"ask": True}}
            chosen = await b.agent.hear()
            assert (chosen["method"], chosen["params"]["modeId"]) == ("session/set_mode", "default")
            b.agent.say(id=chosen["id"], result={})
            b.update("current_mode_update", currentModeId="default")
            await b.until(State.READY)
            await b.settled()
            assert b.session.alarms == []

    asyncio.run(play())


@pytest.mark.parametrize("version", [2, 0, "1", True, None])
def test_another_version_is_not_spoken(tmp_path: Path, version: Any) -> None:
    async def play() -> None:
        async with bench(tmp_path) as b:
            await b.greets(version=version)
            await b.until(State.STUCK)
            assert "version" in b.session.alarms[0]
            with pytest.raises(AgentwatchError, match=f"speaks version {version!r}"):
                b.client.say("go")

    asyncio.run(play())


def test_an_agent_that_wants_a_login_says_so(tmp_path: Path) -> None:
    async def play() -> None:
        async with bench(tmp_path) as b:
            hello = await b.agent.hear()
            b.agent.say(id=hello["id"], result={"protocolVersion": 1})
            new = await b.agent.hear()
            b.agent.say(id=new["id"], error={"code": -32000, "message": "Authentication required"})
            await b.until(State.STUCK)
            assert "log in with the agent's own program" in b.session.alarms[0]

    asyncio.run(play())


@pytest.mark.parametrize(
    "method", ["terminal/create", "elicitation/create", "craft/drainMidTurnQueue", "session/prompt"]
)
def test_what_is_not_offered_gets_the_protocols_error(tmp_path: Path, method: str) -> None:
    async def play() -> None:
        async with bench(tmp_path) as b:
            hello = await b.agent.hear()
            assert hello["params"]["clientCapabilities"]["terminal"] is False
            b.agent.say(method, id=9, params={"command": "rm"})
            assert (await b.agent.hear())["error"]["code"] == rpc.NO_METHOD
            assert b.session.asked.empty()

    asyncio.run(play())


@played
async def test_what_is_not_known_is_ignored(b: Bench) -> None:
    b.agent.say("_vendor/news", params={"a": 1})
    b.update("tomorrow_update", x=1)
    b.agent.say("session/update", params={})
    b.agent.raw(b"npm warn deprecated\n")
    b.update("agent_message_chunk", content={"type": "text", "text": "still here"})
    await b.settled()
    assert b.texts == [("agent", "still here")]
    assert len(b.session.turned_away) == 1


@played
async def test_the_conversation_is_kept_as_it_was_said(b: Bench) -> None:
    turn = await b.prompted("hello")
    b.update("agent_thought_chunk", content={"type": "text", "text": "hm"})
    b.update("agent_message_chunk", content={"type": "text", "text": "Good "})
    b.update("agent_message_chunk", content={"type": "text", "text": "day"})
    b.update("plan", entries=[{"content": "one", "status": "completed"}])
    b.update("plan", entries=[{"content": "two", "status": "pending"}])
    b.update("usage_update", used=5, size=10)
    b.agent.say(id=turn, result={"stopReason": "end_turn"})
    await b.until(State.READY)
    assert b.texts == [
        ("person", "hello"),
        ("thought", "hm"),
        ("agent", "Good day"),
        ("plan", "[ ] two"),
        ("turn", "end_turn"),
    ]
    assert b.client.conversation()["usage"] == {"used": 5, "size": 10}
    assert list(b.session.usage.values()) == [{"used": 5, "size": 10}]


@played
async def test_cancelling_withdraws_what_waits_and_tells_the_agent(b: Bench) -> None:
    turn = await b.prompted()
    b.requests(RUN)
    await b.session.next()
    await b.client.cancel()
    heard = [await b.agent.hear(), await b.agent.hear()]
    assert {"outcome": {"outcome": "cancelled"}} in [item.get("result") for item in heard]
    assert "session/cancel" in [item.get("method") for item in heard]
    assert len(b.session.withdrawn) == 1
    b.agent.say(id=turn, result={"stopReason": "cancelled"})
    await b.until(State.READY)
    assert b.client.conversation()["stop"] == "cancelled"


@played
async def test_an_agent_that_goes_away_withdraws_what_waits(b: Bench) -> None:
    await b.prompted()
    b.requests(RUN)
    _, _, answer = await b.session.next()
    b.agent.close()
    await b.until(State.OVER)
    async with asyncio.timeout(10):
        while not answer.cancelled():  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0)


@played
async def test_a_write_waits_and_is_done_as_it_was_shown(b: Bench) -> None:
    file = b.work / "a"
    params = {"sessionId": "s1", "path": str(file), "content": "new\n"}
    b.agent.say("fs/write_text_file", id=1, params=params)
    proposal, _, answer = await b.session.next()
    assert (proposal.kind, proposal.paths) == (Kind.WRITE, (str(file),))
    assert "+new" in (proposal.diff or "")
    assert not file.exists()
    answer.set_result(YES)
    assert "error" not in await b.agent.answered(1)
    assert file.read_text() == "new\n"
    b.agent.say("fs/write_text_file", id=2, params={**params, "content": "newer"})
    _, _, answer = await b.session.next()
    answer.set_result(NO)
    assert "not today" in (await b.agent.answered(2))["error"]["message"]
    assert file.read_text() == "new\n"


@played
async def test_the_write_of_an_allowed_edit_is_not_asked_twice(b: Bench) -> None:
    file = b.work / "a"
    content = [{"type": "diff", "path": str(file), "oldText": None, "newText": "new\n"}]
    b.requests({"toolCallId": "t1", "kind": "edit", "content": content})
    _, _, answer = await b.session.next()
    answer.set_result(YES)
    await b.agent.answered("p1")
    params = {"sessionId": "s1", "path": str(file), "content": "other\n"}
    b.agent.say("fs/write_text_file", id=1, params=params)
    _, _, answer = await b.session.next()  # it is not what was allowed
    answer.set_result(NO)
    await b.agent.answered(1)
    b.agent.say("fs/write_text_file", id=2, params={**params, "content": "new\n"})
    assert "error" not in await b.agent.answered(2)
    assert file.read_text() == "new\n"
    file.write_text("old\n")
    b.agent.say("fs/write_text_file", id=3, params={**params, "content": "new\n"})
    await b.session.next()  # once


@played
async def test_reading_with_our_hands_passes_and_is_recorded(b: Bench) -> None:
    (b.work / "a").write_text("text")
    b.agent.say("fs/read_text_file", id=1, params={"path": "a"})
    assert (await b.agent.answered(1))["result"] == {"content": "text"}
    assert [item.paths for item in b.session.reads] == [(str(b.work / "a"),)]


@played
async def test_prompts_wait_for_their_turn(b: Bench) -> None:
    turn = await b.prompted("one")
    b.client.say("two")
    b.agent.say(id=turn, result={"stopReason": "end_turn"})
    assert (await b.agent.hear())["params"]["prompt"][0]["text"] == "two"
    with pytest.raises(AgentwatchError):
        b.client.say("  ")
