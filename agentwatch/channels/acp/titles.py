"""Arguments that an agent's program tells elsewhere than in `rawInput`, read from there.

Owns one reading for each agent that does so, and only where its own code, not its model, puts the
argument there.  What does not have exactly that form stays unsaid: then the card says so.

What does not work: an agent of another version, or a program that calls itself by that agent's
name, may put something else there; what it then runs is for the kernel gate to see.
"""

from __future__ import annotations

from agentwatch.channels.acp.calls import Call
from agentwatch.model import Json

_STEPS = "write_todos__"
_OWN_STEPS = frozenset({"todowrite", "todoread"})
"""OpenCode's own names of its list; those of MCP servers' tools begin with the server's."""
_SHELL = "run_shell_command__"
"""How Gemini CLI begins the ids of its shell's calls; its own code puts the tool's name there."""
_HERE, _IN, _ASIDE = "[current working directory ", "[in ", " [background]"


def said(call: Call) -> None:
    """Nothing is told elsewhere."""


def gemini(call: Call) -> None:
    """A command is its call's title, and where it runs stands in brackets (tried with 0.61.0)."""
    call.steps = call.id.startswith(_STEPS) and _harmless(call)
    command = call.text("title")
    if call.text("kind") != "execute" or not call.id.startswith(_SHELL) or not command:
        return
    known = call.given
    where = known if known is not None else _where(call)
    if where is not None:
        call.told["rawInput"] = {**where, "command": command}


def opencode(call: Call) -> None:
    """A call begins with its tool's own name for a title (tried with 1.18.33)."""
    call.steps = (call.steps or call.text("title") in _OWN_STEPS) and _harmless(call)


def _harmless(call: Call) -> bool:
    """Whether nothing is told of a call but a list of steps."""
    bare = not call.told.get("content") or call.over
    return call.text("kind") == "other" and bare and set(call.given or {}) <= {"todos"}


def _where(call: Call) -> Json | None:
    """The folder in which it runs, where it names one; None where that cannot be told for sure."""
    content = call.told.get("content")
    first = content[0] if isinstance(content, list) and content else None
    block = first.get("content") if isinstance(first, dict) else None
    text = block.get("text") if isinstance(block, dict) else None
    if not isinstance(text, str):
        return None
    if text.startswith(_HERE):
        return {}
    text = text.removesuffix(_ASIDE)
    # A second bracket might belong to the folder's name as well as to what the model says of it.
    if text.startswith(_IN) and text.count("]") == 1:
        return {"dir_path": text[len(_IN) :].partition("]")[0]}
    return None
