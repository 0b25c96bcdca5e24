"""An MCP server over streamable HTTP on the loopback; prints its port, logs what reaches it."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

EFFECTS = Path(sys.argv[1])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        named = {k.casefold(): v for k, v in self.headers.items()}
        with EFFECTS.open("a") as file:
            file.write(json.dumps({"said": said, "headers": named}) + "\n")
        if self.path == "/elsewhere":
            self.send_response(307)
            self.send_header("Location", "/mcp")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif "id" not in said or "method" not in said:
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif said["method"] == "initialize":
            version = {"protocolVersion": "2025-11-25", "capabilities": {}}
            self.reply({"jsonrpc": "2.0", "id": said["id"], "result": version}, session="s-1")
        elif said["method"] == "tools/call":
            self.stream(said["id"])
        else:
            self.reply({"jsonrpc": "2.0", "id": said["id"], "result": {"tools": []}})

    def do_GET(self) -> None:
        self.send_response(405)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_DELETE(self) -> None:
        with EFFECTS.open("a") as file:
            file.write(json.dumps({"deleted": self.headers["Mcp-Session-Id"]}) + "\n")
        self.do_GET()

    def reply(self, data: dict[str, object], session: str | None = None) -> None:
        body = json.dumps(data, indent=1).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if session:
            self.send_header("Mcp-Session-Id", session)
        self.end_headers()
        self.wfile.write(body)

    def stream(self, number: object) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        note = {"jsonrpc": "2.0", "method": "notifications/progress", "params": {}}
        done = {"jsonrpc": "2.0", "id": number, "result": {"content": []}}
        for event in (note, done):
            self.wfile.write(b": comment\nevent: message\ndata: " + json.dumps(event).encode())
            self.wfile.write(b"\n\n")
        self.close_connection = True


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
