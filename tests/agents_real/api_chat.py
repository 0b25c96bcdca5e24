"""The OpenAI Chat Completions API."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.agents_real.api import Heard, Json, Reply, Result, event, halves, words


class Chat:
    """`POST …/chat/completions`."""

    def takes(self, path: str) -> bool:
        """Whether a POST to this path is a question to the model."""
        return path.endswith("/chat/completions")

    def heard(self, request: Json, path: str) -> Heard:
        """The conversation in a request."""
        messages = request.get("messages") or []
        roles = [message["role"] for message in messages]
        first = roles.index("assistant") if "assistant" in roles else len(messages)
        asked = [item for item in messages[:first] if item["role"] not in ("system", "developer")]
        results = [
            Result(str(message.get("tool_call_id")), words(message.get("content")), message)
            for message in messages
            if message["role"] == "tool"
        ]
        return Heard(
            opening=words([message.get("content") for message in asked]),
            spoken=roles.count("assistant"),
            offered={
                item["function"]["name"]: item["function"]
                for item in request.get("tools") or ()
                if item.get("type") == "function"
            },
            results=results,
            streamed=bool(request.get("stream")),
        )

    def whole(self, reply: Reply) -> Json:
        """The answer as one document."""
        calls = [
            {"id": call.id, "type": "function", "function": _function(call.tool, call.arguments)}
            for call in reply.calls
        ]
        message: Json = {"role": "assistant", "content": reply.text or None}
        if calls:
            message["tool_calls"] = calls
        choice = {"index": 0, "message": message, "finish_reason": _reason(reply)}
        return {**_head(reply, "chat.completion"), "choices": [choice], "usage": _USAGE}

    def stream(self, reply: Reply) -> Iterator[bytes]:
        """The answer as server-sent events."""
        head = _head(reply, "chat.completion.chunk")
        for delta in (*_deltas(reply), None):
            reason = _reason(reply) if delta is None else None
            choice = {"index": 0, "delta": delta or {}, "finish_reason": reason}
            yield event({**head, "choices": [choice]})
        yield event({**head, "choices": [], "usage": _USAGE})
        yield b"data: [DONE]\n\n"


_USAGE = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}


def _head(reply: Reply, sort: str) -> Json:
    return {"id": f"chat_{reply.number}", "object": sort, "created": 1, "model": "scripted"}


def _function(name: str, arguments: object) -> Json:
    return {"name": name, "arguments": json.dumps(arguments)}


def _reason(reply: Reply) -> str:
    return "tool_calls" if reply.calls else "stop"


def _deltas(reply: Reply) -> Iterator[Json]:
    yield {"role": "assistant", "content": reply.text}
    for index, call in enumerate(reply.calls):
        first, second = halves(json.dumps(dict(call.arguments)))
        function = {"name": call.tool, "arguments": first}
        begin = {"index": index, "id": call.id, "type": "function", "function": function}
        yield {"tool_calls": [begin]}
        yield {"tool_calls": [{"index": index, "function": {"arguments": second}}]}
