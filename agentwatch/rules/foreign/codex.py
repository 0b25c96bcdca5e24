"""Codex CLI's `.rules` files: Starlark with `prefix_rule(...)`.

Owns the reading of their calls.  Nothing in such a file is run: its calls are read as literals.
"""

from __future__ import annotations

import ast
import shlex
from typing import Any

from agentwatch.rules.foreign.draft import Draft, Import, Unclear

_DECIDES = {"allow": "allow", "prompt": "ask", "forbidden": "deny"}


def convert(text: str) -> Import:
    """The rules of a file; raises SyntaxError or ValueError for anything else."""
    drafts, dropped = [], []
    for statement in ast.parse(text).body:
        said = " ".join(ast.unparse(statement).split())
        try:
            drafts.append(Draft(_fields(statement), said))
        except (Unclear, ValueError) as why:
            dropped.append(f"{said}: {why}")
    return Import(drafts, dropped)


def _fields(statement: ast.stmt) -> dict[str, object]:
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise Unclear("it is no rule")
    if call.func.id != "prefix_rule" or call.args:
        raise Unclear("it has no counterpart here")
    given: dict[str, Any] = {
        item.arg: ast.literal_eval(item.value) for item in call.keywords if item.arg
    }
    decide = _DECIDES.get(given.get("decision", "allow"))
    if decide is None or not given.get("pattern"):
        raise Unclear("it has no known decision or no pattern")
    fields: dict[str, object] = {"decide": decide, "argv": given["pattern"]}
    if why := given.get("justification"):
        fields["why"] = why
    for name in ("match", "not_match"):
        if examples := given.get(name):
            fields[name] = [
                item if isinstance(item, str) else shlex.join(item) for item in examples
            ]
    return fields
