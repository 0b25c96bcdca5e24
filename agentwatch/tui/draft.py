"""What a person is changing of a tool call: its members as text, and the input they make.

Owns the turning of members into text and back.  A member that cannot be shown as exactly what it
is stays as it is: what is changed on a screen is what was seen there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from agentwatch.errors import AgentwatchError
from agentwatch.model import Json
from agentwatch.tui.text import agent_text

FIRST = ("command", "cmd", "content", "file_text", "new_string", "new_str", "newText", "url")
"""Members that say what will happen, the likeliest to be changed first."""

LONGEST = 200_000
"""Characters of a member that a screen lets a person change."""


class Draft:
    """One input being changed."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = dict(given)
        self._texts = {
            name: text for name in _ordered(given) if (text := _text(given[name])) is not None
        }
        self._before = dict(self._texts)

    @property
    def names(self) -> list[str]:
        """The members that can be changed, the likeliest first."""
        return list(self._texts)

    @property
    def kept(self) -> list[str]:
        """The members that stay as they are."""
        return [name for name in self._given if name not in self._texts]

    def __getitem__(self, name: str) -> str:
        """A member as text."""
        return self._texts[name]

    def __setitem__(self, name: str, text: str) -> None:
        """What a person made of a member."""
        self._texts[name] = text

    def input(self) -> Json | None:
        """The whole input, None where nothing is changed; raises AgentwatchError."""
        if self._texts == self._before:
            return None
        changed = {
            name: self._value(name, text)
            for name, text in self._texts.items()
            if text != self._before[name]
        }
        return {name: changed.get(name, value) for name, value in self._given.items()}

    def _value(self, name: str, text: str) -> Any:
        if isinstance(self._given[name], str):
            return text
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise AgentwatchError(f"{name} is no JSON any more: {error}") from error


def _ordered(given: Mapping[str, Any]) -> list[str]:
    first = [name for name in FIRST if name in given]
    texts = [name for name, value in given.items() if isinstance(value, str)]
    return list(dict.fromkeys([*first, *texts, *given]))


def _text(value: Any) -> str | None:
    """A member as a person may change it; None where it cannot be shown as it is."""
    text = value if isinstance(value, str) else json.dumps(value, indent=2)
    plain = text.replace("\t", " ")  # an editor shows a tab as what it is
    whole = len(text) <= LONGEST and agent_text(plain, newlines=True).plain == plain
    return text if whole else None
