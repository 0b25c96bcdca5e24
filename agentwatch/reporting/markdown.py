"""The page as Markdown that says the same in every reader.

Owns the escaping.  Foreign text stands in a code span on a line that begins with our own words, so
nothing in it is a heading, a link, a picture, HTML or a table; a run of backticks in it is met by
a longer one around it.
"""

from __future__ import annotations

import re

from agentwatch.reporting.page import Page
from agentwatch.reporting.parts import LONGEST, Item, Mark, Part, Theirs
from agentwatch.visible import shown

SIGNS = {Mark.NONE: "", Mark.GOOD: "✓ ", Mark.NO: "✗ ", Mark.WARN: "**!** ", Mark.BAD: "**!!** "}

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~!&])")
_BACKTICKS = re.compile(r"`+")


def markdown(page: Page) -> str:
    """The whole page."""
    lines = [f"# {_ours(page.title)}", ""]
    for section in page.sections:
        lines += [f"## {_ours(section.title)}", ""]
        lines += [_item(item) for item in section.items] or [_ours(section.none)]
        lines.append("")
    return "\n".join(lines)


def code(text: str) -> str:
    """Foreign text as a code span."""
    visible = shown(text, LONGEST)
    if not visible.strip(" "):
        return "(nothing)" if not visible else f"(only {len(visible)} spaces)"
    longest = max((len(run) for run in _BACKTICKS.findall(visible)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if visible[0] in "` " or visible[-1] in "` " else ""
    return f"{fence}{pad}{visible}{pad}{fence}"


def _item(item: Item) -> str:
    return f"- {SIGNS[item.mark]}" + "".join(_part(part) for part in item.parts)


def _part(part: Part) -> str:
    return code(part.text) if isinstance(part, Theirs) else _ours(part)


def _ours(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", shown(text))
