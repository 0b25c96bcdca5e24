"""The scripted model itself: one scenario, the same conversation in every API."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.agents_real.api import Heard, Json
from tests.agents_real.model_server import ModelServer, model_server
from tests.agents_real.scenario import Act, Call, Scenario, act, play, scenario_file

TOOL = {"name": "sh", "parameters": {}}


def spell(item: Act, heard: Heard) -> Call:
    assert "sh" in heard.offered
    return Call("sh", dict(item.details))


def ask(model: ModelServer, path: str, body: Json) -> tuple[Json, list[Json]]:
    """An answer whole, and the events of the same answer streamed."""

    def post(path: str, body: Json) -> bytes:
        request = urllib.request.Request(model.url + path, json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            data: bytes = answer.read()
        return data

    whole = json.loads(post(path, body))
    streamed = post(path.replace(":generate", ":streamGenerate"), {**body, "stream": True})
    lines = [line[6:] for line in streamed.decode().splitlines() if line.startswith("data: ")]
    return whole, [json.loads(line) for line in lines if line != "[DONE]"]


class Talk:
    """One conversation in one API, as an agent keeps it."""

    path = ""

    def body(self, said: list[Any]) -> Json:
        raise NotImplementedError

    def after(self, said: list[Any], whole: Json, result: str) -> list[Any]:
        raise NotImplementedError

    def opening(self) -> Json:
        return {"role": "user", "content": "GO"}


class AnthropicTalk(Talk):
    path = "/v1/messages"

    def body(self, said: list[Any]) -> Json:
        return {"messages": said, "tools": [TOOL]}

    def after(self, said: list[Any], whole: Json, result: str) -> list[Any]:
        called = next(block for block in whole["content"] if block["type"] == "tool_use")
        assert called["input"] == {"command": "ls"}
        told = {"type": "tool_result", "tool_use_id": called["id"], "content": result}
        answer = {"role": "assistant", "content": whole["content"]}
        return [*said, answer, {"role": "user", "content": [told]}]


class ChatTalk(Talk):
    path = "/v1/chat/completions"

    def body(self, said: list[Any]) -> Json:
        return {"messages": said, "tools": [{"type": "function", "function": TOOL}]}

    def after(self, said: list[Any], whole: Json, result: str) -> list[Any]:
        message = whole["choices"][0]["message"]
        (called,) = message["tool_calls"]
        assert json.loads(called["function"]["arguments"]) == {"command": "ls"}
        return [*said, message, {"role": "tool", "tool_call_id": called["id"], "content": result}]


class ResponsesTalk(Talk):
    path = "/v1/responses"

    def body(self, said: list[Any]) -> Json:
        return {"input": said, "tools": [{"type": "function", **TOOL}]}

    def after(self, said: list[Any], whole: Json, result: str) -> list[Any]:
        called = whole["output"][-1]
        assert json.loads(called["arguments"]) == {"command": "ls"}
        told = {"type": "function_call_output", "call_id": called["call_id"], "output": result}
        return [*said, *whole["output"], told]


class GeminiTalk(Talk):
    path = "/v1beta/models/m:generateContent"

    def opening(self) -> Json:
        return {"role": "user", "parts": [{"text": "GO"}]}

    def body(self, said: list[Any]) -> Json:
        return {"contents": said, "tools": [{"functionDeclarations": [TOOL]}]}

    def after(self, said: list[Any], whole: Json, result: str) -> list[Any]:
        content = whole["candidates"][0]["content"]
        called = content["parts"][-1]["functionCall"]
        assert called["args"] == {"command": "ls"}
        told = {"name": called["name"], "response": {"output": result}}
        return [*said, content, {"role": "user", "parts": [{"functionResponse": told}]}]


@pytest.mark.parametrize("sort", [AnthropicTalk, ChatTalk, ResponsesTalk, GeminiTalk])
@pytest.mark.parametrize("result", ["found it", "nothing"])
def test_a_conversation_in_every_api(sort: Callable[[], Talk], result: str) -> None:
    talk = sort()
    with model_server(play(act("shell", command="ls", hears="found")), spell) as model:
        said = [talk.opening()]
        whole, streamed = ask(model, talk.path, talk.body(said))
        assert streamed
        assert not model.finished()
        said = talk.after(said, whole, result)
        whole, streamed = ask(model, talk.path, talk.body(said))
        assert "All done." in json.dumps(whole)
        assert "All done." in json.dumps(streamed)
        assert model.result_texts() == [result]
        assert model.finished()
        assert bool(model.surprises()) is (result == "nothing")


def test_without_tools_the_model_only_says_ok() -> None:
    with model_server(play(act("shell", command="ls")), spell) as model:
        whole, _ = ask(model, "/v1/messages", {"messages": [Talk().opening()]})
    assert whole["content"] == [{"type": "text", "text": "ok"}]


def test_a_scenario_file_is_read(tmp_path: Path) -> None:
    scenario: Scenario = scenario_file("three", work=tmp_path)
    first = scenario.turn("please GO on", 0).calls[0]
    assert isinstance(first, Act)
    assert first.details == {"command": "ls -la"}
    last = scenario.turn("GO", 5).calls[0]
    assert isinstance(last, Act)
    assert last.details["path"] == f"{tmp_path}/new.txt"
    assert scenario.turn("GO", 6).text == "All done."
