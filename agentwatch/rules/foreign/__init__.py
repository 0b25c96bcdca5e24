"""Other programs' rules, turned into ours where that is exact; the rest is dropped and said.

Owns what may be taken over: only shapes that mean the same here, and what would allow becomes a
question unless the person trusts it.  One file for each program; none is read live.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from agentwatch.errors import AgentwatchError
from agentwatch.rules.foreign import claude, codex, gemini, opencode
from agentwatch.rules.foreign.draft import Draft, Import, toml

FORMATS: dict[str, tuple[Callable[[str], Import], tuple[str, ...]]] = {
    "claude": (claude.convert, (".claude/settings.json", "~/.claude/settings.json")),
    "codex": (codex.convert, ("~/.codex/rules/default.rules",)),
    "gemini": (gemini.convert, ("~/.gemini/policies/rules.toml",)),
    "opencode": (opencode.convert, ("opencode.json", "~/.config/opencode/opencode.json")),
}
"""Each program: how its rules are read, and where they usually lie."""

__all__ = ["FORMATS", "Draft", "Import", "convert", "found", "toml"]


def convert(program: str, text: str, *, trust: bool) -> Import:
    """The rules of a text; raises AgentwatchError where it is not what that program writes."""
    take, _ = FORMATS[program]
    try:
        taken = take(text)
    except (ValueError, SyntaxError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise AgentwatchError(f"these are no rules of {program}: {error}") from error
    if trust:
        return taken
    asked = [
        replace(draft, fields={**draft.fields, "decide": "ask"})
        if draft.fields["decide"] == "allow"
        else draft
        for draft in taken.drafts
    ]
    return Import(asked, taken.dropped)


def found(program: str) -> Path | None:
    """The first of the usual files that is there."""
    _, places = FORMATS[program]
    paths = (Path(place).expanduser() for place in places)
    return next((path for path in paths if path.is_file()), None)
