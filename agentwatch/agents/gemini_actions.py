"""What Gemini CLI's BeforeTool events propose, tool by tool.

Owns the reading of an event.  A tool that is not known here is a TOOL, which is asked; an event
that cannot be read is a WireError, which is a denial.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from agentwatch.agents import calls
from agentwatch.agents.calls import Input, Reader, text
from agentwatch.model import Json, Proposal

QUIET = frozenset(
    {"read_file", "read_many_files", "list_directory", "glob", "grep_search", "update_topic"}
    | {"search_file_content", "list_background_processes", "read_background_output"}
    | {"write_todos", "enter_plan_mode", "exit_plan_mode", "ask_user", "get_internal_docs"}
    | {"complete_task"}
)
"""Tools that only look, or only keep the agent's own notes."""

_PATHS = ("file_path", "dir_path", "absolute_path", "path")
_URL = re.compile(r"https?://[^\s<>\"'`)\]]+")


def proposal(event: Json, *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
    """The proposal in one event; raises WireError where it cannot be read."""
    bare, given = calls.opened(event, "BeforeTool", pid=pid, parents=parents)
    context = event.get("mcp_context")
    if isinstance(context, dict):
        server, name = context.get("server_name"), context.get("tool_name")
        return calls.of_server(bare, str(server), str(name or bare.tool))
    if bare.tool in QUIET:
        path = next((given[name] for name in _PATHS if isinstance(given.get(name), str)), None)
        return calls.reading(bare, path)
    return READERS.get(bare.tool or "", calls.unknown)(bare, given)


def _shell(bare: Proposal, given: Input) -> Proposal:
    behind = given.get("is_background") is True
    where = given.get("dir_path") or given.get("directory")
    return calls.shell(bare, text(given, "command"), cwd=where, behind=behind)


def _write(bare: Proposal, given: Input) -> Proposal:
    return calls.write(bare, text(given, "file_path"), text(given, "content", empty=True))


def _replace(bare: Proposal, given: Input) -> Proposal:
    edit = (
        text(given, "old_string", empty=True),
        text(given, "new_string", empty=True),
        given.get("allow_multiple") is True,
    )
    return calls.edits(bare, text(given, "file_path"), [edit])


def _fetch(bare: Proposal, given: Input) -> Proposal:
    """Its addresses stand in the prompt that goes with them."""
    found = _URL.findall(text(given, "prompt"))
    if not found:
        return bare
    action = calls.reach(bare, found[0])
    return replace(action, summary=f"fetch {' '.join(found)}")


def _search(bare: Proposal, given: Input) -> Proposal:
    return calls.search(bare, text(given, "query"))


def _spawn(bare: Proposal, given: Input) -> Proposal:
    return calls.spawned(bare, str(given.get("agent_name") or "(unnamed)"))


READERS: Mapping[str, Reader] = {
    "run_shell_command": _shell,
    "write_file": _write,
    "replace": _replace,
    "web_fetch": _fetch,
    "google_web_search": _search,
    "invoke_agent": _spawn,
}
