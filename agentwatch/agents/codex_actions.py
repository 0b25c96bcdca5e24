"""What Codex's PreToolUse events propose, tool by tool.

Owns the reading of an event and of the patch that edits come as.  A tool that is not known here is
a TOOL, which is asked; an event or a patch that cannot be read is a WireError, which is a denial.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from agentwatch.agents import calls
from agentwatch.agents.calls import Input, Reader, text
from agentwatch.model import Json, Kind, Proposal
from agentwatch.wire import WireError

QUIET = frozenset(
    {"view_image", "update_plan", "request_user_input", "get_goal", "create_goal", "update_goal"}
    | {"list_mcp_resources", "list_mcp_resource_templates", "read_mcp_resource", "tool_search"}
    | {"wait_agent", "wait", "list_agents", "close_agent"}
)
"""Tools that only look, or only keep the agent's own notes."""

_BEGIN, _END = "*** Begin Patch", "*** End Patch"
_HEADS = {
    "*** Add File: ": "create",
    "*** Update File: ": "edit",
    "*** Delete File: ": "delete",
    "*** Move to: ": "move to",
}


@dataclass(frozen=True, slots=True)
class Touch:
    """What a patch does to one file."""

    verb: str
    path: str


def proposal(event: Json, *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
    """The proposal in one event; raises WireError where it cannot be read."""
    bare, given = calls.opened(event, "PreToolUse", pid=pid, parents=parents)
    tool = bare.tool or ""
    if tool in QUIET:
        return calls.reading(bare, given.get("path"))
    if tool.startswith("mcp__"):
        _, server, *rest = tool.split("__")
        return calls.of_server(bare, server, "__".join(rest))
    return READERS.get(tool, calls.unknown)(bare, given)


def touches(patch: str) -> tuple[Touch, ...]:
    """Every file that a patch names, in order; raises WireError for what is not a patch."""
    lines = patch.strip().split("\n")
    if lines[0].strip() != _BEGIN or lines[-1].strip() != _END:
        raise WireError("the patch does not begin and end as one")
    found = []
    for line in lines[1:-1]:
        head = next((head for head in _HEADS if line.strip().startswith(head)), None)
        if head is not None:
            found.append(Touch(_HEADS[head], line.strip().removeprefix(head).strip()))
        elif line.startswith("*** ") and line.strip() != "*** End of File":
            raise WireError(f"the patch has a part that is not known: {line[:60]!r}")
    if not found or not all(item.path for item in found):
        raise WireError("the patch names no file")
    return tuple(found)


def _shell(bare: Proposal, given: Input) -> Proposal:
    return calls.shell(bare, text(given, "command"))


def _patch(bare: Proposal, given: Input) -> Proposal:
    patch = text(given, "command")
    found = touches(patch)
    paths = tuple(calls.absolute(bare, item.path) for item in found)
    said = ", ".join(f"{item.verb} {path}" for item, path in zip(found, paths, strict=True))
    only_deletes = all(item.verb == "delete" for item in found)
    kind = Kind.DELETE if only_deletes else Kind.WRITE
    return replace(bare, kind=kind, paths=tuple(dict.fromkeys(paths)), diff=patch, summary=said)


def _spawn(bare: Proposal, given: Input) -> Proposal:
    return calls.spawned(bare, str(given.get("agent_type") or given.get("task_name") or "default"))


READERS: Mapping[str, Reader] = {
    "Bash": _shell,
    "apply_patch": _patch,
    "spawn_agent": _spawn,
}
