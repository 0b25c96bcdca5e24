"""JSON-RPC 2.0 messages, one a line, read so that nobody behind us can read them differently.

Owns the strict reading and the one spelling.  What is passed on is what was judged, spelled anew,
never the bytes that came: a repeated member, two members that differ in case only, a batch, a
number that is none, are refused, because some parser would see another message in them.  Decides
nothing, does no I/O.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json

MAX_LINE = 16 * 1024 * 1024
"""Bytes of one message: lines with whole files and pictures in them do occur."""

MAX_DEPTH = 200
"""Levels of nesting: what is read here must be written and shown by deeper stacks than ours."""
MAX_ID = 1024
"""Characters of an id: those of open requests are kept."""

PARSE_ERROR, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS, INTERNAL = (
    -32700,
    -32600,
    -32601,
    -32602,
    -32603,
)

MEMBERS = frozenset({"jsonrpc", "id", "method", "params", "result", "error"})

Id = str | int


class Malformed(AgentwatchError):
    """A line that is not one JSON-RPC message to everybody; `id` is what it would answer to."""

    def __init__(self, what: str, number: Id | None = None) -> None:
        super().__init__(what, code=ExitCode.NO)
        self.id = number


@dataclass(frozen=True, slots=True)
class Message:
    """One message: a request (method and id), a notification (method), or a response (id)."""

    data: Json
    method: str | None
    id: Id | None
    params: Json
    """The parameters, empty where there are none; positional ones are refused."""
    size: int = 0
    """Bytes of the line that it came in."""

    @property
    def asks(self) -> bool:
        """Whether it is a request."""
        return self.method is not None and self.id is not None

    @property
    def answers(self) -> bool:
        """Whether it is a response."""
        return self.method is None

    @property
    def result(self) -> Json:
        """What a response brings, empty for an error or anything but an object."""
        found = self.data.get("result")
        return found if isinstance(found, dict) else {}

    @property
    def error(self) -> Json | None:
        """The error a response is, None for any other."""
        found = self.data.get("error")
        return found if isinstance(found, dict) else None


def read(line: bytes) -> Message:
    """The message on a line; raises Malformed."""
    try:
        data = json.loads(
            line.decode(), object_pairs_hook=_object, parse_constant=_no_number, parse_float=_number
        )
    except (ValueError, RecursionError) as error:
        raise Malformed(f"a message is not JSON ({error})") from error
    if isinstance(data, list):
        raise Malformed("batches are not taken: send one message a line")
    if not isinstance(data, dict):
        raise Malformed("a message is not a JSON object")
    if line.count(b"[") + line.count(b"{") > MAX_DEPTH and _deep(data):
        raise Malformed(f"a message is nested deeper than {MAX_DEPTH} levels")
    return replace(_message(data), size=len(line))


def line_of(data: Mapping[str, Any]) -> bytes:
    """The one spelling of a message, with its newline; raises ValueError for what is not JSON."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def request(number: Id, method: str, params: Mapping[str, Any]) -> Json:
    """A request."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": dict(params)}


def notification(method: str, params: Mapping[str, Any]) -> Json:
    """A notification."""
    return {"jsonrpc": "2.0", "method": method, "params": dict(params)}


def result(number: Id | None, value: Any) -> Json:
    """A response that brings something."""
    return {"jsonrpc": "2.0", "id": number, "result": value}


def error(number: Id | None, code: int, what: str) -> Json:
    """A response that says what went wrong."""
    return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": what}}


def exact(data: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    """Raise Malformed where a member could be taken for a known one by a parser blind to case."""
    folded = {name.casefold() for name in known}
    for name in data:
        if name not in known and name.casefold() in folded:
            raise Malformed(f"{where} has a member {name!r} that differs from a known one in case")


def _message(data: Json) -> Message:
    exact(data, MEMBERS, "a message")
    number = data.get("id")
    method, params = data.get("method"), data.get("params")
    usable = isinstance(number, str) or (isinstance(number, int) and not isinstance(number, bool))
    if usable and len(str(number)) > MAX_ID:
        raise Malformed(f"a message's id is longer than {MAX_ID} characters")
    asked = number if usable and method is not None else None
    if data.get("jsonrpc") != "2.0":
        raise Malformed("a message is not JSON-RPC 2.0", asked)
    if "id" in data and not usable and not (number is None and "error" in data):
        raise Malformed("a message's id is neither a text nor a whole number")
    if method is None:
        _check_response(data)
    elif not isinstance(method, str) or "result" in data or "error" in data:
        raise Malformed("a message is neither a request nor a response", asked)
    if params is not None and not isinstance(params, dict):
        raise Malformed("a message's params are not an object", asked)
    return Message(data, method, number if usable else None, params or {})


def _check_response(data: Json) -> None:
    if "method" in data or "id" not in data or ("result" in data) == ("error" in data):
        raise Malformed("a message is neither a request nor a response")


def _deep(data: Any) -> bool:
    """Whether it has more levels than are taken."""
    level = [data]
    for _ in range(MAX_DEPTH):
        inner = (item.values() if isinstance(item, dict) else item for item in level)
        level = [one for items in inner for one in items if isinstance(one, dict | list)]
        if not level:
            return False
    return True


def _object(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same member twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a number in JSON")


def _number(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return value
