"""What Copilot CLI's PreToolUse events propose, tool by tool.

Owns the table of its tools: in this form of the event some have Claude Code's names, all keep
their own arguments.  A tool that is not in it is asked, with all its arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agentwatch.agents import calls
from agentwatch.agents.calls import Input, Reader
from agentwatch.model import Json, Kind, Proposal
from agentwatch.wire import WireError

QUIET = frozenset(
    {"Read", "view", "Grep", "grep", "Glob", "glob", "rg", "LS", "read_bash", "list_bash"}
    | {"stop_bash", "BashOutput", "KillBash", "KillShell", "read_agent", "list_agents"}
    | {"fetch_copilot_cli_documentation", "skill", "Skill", "report_intent", "update_todo"}
    | {"TodoWrite", "ask_user", "AskUserQuestion", "exit_plan_mode", "task_complete", "show_file"}
)
"""Tools that only look, or only keep the agent's own notes."""


def proposal(event: Json, *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
    """The proposal in one event; raises WireError where it cannot be read."""
    if event.get("hook_event_name") != "PreToolUse":
        raise WireError(f"not a tool call: the event is {event.get('hook_event_name')!r}")
    tool, given = calls.text(event, "tool_name"), calls.member(event, "tool_input")
    who = str(event.get("agent_type") or "sub-agent") if event.get("agent_id") else ""
    proposer = f"{who} {event['agent_id']}" if who else ""
    bare = calls.begun(tool, given, event.get("cwd"), proposer=proposer, pid=pid, parents=parents)
    if tool in QUIET:
        return calls.reading(bare, given.get("path"))
    return READERS.get(tool, calls.unknown)(bare, given)


def _bash(bare: Proposal, given: Input) -> Proposal:
    behind = given.get("mode") == "async" or given.get("detach") is True
    return calls.shell(bare, calls.text(given, "command"), behind=behind)


def _type(bare: Proposal, given: Input) -> Proposal:
    """Keys for a shell that runs: whatever runs there may take them as a command."""
    keys = calls.text(given, "input", empty=True)
    said = f"type into the shell {given.get('shellId')}: {keys}"
    return replace(bare, kind=Kind.EXEC, command=keys or "(nothing)", summary=said)


def _create(bare: Proposal, given: Input) -> Proposal:
    path = calls.text(given, "path", "file_path")
    return calls.write(bare, path, calls.text(given, "file_text", "content", empty=True))


def _edit(bare: Proposal, given: Input) -> Proposal:
    old = calls.text(given, "old_str", "old_string", empty=True)
    new = calls.text(given, "new_str", "new_string", empty=True)
    return calls.edits(bare, calls.text(given, "path", "file_path"), [(old, new, False)])


def _patch(bare: Proposal, given: Input) -> Proposal:
    return calls.patch(bare, calls.text(given, "input", "patch"))


def _fetch(bare: Proposal, given: Input) -> Proposal:
    return calls.reach(bare, calls.text(given, "url"))


def _search(bare: Proposal, given: Input) -> Proposal:
    said = f"search the web for {calls.text(given, 'query')}"
    return replace(bare, kind=Kind.NETWORK, summary=said)


def _agent(bare: Proposal, given: Input) -> Proposal:
    sort = str(given.get("agent_type") or "general-purpose")
    return replace(bare, summary=f"start the sub-agent {sort}; its own calls are asked about")


READERS: Mapping[str, Reader] = {
    **dict.fromkeys(("Bash", "bash", "shell"), _bash),
    "write_bash": _type,
    **dict.fromkeys(("Write", "create"), _create),
    **dict.fromkeys(("Edit", "edit", "str_replace"), _edit),
    "apply_patch": _patch,
    **dict.fromkeys(("WebFetch", "web_fetch"), _fetch),
    **dict.fromkeys(("WebSearch", "web_search"), _search),
    **dict.fromkeys(("Agent", "Task", "task"), _agent),
}
