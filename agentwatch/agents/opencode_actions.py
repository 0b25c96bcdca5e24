"""What OpenCode's `tool.execute.before` events propose, tool by tool.

Owns the table of its tools.  A tool that is not in it is asked, with all its arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agentwatch.agents import calls
from agentwatch.agents.calls import Input, Reader
from agentwatch.model import Json, Kind, Proposal

QUIET = frozenset(
    {"read", "glob", "grep", "list", "ls", "lsp", "todowrite", "todoread", "question", "skill"}
    | {"invalid", "plan_enter", "plan_exit", "repo_overview"}
    | {"list_mcp_resources", "list_mcp_resource_templates"}
)
"""Tools that only look, or only keep the agent's own notes."""


def proposal(event: Json, *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
    """The proposal in one event; raises WireError where it cannot be read."""
    tool, given = calls.text(event, "tool"), calls.member(event, "args")
    bare = calls.begun(tool, given, event.get("cwd"), proposer="", pid=pid, parents=parents)
    if tool in QUIET:
        return calls.reading(bare, given.get("filePath") or given.get("path"))
    return READERS.get(tool, calls.unknown)(bare, given)


def _bash(bare: Proposal, given: Input) -> Proposal:
    return calls.shell(bare, calls.text(given, "command"), cwd=given.get("workdir"))


def _write(bare: Proposal, given: Input) -> Proposal:
    return calls.write(
        bare, calls.text(given, "filePath"), calls.text(given, "content", empty=True)
    )


def _edit(bare: Proposal, given: Input) -> Proposal:
    old = calls.text(given, "oldString", empty=True)
    new = calls.text(given, "newString", empty=True)
    everywhere = given.get("replaceAll") is True
    return calls.edits(bare, calls.text(given, "filePath"), [(old, new, everywhere)])


def _patch(bare: Proposal, given: Input) -> Proposal:
    return calls.patch(bare, calls.text(given, "patchText"))


def _fetch(bare: Proposal, given: Input) -> Proposal:
    return calls.reach(bare, calls.text(given, "url"))


def _search(bare: Proposal, given: Input) -> Proposal:
    said = f"search the web for {calls.text(given, 'query')}"
    return replace(bare, kind=Kind.NETWORK, summary=said)


def _task(bare: Proposal, given: Input) -> Proposal:
    sort = str(given.get("subagent_type") or "general")
    return replace(bare, summary=f"start the sub-agent {sort}; its own calls are asked about")


READERS: Mapping[str, Reader] = {
    "bash": _bash,
    "shell": _bash,
    "write": _write,
    "edit": _edit,
    "patch": _patch,
    "apply_patch": _patch,
    "webfetch": _fetch,
    "websearch": _search,
    "codesearch": _search,
    "task": _task,
}
