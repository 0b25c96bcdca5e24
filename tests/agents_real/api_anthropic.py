"""The Anthropic Messages API."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.agents_real.api import Heard, Json, Reply, Result, event, halves, words


class Anthropic:
    """`POST /v1/messages`."""

    def takes(self, path: str) -> bool:
        """Whether a POST to this path is a question to the model."""
        return path.endswith("/v1/messages")

    def heard(self, request: Json, path: str) -> Heard:
        """The conversation in a request."""
        messages = request.get("messages") or []
        roles = [message["role"] for message in messages]
        first = roles.index("assistant") if "assistant" in roles else len(messages)
        results = [
            Result(block["tool_use_id"], words(block.get("content")), block)
            for message in messages
            if isinstance(message["content"], list)
            for block in message["content"]
            if block.get("type") == "tool_result"
        ]
        return Heard(
            opening=words([message["content"] for message in messages[:first]]),
            spoken=roles.count("assistant"),
            offered={tool.get("name", ""): tool for tool in request.get("tools") or ()},
            results=results,
            streamed=bool(request.get("stream")),
        )

    def whole(self, reply: Reply) -> Json:
        """The answer as one document."""
        return {
            "id": f"msg_{reply.number}",
            "type": "message",
            "role": "assistant",
            "model": "claude-scripted",
            "content": _content(reply),
            "stop_reason": "tool_use" if reply.calls else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 10, "output_tokens": 10},
        }

    def stream(self, reply: Reply) -> Iterator[bytes]:
        """The answer as server-sent events."""
        for item in _events(self.whole(reply)):
            yield event(item, name=item["type"])


def _content(reply: Reply) -> list[Json]:
    blocks: list[Json] = []
    if reply.text or not reply.calls:
        blocks.append({"type": "text", "text": reply.text or "ok"})
    for call in reply.calls:
        arguments = dict(call.arguments)
        blocks.append({"type": "tool_use", "id": call.id, "name": call.tool, "input": arguments})
    return blocks


def _events(whole: Json) -> Iterator[Json]:
    yield {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}}
    for index, block in enumerate(whole["content"]):
        yield from _block(index, block)
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 10}}
    yield {"type": "message_stop"}


def _block(index: int, block: Json) -> Iterator[Json]:
    start = {**block, "text": ""} if block["type"] == "text" else {**block, "input": {}}
    yield {"type": "content_block_start", "index": index, "content_block": start}
    if block["type"] == "text":
        deltas = [{"type": "text_delta", "text": block["text"]}]
    else:
        pieces = halves(json.dumps(block["input"]))
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}
