"""What Mistral Vibe's pre_tool events propose, tool by tool.

Owns the reading of an event.  A tool that is not known here is a TOOL, which is asked; an event
that cannot be read is a WireError, which is a denial.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agentwatch.agents import calls
from agentwatch.agents.calls import Input, Reader, text
from agentwatch.model import Json, Proposal

QUIET = frozenset(
    {"file_system.read_file", "skill.read", "self.wait", "self.sleep", "vibe.todo"}
    | {"process.output", "process.list", "process.stop", "agents.list", "agents.list_configs"}
    | {"agents.interrupt", "agents.send_message", "vibe.ask_user_question", "vibe.grep"}
)
"""Tools that only look, only keep the agent's own notes, or only stop what was let run."""


def proposal(event: Json, *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
    """The proposal in one event; raises WireError where it cannot be read."""
    who = event.get("parent_session_id")
    named = {"agent_id": event.get("session_id") if who else None, "agent_type": "sub-agent"}
    bare, given = calls.opened({**event, **named}, "pre_tool", pid=pid, parents=parents)
    tool = bare.tool or ""
    if tool.startswith("mcp_"):
        server, _, name = tool.removeprefix("mcp_").partition(".")
        return calls.of_server(bare, server, name)
    if tool in QUIET:
        return calls.reading(bare, given.get("file_path"))
    return READERS.get(tool, calls.unknown)(bare, given)


def _shell(bare: Proposal, given: Input) -> Proposal:
    return calls.shell(bare, text(given, "command"), cwd=given.get("cwd"))


def _behind(bare: Proposal, given: Input) -> Proposal:
    return calls.shell(bare, text(given, "command"), cwd=given.get("cwd"), behind=True)


def _typed(bare: Proposal, given: Input) -> Proposal:
    said = text(given, "input", "data", "text", "chars", empty=True)
    summary = f"type {said!r} into a process that it started"
    return replace(bare, command=said or None, summary=summary)


def _write(bare: Proposal, given: Input) -> Proposal:
    return calls.write(bare, text(given, "file_path"), text(given, "content", empty=True))


def _edit(bare: Proposal, given: Input) -> Proposal:
    if "old_string" not in given:
        return calls.unknown(bare, given)  # several blocks, which only the arguments can show
    edit = (
        text(given, "old_string", empty=True),
        text(given, "new_string", empty=True),
        given.get("replace_all") is True,
    )
    return calls.edits(bare, text(given, "file_path"), [edit])


def _fetch(bare: Proposal, given: Input) -> Proposal:
    return calls.reach(bare, text(given, "url"))


def _search(bare: Proposal, given: Input) -> Proposal:
    return calls.search(bare, text(given, "query"))


def _spawn(bare: Proposal, given: Input) -> Proposal:
    return calls.spawned(bare, str(given.get("config") or given.get("agent") or "of its own kind"))


READERS: Mapping[str, Reader] = {
    "file_system.bash": _shell,
    "process.start": _behind,
    "process.write": _typed,
    "file_system.write_file": _write,
    "file_system.search_replace": _edit,
    "vibe.web_fetch": _fetch,
    "vibe.web_search": _search,
    "agents.spawn": _spawn,
}
