"""What OpenClaw's `before_tool_call` events propose, tool by tool.

Owns the table of its tools.  A tool that is not in it (mail, messages, browsers, whatever a plugin
brings) is asked, with all its arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agentwatch.agents import calls
from agentwatch.agents.calls import Input, Reader
from agentwatch.model import Json, Kind, Proposal
from agentwatch.wire import WireError

QUIET = frozenset(
    {"read", "ls", "find", "grep", "image", "pdf", "agents_list", "sessions_list"}
    | {"sessions_history", "session_status", "memory_search", "memory_get", "update_plan"}
    | {"sessions_yield", "subagents", "tool_search", "tool_describe", "tool_call"}
)
"""Tools that only look, or only keep the agent's own notes; what `tool_call` calls is an event of
its own."""

PROCESS_LOOKS = frozenset({"list", "poll", "log"})
"""What `process` may do without doing anything."""


def proposal(event: Json, *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
    """The proposal in one event; raises WireError where it cannot be read."""
    tool, given = calls.text(event, "tool"), calls.member(event, "args")
    agent = event.get("agent")
    proposer = f"agent {agent}" if isinstance(agent, str) and agent != "main" else ""
    bare = calls.begun(tool, given, event.get("cwd"), proposer=proposer, pid=pid, parents=parents)
    if tool in QUIET:
        return calls.reading(bare, given.get("path"))
    return READERS.get(tool, calls.unknown)(bare, given)


def _exec(bare: Proposal, given: Input) -> Proposal:
    if "command" not in given:  # code mode has a tool of the same name that takes a program
        return bare
    found = calls.shell(
        bare,
        calls.text(given, "command"),
        cwd=given.get("workdir"),
        behind=given.get("background") is True,
    )
    where = given.get("host")
    if where in (None, "auto", "gateway"):
        return found
    return replace(found, kind=Kind.ASK_DAEMON, summary=f"{found.summary} (on: {where})")


def _process(bare: Proposal, given: Input) -> Proposal:
    """A command that runs already: looked at, or written to, which may be a command itself."""
    action = calls.text(given, "action")
    if action in PROCESS_LOOKS:
        return calls.reading(bare)
    keys = next((given[name] for name in ("data", "text", "literal", "keys") if name in given), "")
    return replace(bare, summary=f"{action} a running command: {given.get('sessionId')} {keys}")


def _write(bare: Proposal, given: Input) -> Proposal:
    path = calls.text(given, "path", "file_path")
    return calls.write(bare, path, calls.text(given, "content", empty=True))


def _edit(bare: Proposal, given: Input) -> Proposal:
    edits = given.get("edits", [given])
    if not isinstance(edits, list) or not all(isinstance(item, dict) for item in edits):
        raise WireError("the event's edits are not a list of objects")
    return calls.edits(bare, calls.text(given, "path", "file_path"), [_one(item) for item in edits])


def _one(given: Input) -> tuple[str, str, bool]:
    old = calls.text(given, "oldText", "old_string", empty=True)
    return old, calls.text(given, "newText", "new_string", empty=True), False


def _patch(bare: Proposal, given: Input) -> Proposal:
    return calls.patch(bare, calls.text(given, "input"))


def _fetch(bare: Proposal, given: Input) -> Proposal:
    return calls.reach(bare, calls.text(given, "url"))


def _search(bare: Proposal, given: Input) -> Proposal:
    said = f"search the web for {calls.text(given, 'query')}"
    return replace(bare, kind=Kind.NETWORK, summary=said)


def _message(bare: Proposal, given: Input) -> Proposal:
    to = given.get("to") or given.get("target") or "(the current conversation)"
    return replace(bare, kind=Kind.MESSAGE, summary=f"{given.get('action') or 'send'} to {to}")


READERS: Mapping[str, Reader] = {
    "exec": _exec,
    "bash": _exec,
    "process": _process,
    "write": _write,
    "edit": _edit,
    "apply_patch": _patch,
    "web_fetch": _fetch,
    "web_search": _search,
    "message": _message,
    "sessions_send": _message,
}
