"""An MCP server on stdio that is a bridge to one reached by streamable HTTP.

Owns the connection to that server.  Runs as a process of its own in the place of a local server,
so that it is gated, contained and killed like one.  Judges nothing.

What does not work: no OAuth, only headers as given; an answer's stream that breaks is not taken
up again, its request fails; arguments that a server wants to see in headers are not put there; a
redirect is an error, because what was to go to one host must not go to another; what the server
itself is and does is out of every kill's reach.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from agentwatch.channels import rpc
from agentwatch.channels.rpc import Malformed, Message
from agentwatch.visible import shown

HEADERS = "AGENTWATCH_MCP_HEADERS"
"""Further headers, as a JSON list of `Name: value`."""

LONGEST = 500
"""Characters of what a server says that are put before a person."""

AT_ONCE = 64
"""Requests that may be under way; the next one waits."""

STATELESS = "2026-07-28"
"""The first version without a handshake: from there on every request carries its version."""

_VERSION = "io.modelcontextprotocol/protocolVersion"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none: the error that comes instead says where it would have gone."""
        return


class Bridge:
    """One server, and the lines that it is spoken to with."""

    def __init__(self, url: str, headers: list[str]) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"not an http or https address: {url}")
        self._url = url
        self._given = dict(_header(item) for item in headers)
        self._opener = urllib.request.build_opener(_NoRedirect)
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._printing = threading.Lock()
        self._session: str | None = None
        self._version: str | None = None
        self._busy: list[threading.Thread] = []

    def run(self) -> None:
        """Carry every line of standard input over, until its end."""
        while line := sys.stdin.buffer.readline(rpc.MAX_LINE + 1):
            if not line.strip():
                continue
            message = rpc.read(line)
            if not message.asks:
                self._carry(message)
                continue
            self._room.acquire()
            thread = threading.Thread(target=self._carry_and_leave, args=(message,), daemon=True)
            self._busy = [*(t for t in self._busy if t.is_alive()), thread]
            thread.start()
        for thread in self._busy:
            thread.join()
        if self._session is not None:
            self._end()

    def _carry_and_leave(self, message: Message) -> None:
        try:
            self._carry(message)
        finally:
            self._room.release()

    def _carry(self, message: Message) -> None:
        """Send one message and print what it is answered; a failure is an answer as well."""
        try:
            with self._open(message) as response:
                self._take_session(message, response)
                answered = self._print_all(message, response)
        except urllib.error.HTTPError as error:
            self._failed(message, _told(error))
            return
        except (OSError, HTTPException, Malformed, ValueError) as error:
            self._failed(message, str(error))
            return
        if message.asks and not answered:
            self._failed(message, "the server closed the stream without an answer")

    def _open(self, message: Message) -> HTTPResponse:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            **self._about(message),
        }
        body = rpc.line_of(message.data)
        sent = urllib.request.Request(self._url, body, headers | self._given, method="POST")  # noqa: S310 - http and https only
        response: HTTPResponse = self._opener.open(sent)
        return response

    def _about(self, message: Message) -> dict[str, str]:
        """What the headers say of a message and its session."""
        found = {}
        meta = message.params.get("_meta")
        said = meta.get(_VERSION) if isinstance(meta, dict) else None
        version = said if isinstance(said, str) else self._version
        if version and message.method != "initialize":
            found["MCP-Protocol-Version"] = version
        if self._session is not None:
            found["Mcp-Session-Id"] = self._session
        if version and version >= STATELESS and message.method:
            found["Mcp-Method"] = _plain(message.method)
            name = message.params.get("name") or message.params.get("uri")
            if isinstance(name, str):
                found["Mcp-Name"] = _plain(name)
        return found

    def _take_session(self, message: Message, response: HTTPResponse) -> None:
        if message.method == "initialize":
            self._session = response.headers.get("Mcp-Session-Id")

    def _print_all(self, message: Message, response: HTTPResponse) -> bool:
        """Print every message of a response; whether the answer to ours was among them."""
        answered = False
        for line in _messages(response):
            said = rpc.read(line)
            if said.answers and said.id == message.id:
                answered = True
                if message.method == "initialize":
                    self._begun(said)
            self._print(said.data)
        return answered

    def _begun(self, answer: Message) -> None:
        """The handshake is over: know the version, and listen for what comes unasked."""
        version = answer.result.get("protocolVersion")
        self._version = version if isinstance(version, str) else None
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        """Print what the server says by itself, where it offers that."""
        headers = {"Accept": "text/event-stream", **self._held()}
        sent = urllib.request.Request(self._url, None, headers | self._given)  # noqa: S310 - http and https only
        try:
            with self._opener.open(sent) as response:
                for line in _messages(response):
                    self._print(rpc.read(line).data)
        except (OSError, HTTPException, Malformed, ValueError):
            return  # it offers none, or no longer: requests go on

    def _held(self) -> dict[str, str]:
        named = {"MCP-Protocol-Version": self._version, "Mcp-Session-Id": self._session}
        return {name: value for name, value in named.items() if value}

    def _end(self) -> None:
        """Say that the session is over; a server that does not want to know it answers 405."""
        sent = urllib.request.Request(self._url, None, self._held() | self._given, method="DELETE")  # noqa: S310 - http and https only
        try:
            self._opener.open(sent, timeout=5).close()
        except (OSError, HTTPException, ValueError):
            return

    def _failed(self, message: Message, why: str) -> None:
        what = f"{urlsplit(self._url).hostname} did not answer: {why}"
        if message.asks:
            self._print(rpc.error(message.id, rpc.INTERNAL, what))
        else:
            print(f"agentwatch: {shown(what, LONGEST)}", file=sys.stderr, flush=True)

    def _print(self, data: dict[str, Any]) -> None:
        with self._printing:
            sys.stdout.buffer.write(rpc.line_of(data))
            sys.stdout.buffer.flush()


def _messages(response: HTTPResponse) -> Iterator[bytes]:
    """The messages of a body: one in JSON, or one in each event of a stream."""
    kind = response.headers.get_content_type()
    if kind == "application/json":
        body = response.read(rpc.MAX_LINE + 1)
        if len(body) > rpc.MAX_LINE:
            raise Malformed("the answer is too long")
        yield from [body] if body.strip() else []
    elif kind == "text/event-stream":
        yield from _events(response)


def _events(response: HTTPResponse) -> Iterator[bytes]:
    """What the events of a stream carry."""
    data: list[bytes] = []
    while line := response.readline(rpc.MAX_LINE + 1):
        text = line.rstrip(b"\r\n")
        if text.startswith(b"data:"):
            data.append(text[5:].removeprefix(b" "))
        elif not text and data:
            yield b"\n".join(data)
            data = []
        if len(line) > rpc.MAX_LINE or sum(map(len, data)) > rpc.MAX_LINE:
            raise Malformed("an event is too long")


def _told(error: urllib.error.HTTPError) -> str:
    """A status in words."""
    if error.code in (401, 403):
        return f"it wants to know who asks ({error.code}): give it a --header"
    if error.code == 404:
        return "it does not know this session any more, or there is no MCP at this address (404)"
    return f"{error.code} {error.reason}"


def _plain(text: str) -> str:
    """A text as a header may carry it."""
    if text.isascii() and text.isprintable() and text == text.strip():
        return text
    return f"=?base64?{base64.b64encode(text.encode()).decode()}?="


def _header(item: str) -> tuple[str, str]:
    name, colon, value = item.partition(":")
    if not colon or not name.strip():
        raise ValueError("a header is `Name: value`")
    return name.strip(), value.strip()


def main() -> int:
    """Bridge until standard input ends."""
    try:
        Bridge(sys.argv[1], json.loads(os.environ.get(HEADERS) or "[]")).run()
    except (ValueError, Malformed) as error:
        print(f"agentwatch: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
