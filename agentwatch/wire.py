"""The messages on the two sockets: JSON, one object a line, versioned.

Owns framing, the size limit and the version check for both sides, without any I/O.  Never
decides anything: whatever cannot be read is a WireError, and its receiver denies.

The agent's socket (address in AGENTWATCH_SOCKET, token in AGENTWATCH_TOKEN) takes `propose`,
`outcome`, `hook` and `armed`; the control socket takes the clients' verbs.  See README,
"Propose from your own agent", for the agent's side by example.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json

VERSION = 1
MAX_MESSAGE = 1024 * 1024
"""Bytes of one message to the supervisor, its newline included."""

MAX_ANSWER = 256 * 1024 * 1024
"""Bytes of one message from the supervisor to a client: a list may hold every pending action."""


class WireError(AgentwatchError):
    """A message that cannot be taken: the answer to it is deny."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what, hint, ExitCode.NO)


def encode(message: Mapping[str, Any], *, limit: int = MAX_MESSAGE) -> bytes:
    """One message as a line, with the version put in; raises WireError past the limit."""
    line = json.dumps({"v": VERSION, **message}, separators=(",", ":")).encode() + b"\n"
    if len(line) > limit:
        raise WireError(
            f"a message of {len(line)} bytes is over the limit of {limit}",
            "send a shorter action, or name a file instead of quoting it",
        )
    return line


def decode(line: bytes, *, limit: int = MAX_MESSAGE) -> Json:
    """One line as a message; raises WireError unless it is an object of our version."""
    if len(line) > limit:
        raise WireError(f"a message is over the limit of {limit} bytes")
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise WireError("a message is not JSON", "send one JSON object a line") from error
    if not isinstance(message, dict):
        raise WireError("a message is not a JSON object", "send one JSON object a line")
    version = message.get("v")
    if version != VERSION or isinstance(version, bool):
        raise WireError(
            f"protocol version {version!r} is not known here",
            f'send "v":{VERSION}, or use the agentwatch that started the session',
        )
    return message


class Lines:
    """Cuts a byte stream into lines, never holding more than one message's worth."""

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0
        """So much of it has no end of a line: it is not looked at again with every further byte."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The lines completed by these bytes; raises WireError when one grows past the limit."""
        self._buffer += data
        while (end := self._buffer.find(b"\n", self._searched)) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self._searched = 0
            yield line
        self._searched = len(self._buffer)
        if len(self._buffer) > self._limit:
            raise WireError(f"a message is over the limit of {self._limit} bytes")

    @property
    def torn(self) -> bool:
        """Whether part of a message is still waiting for its end."""
        return bool(self._buffer)


def failure(re: object, error: AgentwatchError) -> Json:
    """The answer to a message that cannot be carried out."""
    details = {"what": error.what, "hint": error.hint, "code": int(error.code)}
    return {"re": re, "ok": False, "error": details}


def raise_failure(answer: Mapping[str, Any]) -> None:
    """Raise what `failure` said; does nothing for an answer that is ok."""
    if answer.get("ok") is True:
        return
    error = answer.get("error") or {}
    raise AgentwatchError(
        str(error.get("what") or "the supervisor refused without a reason"),
        str(error.get("hint") or ""),
        ExitCode(error.get("code") or ExitCode.NO),
    )
