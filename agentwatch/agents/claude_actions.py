"""What Claude Code's PreToolUse events propose, tool by tool.

Owns the reading of an event.  A tool that is not known here is a TOOL, which is asked; an event
that cannot be read is a WireError, which is a denial.  Never believes the agent's description of
its own call: that goes into `words`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from agentwatch.agents import changes
from agentwatch.model import Json, Kind, Proposal
from agentwatch.wire import WireError

Input = Mapping[str, Any]
Reader = Callable[[Proposal, Input], Proposal]

QUIET = frozenset(
    {"Read", "Glob", "Grep", "LS", "NotebookRead", "LSP", "BashOutput", "TaskOutput"}
    | {"TodoRead", "TodoWrite", "TaskCreate", "TaskGet", "TaskList", "TaskUpdate"}
    | {"ToolSearch", "ListMcpResourcesTool", "ListAgents", "ReportFindings"}
    | {"AskUserQuestion", "EnterPlanMode", "ExitPlanMode", "CronList"}
)
"""Tools that only look, or only keep the agent's own notes."""

WORDS = ("description", "title")
"""Members of a tool's input in which the agent talks about the call."""


def proposal(event: Json, *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
    """The proposal in one event; raises WireError where it cannot be read."""
    if event.get("hook_event_name") != "PreToolUse":
        raise WireError(f"not a tool call: the event is {event.get('hook_event_name')!r}")
    tool, given = _text(event, "tool_name"), event.get("tool_input")
    if not isinstance(given, dict):
        raise WireError("the event's tool_input is not an object")
    cwd = _text(event, "cwd")
    if not posixpath.isabs(cwd):
        raise WireError("the event's cwd is not an absolute path")
    bare = Proposal(
        kind=Kind.TOOL,
        summary=f"use the tool {tool}",
        channel="hooks",
        proposer=_proposer(event),
        cwd=cwd,
        pid=pid,
        parents=parents,
        tool=tool,
        params=given,
        words=_words(given),
    )
    return _reader(tool)(bare, given)


def _reader(tool: str) -> Reader:
    if tool in QUIET:
        return _quiet
    if tool.startswith("mcp__"):
        return _mcp
    return READERS.get(tool, _unknown)


def _unknown(bare: Proposal, given: Input) -> Proposal:
    """A tool we do not know: asked, with whatever it holds."""
    return replace(bare, command=given["command"]) if _is_command(given) else bare


def _quiet(bare: Proposal, given: Input) -> Proposal:
    path = next((given[name] for name in PATHS if isinstance(given.get(name), str)), None)
    if path is None:
        return replace(bare, kind=Kind.READ)
    return replace(bare, kind=Kind.READ, paths=_paths(bare, path), summary=f"read {path}")


PATHS = ("file_path", "notebook_path", "path")


def _shell(bare: Proposal, given: Input) -> Proposal:
    command = _text(given, "command")
    behind = " in the background" if given.get("run_in_background") is True else ""
    return replace(bare, kind=Kind.EXEC, command=command, summary=f"run{behind} {command}")


def _monitor(bare: Proposal, given: Input) -> Proposal:
    if _is_command(given):
        watched = _shell(bare, given)
        return replace(watched, summary=f"run in the background {watched.command}")
    socket = given.get("ws")
    return _reach(bare, _text(socket if isinstance(socket, dict) else {}, "url"))


def _write(bare: Proposal, given: Input) -> Proposal:
    path = _path(bare, given, "file_path")
    return _changed(bare, path, changes.of_write(path, _text(given, "content", empty=True)))


def _edit(bare: Proposal, given: Input) -> Proposal:
    path = _path(bare, given, "file_path")
    return _changed(bare, path, changes.of_edits(path, [_one_edit(given)]))


def _multi_edit(bare: Proposal, given: Input) -> Proposal:
    path = _path(bare, given, "file_path")
    edits = given.get("edits")
    if not isinstance(edits, list) or not all(isinstance(item, dict) for item in edits):
        raise WireError("the event's edits are not a list of objects")
    return _changed(bare, path, changes.of_edits(path, [_one_edit(item) for item in edits]))


def _notebook(bare: Proposal, given: Input) -> Proposal:
    path = _path(bare, given, "notebook_path")
    mode = str(given.get("edit_mode") or "replace")
    cell = str(given.get("cell_id") or "(the first)")
    source = _text(given, "new_source", empty=True)
    diff = f"({mode} cell {cell}; the cell's new source is)\n{source}"
    summary = f"{mode} a cell of {path}"
    return replace(bare, kind=Kind.WRITE, paths=(path,), diff=diff, summary=summary)


def _fetch(bare: Proposal, given: Input) -> Proposal:
    return _reach(bare, _text(given, "url"))


def _web_search(bare: Proposal, given: Input) -> Proposal:
    query = _text(given, "query")
    return replace(bare, kind=Kind.NETWORK, summary=f"search the web for {query}")


def _spawn(bare: Proposal, given: Input) -> Proposal:
    sort = str(given.get("subagent_type") or "general-purpose")
    return replace(bare, summary=f"start the sub-agent {sort}; its own calls are asked about")


def _mcp(bare: Proposal, _given: Input) -> Proposal:
    _, server, *rest = (bare.tool or "").split("__")
    name = "__".join(rest)
    return replace(bare, summary=f"use the tool {name or '(unnamed)'} of the MCP server {server}")


READERS: Mapping[str, Reader] = {
    "Bash": _shell,
    "PowerShell": _shell,
    "Monitor": _monitor,
    "Write": _write,
    "Edit": _edit,
    "MultiEdit": _multi_edit,
    "NotebookEdit": _notebook,
    "WebFetch": _fetch,
    "WebSearch": _web_search,
    "Agent": _spawn,
    "Task": _spawn,
}


def _changed(bare: Proposal, path: str, change: changes.Change) -> Proposal:
    summary = f"{change.verb} {path}"
    return replace(bare, kind=Kind.WRITE, paths=(path,), diff=change.diff, summary=summary)


def _reach(bare: Proposal, url: str) -> Proposal:
    try:
        host = urlsplit(url).hostname
    except ValueError as error:
        raise WireError("the event's url cannot be read") from error
    return replace(bare, kind=Kind.NETWORK, url=url, host=host, summary=f"fetch {url}")


def _one_edit(given: Input) -> tuple[str, str, bool]:
    old, new = _text(given, "old_string", empty=True), _text(given, "new_string", empty=True)
    return old, new, given.get("replace_all") is True


def _proposer(event: Input) -> str:
    """Which sub-agent asks; empty for the agent itself."""
    if not event.get("agent_id"):
        return ""
    return f"{event.get('agent_type') or 'sub-agent'} {event['agent_id']}"


def _words(given: Input) -> str | None:
    return next((given[name] for name in WORDS if isinstance(given.get(name), str)), None)


def _is_command(given: Input) -> bool:
    return isinstance(given.get("command"), str)


def _text(data: Input, name: str, *, empty: bool = False) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not (value or empty):
        raise WireError(f"the event's {name} is not a text")
    return value


def _path(bare: Proposal, given: Input, name: str) -> str:
    return _paths(bare, _text(given, name))[0]


def _paths(bare: Proposal, path: str) -> tuple[str, ...]:
    """The path as it stands, made absolute from the directory of the call."""
    return (posixpath.join(bare.cwd or "/", path),)
