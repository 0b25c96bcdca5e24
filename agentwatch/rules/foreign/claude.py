"""Claude Code's `permissions` in a settings file.

Owns their shapes: `Bash(git log:*)`, `Edit(~/x/**)`, `WebFetch(domain:x)`, `mcp__server__tool`.
"""

from __future__ import annotations

import json
import re

from agentwatch.rules.foreign.draft import Draft, Import, Unclear, words

_SHAPE = re.compile(r"(?P<tool>[A-Za-z_][\w*-]*)(?:\((?P<what>.*)\))?")
_EDITS = ("Edit", "MultiEdit", "NotebookEdit")


def convert(text: str) -> Import:
    """The rules of a settings file; raises ValueError and the like for anything else."""
    permissions = json.loads(text).get("permissions", {})
    drafts, dropped = [], []
    for decide in ("deny", "ask", "allow"):
        for said in permissions.get(decide, []):
            try:
                drafts.append(Draft({"decide": decide, **_fields(said)}, f"{decide}: {said}"))
            except Unclear as why:
                dropped.append(f"{decide}: {said}: {why}")
    return Import(drafts, dropped)


def _fields(said: str) -> dict[str, object]:
    found = _SHAPE.fullmatch(said)
    if not found:
        raise Unclear("it has no known shape")
    tool, what = found["tool"], found["what"]
    if tool.startswith("mcp__") and what is None:
        return {"tool": tool}
    if tool == "Bash" and what:
        return _command(what)
    if tool in _EDITS and what:
        return {"kind": "write", "paths": [_path(what)]}
    if tool == "WebFetch" and what and what.startswith("domain:"):
        return {"kind": "network", "hosts": [what.removeprefix("domain:")]}
    if tool == "Read" and what:
        return {"kind": "read", "paths": [_path(what)]}
    if tool == "Write":
        raise Unclear("Claude Code does not consult it either")
    raise Unclear("it has no counterpart here")


def _command(what: str) -> dict[str, object]:
    for ending in (":*", " *"):
        if what.endswith(ending):
            return {"argv": words(what.removesuffix(ending))}
    return {"argv": words(what), "exact": True}


def _path(what: str) -> str:
    """`//` is the root there; one slash begins at the settings file, which is not known here."""
    if what.startswith("//"):
        return what[1:]
    if what.startswith("/"):
        raise Unclear("its path begins at the settings file")
    return what
