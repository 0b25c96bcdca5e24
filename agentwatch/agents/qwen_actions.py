"""What Qwen Code's PreToolUse events propose, tool by tool.

Owns the reading of an event.  A tool that is not known here is a TOOL, which is asked; an event
that cannot be read is a WireError, which is a denial.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agentwatch.agents import calls
from agentwatch.agents.calls import Input, Reader, text
from agentwatch.model import Json, Kind, Proposal

QUIET = frozenset(
    {"read_file", "read_many_files", "list_directory", "glob", "grep_search", "lsp", "get_goal"}
    | {"update_goal", "todo_write", "tool_search", "list_agents", "ask_user_question"}
    | {"exit_plan_mode", "enter_plan_mode", "task_list", "cron_list"}
)
"""Tools that only look, or only keep the agent's own notes."""

_PATHS = ("file_path", "absolute_path", "path")


def proposal(event: Json, *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
    """The proposal in one event; raises WireError where it cannot be read."""
    bare, given = calls.opened(event, "PreToolUse", pid=pid, parents=parents)
    tool = bare.tool or ""
    if tool == "tool_call":  # a tool that was looked up first, with its own arguments inside
        tool, given = text(given, "name"), calls.member(dict(given), "arguments")
        bare = replace(bare, tool=tool, summary=f"use the tool {tool}")
    if tool.startswith("mcp__"):
        _, server, *rest = tool.split("__")
        return calls.of_server(bare, server, "__".join(rest))
    if tool in QUIET:
        path = next((given[name] for name in _PATHS if isinstance(given.get(name), str)), None)
        return calls.reading(bare, path)
    return READERS.get(tool, calls.unknown)(bare, given)


def _shell(bare: Proposal, given: Input) -> Proposal:
    behind = given.get("is_background") is True
    return calls.shell(bare, text(given, "command"), cwd=given.get("directory"), behind=behind)


def _write(bare: Proposal, given: Input) -> Proposal:
    return calls.write(bare, text(given, "file_path"), text(given, "content", empty=True))


def _edit(bare: Proposal, given: Input) -> Proposal:
    edit = (
        text(given, "old_string", empty=True),
        text(given, "new_string", empty=True),
        given.get("replace_all") is True,
    )
    return calls.edits(bare, text(given, "file_path"), [edit])


def _notebook(bare: Proposal, given: Input) -> Proposal:
    path = calls.absolute(bare, text(given, "notebook_path"))
    source = given.get("new_source")
    diff = f"(the cell's new source is)\n{source}" if isinstance(source, str) else None
    mode = str(given.get("edit_mode") or "replace")
    summary = f"{mode} a cell of {path}"
    return replace(bare, kind=Kind.WRITE, paths=(path,), diff=diff, summary=summary)


def _fetch(bare: Proposal, given: Input) -> Proposal:
    return calls.reach(bare, text(given, "url"))


def _search(bare: Proposal, given: Input) -> Proposal:
    return calls.search(bare, text(given, "query"))


def _spawn(bare: Proposal, given: Input) -> Proposal:
    return calls.spawned(bare, str(given.get("subagent_type") or "fork"))


READERS: Mapping[str, Reader] = {
    "run_shell_command": _shell,
    "write_file": _write,
    "edit": _edit,
    "notebook_edit": _notebook,
    "web_fetch": _fetch,
    "web_search": _search,
    "agent": _spawn,
}
