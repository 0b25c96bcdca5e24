"""A rule on its way from another program's words to ours.

Owns the writing of TOML for what was taken over.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_PLAIN = re.compile(r"[\w@%+=:,./ -]+")
"""Words that no shell would read otherwise than they stand there."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule without a name yet."""

    fields: Mapping[str, Any]
    came_from: str
    """What it was, in the other program's words."""


@dataclass(frozen=True, slots=True)
class Import:
    """What was taken over, and what was not, with the reason."""

    drafts: Sequence[Draft]
    dropped: Sequence[str]


class Unclear(Exception):
    """Why a foreign rule is not taken over."""


def words(line: str) -> list[str]:
    """The words of a command's beginning; raises Unclear where a shell would do more with it."""
    if not _PLAIN.fullmatch(line):
        raise Unclear("it has characters that mean something to a shell")
    found = shlex.split(line)
    if not found:
        raise Unclear("it names no command")
    return found


def toml(program: str, drafts: Sequence[Draft]) -> str:
    """The rules as a file of ours."""
    parts = [f"# Taken over from {program}; read before you keep it.", "version = 1", ""]
    for number, draft in enumerate(drafts, 1):
        parts += [f"# {draft.came_from}", "[[rule]]", f'id = "{program}-{number}"']
        parts += [f"{key} = {_value(value)}" for key, value in draft.fields.items()]
        parts.append("")
    return "\n".join(parts)


def _value(value: object) -> str:
    """JSON's texts, lists and truths are TOML's too."""
    return json.dumps(value, ensure_ascii=True)
