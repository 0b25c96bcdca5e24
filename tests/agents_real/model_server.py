"""A model server on loopback that plays a scenario in whichever API an agent speaks.

Owns the sockets and the answering; answers the other requests an agent makes so that it neither
waits nor retries.  Keeps every request it got, for tests to read.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.agents_real.api import Api, Heard, Json, Reply, Result, Said
from tests.agents_real.api_anthropic import Anthropic
from tests.agents_real.api_chat import Chat
from tests.agents_real.api_gemini import Gemini
from tests.agents_real.api_responses import Responses
from tests.agents_real.scenario import Act, Call, Scenario, Turn

Spell = Callable[[Act, Heard], Call]
"""How an agent's own tools do an act."""

APIS: tuple[Api, ...] = (Anthropic(), Chat(), Responses(), Gemini())


def unspelled(act: Act, _heard: Heard) -> Call:
    """For scenarios that name the agent's own tools."""
    raise AssertionError(f"this agent's way to {act.do} is not known")


class ModelServer:
    """The server, its address and what was asked of it."""

    def __init__(self, scenario: Scenario, spell: Spell = unspelled) -> None:
        self.scenario = scenario
        self.requests: list[Json] = []
        self.paths: list[str] = []
        self._heard: list[Heard] = []
        self._spell = spell
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

    def reply(self, heard: Heard, request: Json) -> Reply:
        """What the model says next."""
        self.requests.append(request)
        self._heard.append(heard)
        wanted = heard.offered or self.scenario.toolless
        turn = self.scenario.turn(heard.opening, heard.spoken) if wanted else Turn(text="ok")
        calls = [
            _said(item if isinstance(item, Call) else self._spell(item, heard), heard, number)
            for number, item in enumerate(turn.calls)
        ]
        return Reply(len(self.requests), turn.text, calls)

    def told(self) -> list[Result]:
        """Every tool result that reached the model, each once, in order."""
        found = {item.call: item for heard in self._heard for item in heard.results}
        return list(found.values())

    def results(self) -> list[Json]:
        """The same as the agent spelled them."""
        return [item.raw for item in self.told()]

    def result_texts(self) -> list[str]:
        """The words of every tool result, in order."""
        return [item.text for item in self.told()]

    def tool_names(self) -> set[str]:
        """Every tool the agent ever offered."""
        return {name for heard in self._heard for name in heard.offered}

    def finished(self) -> bool:
        """Whether a script was played to its end."""
        return any(
            (script := self.scenario.script(heard.opening)) is not None
            and heard.spoken >= len(script)
            for heard in self._heard
        )

    def surprises(self) -> list[str]:
        """Where a call's result did not hold what its turn says that it should."""
        texts = {item.call: item.text for item in self.told()}
        found = []
        for script in self.scenario.scripts.values():
            for spoken, turn in enumerate(script):
                told = "\n".join(text for call, text in texts.items() if f"_{spoken}_" in call)
                if turn.hears not in told:
                    found.append(f"turn {spoken}: {turn.hears!r} is not in {told!r}")
        return found


def _said(call: Call, heard: Heard, number: int) -> Said:
    return Said(f"call_{call.tool}_{heard.spoken}_{number}", call.tool, call.arguments)


@contextmanager
def model_server(scenario: Scenario, spell: Spell = unspelled) -> Iterator[ModelServer]:
    """A server in its own thread for the time of a test."""
    server = ModelServer(scenario, spell)
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
        path = self.path.split("?")[0]
        self.model.paths.append(f"GET {path}")
        if path.endswith("/models"):
            self._json(200, {"object": "list", "data": [], "models": []})
        else:
            self._json(404, {"error": {"type": "not_found_error", "message": "no", "code": 404}})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        path = self.path.split("?")[0]
        self.model.paths.append(f"POST {path}")
        api = next((item for item in APIS if item.takes(path)), None)
        if api is None:
            self._json(200, {"input_tokens": 100, "totalTokens": 100})
            return
        request = json.loads(body)
        heard = api.heard(request, path)
        reply = self.model.reply(heard, request)
        if heard.streamed:
            self._send(200, b"".join(api.stream(reply)), "text/event-stream")
        else:
            self._json(200, api.whole(reply))

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
