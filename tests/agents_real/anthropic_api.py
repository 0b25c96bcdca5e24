"""A model server on loopback that speaks the Anthropic Messages API from a scenario.

Owns `POST /v1/messages`, streamed or not, with tool use; answers the other requests an agent makes
so that it neither waits nor retries.  Keeps every request it got, for tests to read.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.agents_real.scenario import Scenario, Turn

Json = dict[str, Any]


class ModelServer:
    """The server, its address and what was asked of it."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.requests: list[Json] = []
        self.paths: list[str] = []
        outer = self

        class Bound(_Handler):
            model = outer

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self._http.daemon_threads = True

    @property
    def url(self) -> str:
        """Where agents find it."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def serve(self) -> None:
        """Answer until `stop`."""
        self._http.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        """Let `serve` return and free the port."""
        self._http.shutdown()
        self._http.server_close()

    def results(self) -> list[Json]:
        """Every tool result that reached the model, each once, in order."""
        found: dict[str, Json] = {}
        for request in self.requests:
            for block in _blocks(request):
                if block.get("type") == "tool_result":
                    found[block["tool_use_id"]] = block
        return list(found.values())

    def result_texts(self) -> list[str]:
        """The words of every tool result, in order."""
        return [_text(block.get("content")) for block in self.results()]

    def tool_names(self) -> set[str]:
        """Every tool the agent ever offered."""
        return {tool.get("name", "") for item in self.requests for tool in item.get("tools") or ()}


@contextmanager
def model_server(scenario: Scenario) -> Iterator[ModelServer]:
    """A server in its own thread for the time of a test."""
    server = ModelServer(scenario)
    thread = threading.Thread(target=server.serve, name="model-server", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    model: ModelServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Keep the test's output clean."""

    def do_HEAD(self) -> None:
        self._send(200, b"", "text/plain")

    def do_GET(self) -> None:
        self.model.paths.append(f"GET {self.path}")
        self._json(404, {"type": "error", "error": {"type": "not_found_error", "message": "no"}})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = self.path.split("?")[0]
        self.model.paths.append(f"POST {path}")
        if path == "/v1/messages/count_tokens":
            self._json(200, {"input_tokens": 100})
        elif path == "/v1/messages":
            self._message(json.loads(body))
        else:
            self._json(200, {})

    def _message(self, request: Json) -> None:
        self.model.requests.append(request)
        messages = request.get("messages") or []
        spoken = sum(1 for message in messages if message["role"] == "assistant")
        opening = _text(messages[0]["content"]) if messages else ""
        offered = bool(request.get("tools"))
        turn = self.model.scenario.turn(opening, spoken) if offered else Turn(text="ok")
        content = _content(turn, spoken)
        reply = _reply(content, len(self.model.requests))
        if request.get("stream"):
            events = b"".join(_event(item) for item in _stream(reply, content))
            self._send(200, events, "text/event-stream")
        else:
            self._json(200, reply)

    def _json(self, status: int, data: Json) -> None:
        self._send(status, json.dumps(data).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        try:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # the agent was killed: nobody to answer


def _content(turn: Turn, spoken: int) -> list[Json]:
    blocks: list[Json] = []
    if turn.text or not turn.calls:
        blocks.append({"type": "text", "text": turn.text or "ok"})
    for number, item in enumerate(turn.calls):
        name = f"toolu_{item.tool}_{spoken}_{number}"
        arguments = dict(item.arguments)
        blocks.append({"type": "tool_use", "id": name, "name": item.tool, "input": arguments})
    return blocks


def _reply(content: Sequence[Json], number: int) -> Json:
    calls = any(block["type"] == "tool_use" for block in content)
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": "claude-scripted",
        "content": list(content),
        "stop_reason": "tool_use" if calls else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 10},
    }


def _stream(reply: Json, content: Sequence[Json]) -> Iterator[Json]:
    yield {"type": "message_start", "message": {**reply, "content": [], "stop_reason": None}}
    for index, block in enumerate(content):
        yield from _stream_block(index, block)
    delta = {"stop_reason": reply["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 10}}
    yield {"type": "message_stop"}


def _stream_block(index: int, block: Json) -> Iterator[Json]:
    start = {**block, "text": ""} if block["type"] == "text" else {**block, "input": {}}
    yield {"type": "content_block_start", "index": index, "content_block": start}
    if block["type"] == "text":
        deltas = [{"type": "text_delta", "text": block["text"]}]
    else:
        spelled = json.dumps(block["input"])
        half = len(spelled) // 2  # in two pieces, as a model streams it
        pieces = (spelled[:half], spelled[half:])
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _event(data: Json) -> bytes:
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()


def _blocks(request: Json) -> Iterator[Json]:
    for message in request.get("messages") or ():
        content = message["content"]
        if isinstance(content, list):
            yield from content


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "\n".join(str(block.get("text", "")) for block in content if isinstance(block, dict))
