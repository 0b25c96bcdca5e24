"""What each tool of a server said of itself when a person last let it be used.

Owns one file for each server in the user's state folder, and the comparison with what the server
says now.  The first list of a server that is not known yet is taken as it is; from then on a
tool that is new or has changed is shown before it is used.

What does not work: whoever may write the user's files may write these; the agent may, where
nothing keeps it from the user's state folder.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from agentwatch.containment.base import write_private
from agentwatch.model import Json, canonical
from agentwatch.regular import opened

MAX_FILE = 64 * 1024 * 1024
MAX_TOOLS = 5000
"""Tools of one server that are known; further ones are as good as never listed."""
MAX_DIFF = 20_000
"""Characters of a difference that are shown; a cut is said in words."""

UNSTEADY = frozenset({"_meta", "icons"})
"""Members of a definition that say nothing to a model."""


class Pins:
    """The definitions of one server's tools: as pinned, and as told in this session."""

    def __init__(self, folder: Path, server: str) -> None:
        self._path = folder / f"{hashlib.sha256(server.encode()).hexdigest()[:32]}.json"
        self._server = server
        self._told: dict[str, Json] = {}
        self.trouble = ""
        """Why the file could not be read, empty where it could."""
        self._first = not self._path.exists()
        self._pinned = {} if self._first else self._load()

    def learn(self, tools: Iterable[Any]) -> None:
        """Take in a list of tools; raises OSError where a first one cannot be kept."""
        for tool in tools:
            if isinstance(tool, dict) and isinstance(name := tool.get("name"), str):
                if len(self._told) >= MAX_TOOLS and name not in self._told:
                    continue
                self._told[name] = {k: v for k, v in tool.items() if k not in UNSTEADY}
                if self._first:
                    self._pinned.setdefault(name, self._told[name])
        if self._first:
            self._save()

    def told(self, name: str) -> Json | None:
        """What the server says of a tool in this session, None where it never listed it."""
        return self._told.get(name)

    def change(self, name: str) -> tuple[str, str] | None:
        """How a tool differs from its pin, in a sentence and as a diff; None where it does not."""
        now, before = self._told.get(name), self._pinned.get(name)
        if now is None:
            return "the server never listed this tool in this session", ""
        if before is None:
            why = self.trouble or "it is new since this server was last used"
            return f"the tool's definition was never shown to you: {why}", _diff({}, now)
        if canonical(now) == canonical(before):
            return None
        return "the server has changed this tool since you last let it be used", _diff(before, now)

    def accept(self, name: str, shown: Json) -> None:
        """A person has seen it so and let it be used; raises OSError where that cannot be kept."""
        if self._pinned.get(name) != shown:
            self._pinned[name] = shown
            self._save()

    def _load(self) -> dict[str, Json]:
        try:
            with opened(self._path) as file:
                data = json.loads(file.read(MAX_FILE))
            tools = data["tools"]
            return {str(name): dict(tool) for name, tool in tools.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            self.trouble = f"what was known of this server cannot be read ({error})"
            return {}

    def _save(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = json.dumps({"v": 1, "server": self._server, "tools": self._pinned})
        write_private(self._path, text.encode())


def hints(tool: Json) -> tuple[str, ...]:
    """What a server's own annotations add to the risk; what they would take away is not read."""
    found = tool.get("annotations")
    said = found if isinstance(found, dict) else {}
    reasons = []
    if said.get("destructiveHint") is True:
        reasons.append("the server itself says that it may destroy")
    if said.get("openWorldHint") is True:
        reasons.append("the server itself says that it reaches beyond this machine")
    return tuple(reasons)


def _diff(before: Json, now: Json) -> str:
    lines = difflib.unified_diff(_text(before), _text(now), "as last used", "now", n=2)
    text = "".join(lines)
    if len(text) <= MAX_DIFF:
        return text
    return f"{text[:MAX_DIFF]}\n(cut here: {len(text) - MAX_DIFF} more characters)\n"


def _text(tool: Json) -> list[str]:
    """A definition line by line, its description as it reads."""
    if not tool:
        return []
    described = str(tool.get("description") or "").splitlines()
    rest = {name: value for name, value in tool.items() if name != "description"}
    spelled = json.dumps(rest, indent=1, sort_keys=True, ensure_ascii=False).splitlines()
    return [f"{line}\n" for line in (*described, *spelled)]
