"""A scripted ACP agent: each prompt is a JSON list of what to do next, or plain words."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Said = dict[str, Any]
EFFECTS = Path(sys.argv[1])
OPTIONS = [
    {"optionId": "always", "name": "Always", "kind": "allow_always"},
    {"optionId": "proceed_once", "name": "Yes", "kind": "allow_once"},
    {"optionId": "cancel", "name": "No", "kind": "reject_once"},
]
VERSION = int(sys.argv[2]) if len(sys.argv) > 2 else 1
number = 1000


def say(message: Said) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def log(what: str, value: Any) -> None:
    with EFFECTS.open("a") as file:
        file.write(json.dumps({what: value}) + "\n")


def update(sort: str, /, **fields: Any) -> None:
    told = {"sessionUpdate": sort, **fields}
    say({"method": "session/update", "params": {"sessionId": "s1", "update": told}})


def call(method: str, params: Said) -> Said:
    """Ask the client and wait; whatever else it says meanwhile is taken as well."""
    global number  # noqa: PLW0603
    number += 1
    asked = number
    say({"id": asked, "method": method, "params": {"sessionId": "s1", **params}})
    for line in sys.stdin:
        said: Said = json.loads(line)
        if said.get("id") == asked and "method" not in said:
            log("answer", {k: v for k, v in said.items() if k not in ("jsonrpc", "id")})
            return said
        take(said)
    sys.exit(0)


def permitted(tool: Said, options: list[Said] = OPTIONS) -> bool:
    answer = call("session/request_permission", {"toolCall": tool, "options": options})
    outcome = (answer.get("result") or {}).get("outcome") or {}
    return outcome.get("optionId") == "proceed_once"


def run(tool: Said, *, ask: bool = True, then: Said | None = None) -> None:
    """One tool call: told, asked about, done if allowed, told again."""
    update("tool_call", status="pending", **tool)
    allowed = permitted({"toolCallId": tool["toolCallId"]}) if ask else True
    if then:
        update("tool_call_update", toolCallId=tool["toolCallId"], **then)
    if allowed:
        log("done", tool.get("rawInput"))
    status = "completed" if allowed else "failed"
    update("tool_call_update", toolCallId=tool["toolCallId"], status=status)


def do(step: Any) -> None:
    if isinstance(step, str):
        update("agent_message_chunk", content={"type": "text", "text": step})
        return
    name, *rest = step
    steps: dict[str, Callable[..., Any]] = {
        "think": lambda t: update("agent_thought_chunk", content={"type": "text", "text": t}),
        "run": run,
        "unasked": lambda tool: run(tool, ask=False),
        "ask": permitted,
        "call": call,
        "tell": lambda kind, fields: update(kind, **fields),
        "raw": lambda text: (sys.stdout.write(text + "\n"), sys.stdout.flush()),
    }
    steps[name](*rest)


def take(said: Said) -> None:
    method, params = said.get("method"), said.get("params") or {}
    result: Said | None = {}
    if method == "initialize":
        log("initialize", params)
        info = {"name": "scripted", "version": "1"}
        result = {"protocolVersion": VERSION, "agentInfo": info, "agentCapabilities": {}}
    elif method == "session/new":
        log("session/new", params)
        modes = [{"id": "default", "name": "Default"}, {"id": "yolo", "name": "Yolo"}]
        result = {
            "sessionId": "s1",
            "modes": {"currentModeId": "default", "availableModes": modes},
        }
    elif method == "session/prompt":
        text = params["prompt"][0]["text"]
        for step in json.loads(text) if text.startswith("[") else [text]:
            do(step)
        result = {"stopReason": "end_turn"}
    elif "id" not in said:
        log("heard", method)
        return
    if "method" in said:
        say({"id": said["id"], "result": result})


for line in sys.stdin:
    take(json.loads(line))
