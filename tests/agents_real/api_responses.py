"""The OpenAI Responses API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.agents_real.api import Heard, Json, Reply, Result, Said, event, halves, words

CALLS = ("function_call", "custom_tool_call")
OUTPUTS = ("function_call_output", "custom_tool_call_output")


class Responses:
    """`POST …/responses`; a call whose only argument is `input` goes out as a custom one."""

    def takes(self, path: str) -> bool:
        """Whether a POST to this path is a question to the model."""
        return path.endswith("/responses")

    def heard(self, request: Json, path: str) -> Heard:
        """The conversation in a request."""
        given = request.get("input") or []
        items = given if isinstance(given, list) else [{"role": "user", "content": given}]
        opening, spoken = _read(items)
        return Heard(
            opening=opening,
            spoken=spoken,
            offered={tool["name"]: tool for tool in _tools(request, items) if "name" in tool},
            results=[
                Result(item["call_id"], words(item.get("output")), item)
                for item in items
                if item.get("type") in OUTPUTS
            ],
            streamed=bool(request.get("stream")),
        )

    def whole(self, reply: Reply) -> Json:
        """The answer as one document."""
        return {
            "id": f"resp_{reply.number}",
            "object": "response",
            "created_at": 1,
            "status": "completed",
            "model": "scripted",
            "output": list(_output(reply)),
            "usage": {
                "input_tokens": 10,
                "input_tokens_details": {"cached_tokens": 0},
                "output_tokens": 10,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": 20,
            },
        }

    def stream(self, reply: Reply) -> Iterator[bytes]:
        """The answer as server-sent events."""
        for number, item in enumerate(_events(self.whole(reply))):
            yield event({**item, "sequence_number": number}, name=item["type"])


def _tools(request: Json, items: list[Json]) -> Iterator[Json]:
    """The tools, also those that newer models are told of in the conversation."""
    given = [*(request.get("tools") or ())]
    for item in items:
        if item.get("type") == "additional_tools":
            given += item["tools"]
    for tool in given:
        yield from tool["tools"] if tool.get("type") == "namespace" else (tool,)


def _read(items: list[Json]) -> tuple[str, int]:
    """What was said before the model first spoke, and how often it has spoken.

    The calls of one answer may stand apart, each before its own output: their ids tell.
    """
    opening: list[str] = []
    answers: set[str] = set()
    text = ""
    for item in items:
        if item.get("type") in CALLS:
            answers.add(item["call_id"].rsplit("_", 2)[1])
            text = ""  # it was what an answer with calls begins with
        elif item.get("role") == "assistant":
            text = words(item.get("content"))
        elif item.get("role") == "user":
            if text:
                answers.add(f"{len(answers)} {text}")
                text = ""
            if not answers:
                opening.append(words(item.get("content")))
    return "\n".join(opening), len(answers) + bool(text)


def _output(reply: Reply) -> Iterator[Json]:
    if reply.text or not reply.calls:
        part = {"type": "output_text", "text": reply.text or "ok", "annotations": []}
        yield _item(f"msg_{reply.number}", "message", role="assistant", content=[part])
    for call in reply.calls:
        yield _call(reply, call)


def _call(reply: Reply, call: Said) -> Json:
    name = f"item_{reply.number}_{call.id}"
    arguments: Mapping[str, Any] = call.arguments
    if set(arguments) == {"input"}:
        given = {"input": arguments["input"]}
        return _item(name, "custom_tool_call", call_id=call.id, name=call.tool, **given)
    spelled = json.dumps(dict(arguments))
    return _item(name, "function_call", call_id=call.id, name=call.tool, arguments=spelled)


def _item(ident: str, sort: str, **fields: Any) -> Json:
    return {"id": ident, "type": sort, "status": "completed", **fields}


def _events(whole: Json) -> Iterator[Json]:
    begun = {**whole, "status": "in_progress", "output": []}
    yield {"type": "response.created", "response": begun}
    for index, item in enumerate(whole["output"]):
        yield {"type": "response.output_item.added", "output_index": index, "item": _empty(item)}
        yield from _deltas(index, item)
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    yield {"type": "response.completed", "response": whole}


def _empty(item: Json) -> Json:
    blank = {"arguments": "", "input": "", "content": [], "status": "in_progress"}
    return {**item, **{name: value for name, value in blank.items() if name in item}}


def _deltas(index: int, item: Json) -> Iterator[Json]:
    head = {"item_id": item["id"], "output_index": index}
    if item["type"] == "message":
        text = item["content"][0]["text"]
        yield {
            "type": "response.output_text.delta", "content_index": 0, "delta": text, **head,
        }  # fmt: skip
        return
    member = "arguments" if item["type"] == "function_call" else "input"
    sort = f"response.{item['type']}_{member}"
    for piece in halves(item[member]):
        yield {"type": f"{sort}.delta", "delta": piece, **head}
    yield {"type": f"{sort}.done", member: item[member], **head}
