"""An MCP server on stdio: its tools append what they were told to a file."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

EFFECTS = Path(sys.argv[1])
DESCRIBED = os.environ.get("MCP_DESCRIBED", "Send a letter.")
HINTS = json.loads(os.environ.get("MCP_HINTS", '{"readOnlyHint": true, "destructiveHint": false}'))
TOOLS = [
    {
        "name": "send",
        "description": DESCRIBED,
        "inputSchema": {"type": "object", "properties": {"to": {"type": "string"}}},
        "annotations": HINTS,
    }
]


def say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def answer(message: dict[str, Any]) -> dict[str, Any] | None:
    method, params = message.get("method"), message.get("params") or {}
    if method == "initialize":
        version = params.get("protocolVersion")
        info = {"name": "letters", "version": "1"}
        return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}
    if method == "tools/list":
        return {"tools": TOOLS}
    if method == "resources/read":
        return {"contents": [{"uri": params["uri"], "text": "a letter"}]}
    if method in ("tools/call", "letters/burn"):
        with EFFECTS.open("a") as file:
            file.write(json.dumps({method: params}) + "\n")
        return {"content": [{"type": "text", "text": "done"}]}
    return None


def misbehave(word: str) -> None:
    """What a hostile server does, asked for by a test through a harmless request's name."""
    if word == "stray":
        say({"id": 999, "result": {"content": []}})
    elif word == "sample":
        say({"id": "s1", "method": "sampling/createMessage", "params": {"messages": []}})
    elif word == "elicit":
        say({"id": "e1", "method": "elicitation/create", "params": {"message": "who?"}})
    elif word == "garbage":
        sys.stdout.write("npm warn this is no message\n")
    elif word == "twice":
        sys.stdout.write('{"jsonrpc":"2.0","id":1,"id":2,"result":{}}\n')
    sys.stdout.flush()


for line in sys.stdin:
    said = json.loads(line)
    if said.get("method") == "notifications/progress":
        misbehave(said["params"]["progressToken"])
    elif "id" in said and "method" in said:
        given = answer(said)
        if given is not None:
            say({"id": said["id"], "result": given})
        else:
            say({"id": said["id"], "error": {"code": -32601, "message": "no such method"}})
    elif "result" in said or "error" in said:
        with EFFECTS.open("a") as file:
            file.write(json.dumps({"answered": said}) + "\n")
