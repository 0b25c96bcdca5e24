"""Gemini CLI's policy files: TOML with `[[rule]]`.

Owns their shapes.  Priorities are not taken over: here the strictest rule wins, so what a higher
priority would have allowed may be asked or denied.
"""

from __future__ import annotations

import tomllib
from typing import Any

from agentwatch.rules.foreign.draft import Draft, Import, Unclear, words

_DECIDES = {"allow": "allow", "ask_user": "ask", "deny": "deny"}
_EDITS = ("write_file", "replace", "edit")
_TAKEN = {"toolName", "commandPrefix", "decision", "priority"}


def convert(text: str) -> Import:
    """The rules of a file; raises ValueError for anything else."""
    drafts, dropped = [], []
    for rule in tomllib.loads(text).get("rule", []):
        said = ", ".join(f"{key} = {value!r}" for key, value in rule.items())
        try:
            drafts += [Draft(fields, said) for fields in _fields(rule)]
        except Unclear as why:
            dropped.append(f"{said}: {why}")
    return Import(drafts, dropped)


def _fields(rule: dict[str, Any]) -> list[dict[str, object]]:
    decide = _DECIDES.get(str(rule.get("decision")))
    if decide is None:
        raise Unclear("it has no known decision")
    if unknown := sorted(set(rule) - _TAKEN):
        raise Unclear(f"{unknown[0]} has no counterpart here")
    tools = _list(rule.get("toolName"))
    if tools == ["run_shell_command"] and "commandPrefix" in rule:
        prefixes = _list(rule["commandPrefix"])
        return [{"decide": decide, "argv": words(prefix)} for prefix in prefixes]
    if "commandPrefix" in rule or not tools:
        raise Unclear("it is about no known tool")
    if all(tool in _EDITS for tool in tools):
        return [{"decide": decide, "kind": "write", "tool": tools}]
    if decide == "allow":
        raise Unclear("it would allow a tool whatever it is given")
    return [{"decide": decide, "tool": tools}]


def _list(value: object) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
