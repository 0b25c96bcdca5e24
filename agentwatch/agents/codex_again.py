"""Codex's own question about a patch: which patch it is about, and what could be taken for one.

Owns the reading of its PermissionRequest event, beside that of the tool call before it.  Decides
nothing; an event of another shape than the one that was tried names no patch, so that Codex goes
on and asks its person itself.

Why patches and nothing else: a patch is applied by Codex's own code, and the event holds all of it.
What a yes lifts is lifted for those files alone, and only while that patch is applied.  A command's
event does not tell whether it stays in Codex's sandbox or leaves it, and what it then does is not
in the event at all.

What does not work:
- A shell line may hold a patch that Codex applies by itself, in a folder that the event does not
  tell.  Once a line of a session could be one, nothing of that session is read here any more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentwatch.model import Json

EVENT = "PermissionRequest"
TOOL = "apply_patch"

_KNOWN = frozenset(
    {"session_id", "turn_id", "transcript_path", "cwd", "hook_event_name", "model"}
    | {"permission_mode", "tool_name", "tool_input", "agent_id", "agent_type"}
)
"""Members of the event that was tried: one with more may ask for more."""
_PATCHES = re.compile(r"apply.{0,3}patch", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Patch:
    """One patch, and the place in a conversation where it is applied."""

    session: str
    turn: str
    agent: str
    """The sub-agent, empty for the agent itself."""
    cwd: str
    text: str
    """Without the blank lines around it, of which Codex tells one less when it asks."""


def proposed(event: Json, given: Json) -> Patch | None:
    """The patch that a tool call applies with this input; None where it applies none."""
    if event.get("tool_name") != TOOL:
        return None
    members = (event.get(name) for name in ("session_id", "turn_id", "cwd"))
    found = (*members, given.get("command"), event.get("agent_id") or "")
    session, turn, cwd, text, agent = (one if isinstance(one, str) else None for one in found)
    if not (session and turn and cwd and text) or agent is None:
        return None
    return Patch(session, turn, agent, cwd, text.strip())


def asked(event: Json) -> Patch | None:
    """The patch that Codex asks its person about; None for any other question."""
    given = event.get("tool_input")
    if event.get("hook_event_name") != EVENT or not isinstance(given, dict):
        return None
    if not _KNOWN.issuperset(event) or set(given) != {"command"}:
        return None
    return proposed(event, given)


def holds_patch(event: Json) -> bool:
    """Whether a tool call may hold a patch that is not told as one."""
    return event.get("tool_name") != TOOL and bool(_PATCHES.search(str(event.get("tool_input"))))
