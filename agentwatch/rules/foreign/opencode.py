"""OpenCode's `permission` in its settings.

Owns their shapes.  There the last match wins and here the strictest, so a pattern that is about
everything is not taken over: whatever no rule names is asked here anyway.
"""

from __future__ import annotations

import json

from agentwatch.rules.foreign.draft import Draft, Import, Unclear, words


def convert(text: str) -> Import:
    """The rules of a settings file; raises ValueError and the like for anything else."""
    permission = json.loads(text).get("permission", {})
    if isinstance(permission, str):
        permission = {"*": permission}
    drafts, dropped = [], []
    for tool, given in permission.items():
        for pattern, decide in given.items() if isinstance(given, dict) else [("*", given)]:
            said = f"{tool} {pattern}: {decide}"
            try:
                drafts.append(Draft({"decide": _decide(decide), **_fields(tool, pattern)}, said))
            except Unclear as why:
                dropped.append(f"{said}: {why}")
    return Import(drafts, dropped)


def _decide(said: str) -> str:
    if said not in ("allow", "ask", "deny"):
        raise Unclear("it has no known decision")
    return said


def _fields(tool: str, pattern: str) -> dict[str, object]:
    if tool == "bash" and pattern.endswith(" *"):
        return {"argv": words(pattern.removesuffix(" *"))}
    if tool == "bash" and pattern != "*":
        return {"argv": words(pattern), "exact": True}
    if tool == "edit" and pattern != "*":
        return {"kind": "write", "paths": [pattern]}
    raise Unclear("it is about everything, or about a tool without a counterpart here")
