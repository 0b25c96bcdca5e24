"""The Gemini generateContent API."""

from __future__ import annotations

from collections.abc import Iterator

from tests.agents_real.api import Heard, Json, Reply, Result, event, words


class Gemini:
    """`POST …:generateContent` and `…:streamGenerateContent`."""

    def takes(self, path: str) -> bool:
        """Whether a POST to this path is a question to the model."""
        return path.endswith((":generateContent", ":streamGenerateContent"))

    def heard(self, request: Json, path: str) -> Heard:
        """The conversation in a request."""
        contents = request.get("contents") or []
        roles = [item.get("role") for item in contents]
        first = roles.index("model") if "model" in roles else len(contents)
        declared = [
            function
            for tool in request.get("tools") or ()
            for function in tool.get("functionDeclarations") or ()
        ]
        return Heard(
            opening=words([item.get("parts") for item in contents[:first]]),
            spoken=roles.count("model"),
            offered={function["name"]: function for function in declared},
            results=list(_results(contents)),
            streamed=path.endswith(":streamGenerateContent"),
        )

    def whole(self, reply: Reply) -> Json:
        """The answer as one document."""
        parts: list[Json] = []
        if reply.text or not reply.calls:
            parts.append({"text": reply.text or "ok"})
        parts += [
            {"functionCall": {"id": call.id, "name": call.tool, "args": dict(call.arguments)}}
            for call in reply.calls
        ]
        content = {"role": "model", "parts": parts}
        usage = {"promptTokenCount": 10, "candidatesTokenCount": 10, "totalTokenCount": 20}
        return {
            "candidates": [{"index": 0, "content": content, "finishReason": "STOP"}],
            "usageMetadata": usage,
            "modelVersion": "scripted",
            "responseId": f"reply-{reply.number}",
        }

    def stream(self, reply: Reply) -> Iterator[bytes]:
        """The answer as server-sent events, a call never split: that is how this API streams."""
        yield event(self.whole(reply))


def _results(contents: list[Json]) -> Iterator[Result]:
    spoken = 0
    for item in contents:
        spoken += item.get("role") == "model"
        for number, part in enumerate(item.get("parts") or ()):
            if answer := part.get("functionResponse"):
                told = answer.get("response") or {}
                spelled = "\n".join(str(value) for value in told.values())
                yield Result(f"{answer['name']}_{spoken - 1}_{number}", spelled, answer)
