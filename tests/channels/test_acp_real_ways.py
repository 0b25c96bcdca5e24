"""Ways of real ACP agents: titles that are commands, writes already done, denials with a reason."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from agentwatch.agents import changes
from agentwatch.channels.acp import titles
from agentwatch.channels.acp.calls import Call
from agentwatch.channels.acp.proposing import of_call
from agentwatch.channels.acp.recipes import recipe_of, start
from agentwatch.channels.asking import Answered
from agentwatch.errors import AgentwatchError
from agentwatch.model import Kind
from tests.channels.protocol_rig import NO
from tests.channels.test_acp_client import Bench, bench, played

SHELL = "run_shell_command__1"


def told(text: str, **more: Any) -> Call:
    content = [{"type": "content", "content": {"type": "text", "text": text}}]
    call = Call(more.pop("id", SHELL))
    call.hear({"kind": "execute", "title": "rm a", "content": content, **more})
    titles.gemini(call)
    return call


def test_geminis_title_is_its_command() -> None:
    call = told("[current working directory /w] (a step)")
    assert call.given == {"command": "rm a"}
    call.hear({"status": "completed", "title": "rm b", "content": []})
    titles.gemini(call)
    assert call.given == {"command": "rm b"}


def test_geminis_folder_is_told_where_it_is_sure() -> None:
    assert told("[in sub] (a step)").given == {"command": "rm a", "dir_path": "sub"}
    assert told("[in sub] (x) [background]").given == {"command": "rm a", "dir_path": "sub"}
    assert told("[in a] (x] (a step)").given is None
    assert told("somewhere").given is None


def test_an_agents_own_list_of_steps_is_no_question() -> None:
    given = {"todos": [{"content": "look"}]}
    for number, title, complete in (
        ("write_todos__1", "Set 1 todo(s)", titles.gemini),
        ("call_1", "todowrite", titles.opencode),
    ):
        call = Call(number)
        call.hear({"kind": "other", "title": title, "rawInput": given})
        complete(call)
        assert of_call(call, "/w", changes)[0].kind is Kind.READ
        call.hear({"kind": "execute", "rawInput": {"command": "rm a"}})
        complete(call)
        assert of_call(call, "/w", changes)[0].kind is Kind.EXEC


@pytest.mark.parametrize(
    ("title", "given"), [("todowrite", {"todos": [], "to": "all"}), ("send", {"todos": []})]
)
def test_what_only_looks_like_a_list_of_steps_is_asked(title: str, given: dict[str, Any]) -> None:
    call = Call("call_1")
    call.hear({"kind": "other", "title": title, "rawInput": given})
    titles.opencode(call)
    assert of_call(call, "/w", changes)[0].kind is Kind.TOOL


@pytest.mark.parametrize("more", [{"id": "other__1"}, {"kind": "other"}, {"title": ""}])
def test_no_other_title_is_a_command(more: dict[str, Any]) -> None:
    assert told("[current working directory /w]", **more).given is None


def test_only_gemini_is_read_so() -> None:
    assert recipe_of(("npx", "-y", "@google/gemini-cli@1", "--acp")).complete is titles.gemini
    assert recipe_of(("opencode", "acp")).complete is titles.opencode
    assert recipe_of(("qwen", "--acp")).complete is titles.said


@pytest.mark.parametrize(
    ("argv", "held"),
    [
        (("/opt/bin/gemini", "--acp"), True),
        (("npx", "-y", "@google/gemini-cli", "--acp"), False),
        (("codex-acp",), True),
        (("npx", "-y", "@agentclientprotocol/codex-acp"), False),
        (("somebody",), True),
    ],
)
def test_who_is_held_without_being_asked_for(argv: tuple[str, ...], held: bool) -> None:
    assert (start(argv, Path("/sealed")).unheld == "") is held


@pytest.mark.parametrize(
    "words",
    [
        ("gemini", "-y"),
        ("npx", "-y", "@google/gemini-cli", "--acp", "-y"),
        ("npx", "-y", "@nobody/agent", "--yolo"),
        ("gemini", "--acp", "--approval-mode", "yolo"),
    ],
)
def test_an_agent_that_would_not_ask_is_refused_however_it_is_started(
    words: tuple[str, ...],
) -> None:
    with pytest.raises(AgentwatchError, match="would not ask"):
        start(words, Path("/sealed"))


def test_what_was_not_offered_is_refused_but_what_is_done_is_done(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as b:
            await b.greets()
            params = {"sessionId": "s1", "path": str(tmp_path / "a"), "content": "new"}
            b.agent.say("fs/write_text_file", id=1, params=params)
            assert (await b.agent.answered(1))["error"]["code"] == -32601
            (tmp_path / "a").write_text("new")
            b.agent.say("fs/write_text_file", id=2, params=params)
            assert (await b.agent.answered(2))["result"] is None
            b.agent.say("fs/read_text_file", id=3, params=params)
            assert (await b.agent.answered(3))["error"]["code"] == -32601
            assert b.session.asked.empty()

    asyncio.run(scenario())


async def denied(b: Bench, answer: Answered) -> Any:
    """A prompt whose one action is denied; the prompt's number."""
    turn = await b.prompted()
    b.requests({"toolCallId": "t1", "kind": "execute", "rawInput": {"command": "rm a"}})
    _, _, waiting = await b.session.next()
    waiting.set_result(answer)
    await b.agent.answered("p1")
    return turn


@played
async def test_the_agent_hears_why_a_person_denied_within_the_same_turn(b: Bench) -> None:
    turn = await denied(b, NO)
    entries = b.client.conversation()["entries"]
    assert [item["status"] for item in entries if item["kind"] == "tool"] == ["denied"]
    b.agent.say(id=turn, result={"stopReason": "cancelled"})  # so some agents end it themselves
    said = await b.agent.hear()
    assert said["params"]["prompt"][0]["text"] == "I did not allow you to run rm a: not today"
    assert ("turn", "cancelled") not in b.texts
    b.agent.say(id=said["id"], result={"stopReason": "end_turn"})
    await b.settled()
    assert [text for kind, text in b.texts if kind == "turn"] == ["end_turn"]


@pytest.mark.parametrize(
    "answer",
    [
        Answered(False, "a person said no", "person:test", "a-1"),
        Answered(False, "no answer in time", "deadline", "a-1"),
    ],
    ids=["without a reason", "by nobody"],
)
def test_where_no_person_said_why_nothing_is_said(tmp_path: Path, answer: Answered) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as b:
            await b.greets()
            turn = await denied(b, answer)
            b.agent.say(id=turn, result={"stopReason": "end_turn"})
            await b.settled()
            assert ("turn", "end_turn") in b.texts

    asyncio.run(scenario())


@played
async def test_a_person_who_ended_the_turn_is_not_spoken_for(b: Bench) -> None:
    turn = await denied(b, NO)
    await b.client.cancel()
    assert (await b.agent.hear())["method"] == "session/cancel"
    b.agent.say(id=turn, result={"stopReason": "cancelled"})
    await b.settled()
    assert ("turn", "cancelled") in b.texts


def test_settings_of_the_users_stay_beside_what_is_put_into_them() -> None:
    environment = recipe_of(("codex-acp",)).environment
    assert json.loads(environment({})["CODEX_CONFIG"]) == {"features": {"shell_snapshot": False}}
    own = {"CODEX_CONFIG": '{"model": "m", "features": {"hooks": true, "shell_snapshot": true}}'}
    assert json.loads(environment(own)["CODEX_CONFIG"]) == {
        "model": "m",
        "features": {"hooks": True, "shell_snapshot": False},
    }
    assert recipe_of(("opencode", "acp")).environment(own).keys().isdisjoint(own)


@pytest.mark.parametrize("broken", ["{", "[]", '{"features": 1}', '"text"'])
def test_settings_that_cannot_be_read_stop_the_start(broken: str) -> None:
    with pytest.raises(AgentwatchError, match="CODEX_CONFIG"):
        recipe_of(("codex-acp",)).environment({"CODEX_CONFIG": broken})
