"""Unified diffs as lines to draw: signs first, colour second.

Owns how a change looks and the check whether a text is already wholly in it.  Applies nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto

from agentwatch.tui.lines import Line, heading
from agentwatch.tui.text import Role, agent_text

HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class Part(Enum):
    """What a line of a diff is."""

    HEAD = auto()
    HUNK = auto()
    ADDED = auto()
    REMOVED = auto()
    SAME = auto()


ROLE = {
    Part.HEAD: Role.DIM,
    Part.HUNK: Role.HUNK,
    Part.ADDED: Role.ADDED,
    Part.REMOVED: Role.REMOVED,
    Part.SAME: Role.AGENT,
}


def change_lines(diff: str) -> list[Line]:
    """The whole change, every line with its sign and its number."""
    walked = list(_walk(diff))
    added = sum(part is Part.ADDED for part, _, _ in walked)
    removed = sum(part is Part.REMOVED for part, _, _ in walked)
    lines = [heading("The change", f"+{added} -{removed}")]
    for part, number, line in walked:
        gutter = f"{number:>5} " if number else "      "
        text = agent_text(line, role=ROLE[part])
        lines.append(Line(text, gutter, "    ┊ ", Role.DIM, words=False))
    return lines


def drawn_in(text: str, diff: str) -> bool:
    """Whether every line of a text stands in the change, in one run, before or after it."""
    wanted = text.removesuffix("\n").split("\n")
    inside = (Part.ADDED, Part.REMOVED, Part.SAME)
    body = [(part, line[1:]) for part, _, line in _walk(diff) if part in inside]
    before = [line for part, line in body if part is not Part.ADDED]
    after = [line for part, line in body if part is not Part.REMOVED]
    return _contains(after, wanted) or _contains(before, wanted)


def _contains(lines: list[str], run: list[str]) -> bool:
    last = len(lines) - len(run)
    starts = (index for index in range(last + 1) if lines[index] == run[0])
    return any(lines[index : index + len(run)] == run for index in starts)


def _walk(diff: str) -> Iterator[tuple[Part, int, str]]:
    """Every line with what it is and its number, counting each hunk's lines down.

    The counts tell the next file's `--- name` from the removal of a line that begins with dashes.
    """
    old = new = old_left = new_left = 0
    for line in diff.removesuffix("\n").split("\n"):
        if old_left <= 0 and new_left <= 0:
            if found := HUNK.match(line):
                old, old_left = int(found[1]), int(found[2] or 1)
                new, new_left = int(found[3]), int(found[4] or 1)
            yield (Part.HUNK if found else Part.HEAD), 0, line
        elif line.startswith("\\"):
            yield Part.HEAD, 0, line
        elif line.startswith("+"):
            yield Part.ADDED, new, line
            new, new_left = new + 1, new_left - 1
        elif line.startswith("-"):
            yield Part.REMOVED, old, line
            old, old_left = old + 1, old_left - 1
        else:
            yield Part.SAME, new, line
            old, old_left = old + 1, old_left - 1
            new, new_left = new + 1, new_left - 1
