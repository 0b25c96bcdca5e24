"""A model for a trial start: has an agent that opens no session aloud call one harmless tool.

Owns one conversation on loopback, in the words of OpenAI's chat completions.  Run as
`PYTHON -I -S -E trial.py HOME COMMAND…`, a single file of the standard library, inside the
containment that the agent will have; ends with the agent.  Never answers but with that one call,
which our hook knows by its id and blocks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CALL = "agentwatch-trial"
"""The id of the call, by which the hook knows a trial."""

SETTINGS = """active_model = "trial"
enable_telemetry = false
enable_update_checks = false

[[providers]]
name = "trial"
api_base = "http://127.0.0.1:{port}/v1"
api_key_env_var = ""

[[models]]
name = "trial"
provider = "trial"
alias = "trial"
"""


class Model(BaseHTTPRequestHandler):
    """Says the call, and then that all is done."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the agent's own output is nobody's."""

    def do_POST(self) -> None:
        """Answer one request of the conversation."""
        request = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))
        called = any(item.get("role") == "tool" for item in request.get("messages", ()))
        lines = [f"data: {json.dumps(part)}\n\n" for part in said(called=called)]
        body = "".join([*lines, "data: [DONE]\n\n"]).encode()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def said(*, called: bool) -> Iterator[dict[str, Any]]:
    """The parts of an answer."""
    function = {"name": "read_file", "arguments": json.dumps({"path": os.devnull})}
    call = {"index": 0, "id": CALL, "type": "function", "function": function}
    delta = {"content": "done"} if called else {"tool_calls": [call]}
    yield _part({"role": "assistant", **delta}, None)
    yield _part({}, "stop" if called else "tool_calls")


def _part(delta: dict[str, Any], reason: str | None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    head = {"id": "trial", "object": "chat.completion.chunk", "created": 1, "model": "trial"}
    return {**head, "choices": [choice]}


def main(arguments: list[str]) -> int:
    """Serve the model and have the agent speak with it."""
    home, *command = arguments
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder = Path(home)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "config.toml").write_text(SETTINGS.format(port=server.server_address[1]))
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
