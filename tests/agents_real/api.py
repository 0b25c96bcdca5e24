"""What the model server needs to know of an API: how to read a conversation, how to answer it.

Owns the shapes that the four APIs share; each has a file of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """What the agent told the model of one tool call."""

    call: str
    text: str
    raw: Json


@dataclass(frozen=True, slots=True)
class Heard:
    """A conversation as far as an agent has sent it."""

    opening: str
    """Everything said to the model before it first spoke."""
    spoken: int
    """Answers of the model's so far."""
    offered: Mapping[str, Json]
    """The tools the model may call, as the agent describes them."""
    results: Sequence[Result] = ()
    streamed: bool = True


@dataclass(frozen=True, slots=True)
class Said:
    """One tool call of the model's, with its id."""

    id: str
    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the model's, in nobody's words."""

    number: int
    text: str
    calls: Sequence[Said] = field(default=())


class Api(Protocol):
    """One way in which agents speak to models."""

    def takes(self, path: str) -> bool:
        """Whether a POST to this path is a question to the model."""

    def heard(self, request: Json, path: str) -> Heard:
        """The conversation in a request."""

    def whole(self, reply: Reply) -> Json:
        """The answer as one document."""

    def stream(self, reply: Reply) -> Iterator[bytes]:
        """The answer as server-sent events."""


def event(data: Json, *, name: str | None = None) -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def halves(text: str) -> tuple[str, str]:
    """A text in two pieces, as a model streams it."""
    half = len(text) // 2
    return text[:half], text[half:]


def words(content: object) -> str:
    """The text in a message's content, whatever its shape."""
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        return "\n".join(words(content[name]) for name in ("text", "content") if name in content)
    if isinstance(content, Iterable):
        return "\n".join(words(item) for item in content)
    return ""
