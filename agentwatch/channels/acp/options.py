"""Which of the offered options says what was decided: this one action, and nothing more.

Owns the choice.  Never takes one that holds for later, or that changes the agent's mode; where no
option says just yes, the answer is no.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agentwatch.model import Json

CANCELLED: Json = {"outcome": {"outcome": "cancelled"}}

PLAIN = frozenset(
    {"allow", "allow_once", "allow-once", "proceed_once", "proceed-once", "once", "approved", "yes"}
)
"""Ids under which agents offer a plain yes."""

_MORE = re.compile(
    r"always|never ask|mode|auto|yolo|session|all\b|every|bypass|remember|trust|"
    r"don.?t ask|accept.?edits",
    re.IGNORECASE,
)
"""Words of an option that does more than answer."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The answer to a permission request."""

    result: Json
    allows: bool
    """Whether it lets the action happen."""


def choose(options: Any, *, allow: bool) -> Chosen:
    """The answer that says this much."""
    offered = list(_read(options))
    if allow and (plain := _plain(offered)) is not None:
        return Chosen(_selected(plain), allows=True)
    rejects = [number for number, _, kind in offered if kind == "reject_once"]
    return Chosen(_selected(rejects[0]) if rejects else CANCELLED, allows=False)


def _plain(offered: list[tuple[str, str, str]]) -> str | None:
    """The option that allows once; None where which one does just that cannot be told."""
    once = [(number, name) for number, name, kind in offered if kind == "allow_once"]
    known = [number for number, _ in once if number.casefold() in PLAIN]
    if len(known) == 1:
        return known[0]
    if len(once) == 1:
        return once[0][0]
    plain = [number for number, name in once if not _MORE.search(f"{number} {name}")]
    return plain[0] if len(plain) == 1 else None


def _read(options: Any) -> Iterator[tuple[str, str, str]]:
    """Id, name and kind of every option that has them; an id offered twice counts for nothing."""
    found = [
        (item["optionId"], str(item.get("name") or ""), item["kind"])
        for item in (options if isinstance(options, list) else [])
        if isinstance(item, dict)
        and isinstance(item.get("optionId"), str)
        and isinstance(item.get("kind"), str)
    ]
    numbers = [number for number, _, _ in found]
    return (item for item in found if numbers.count(item[0]) == 1)


def _selected(number: str) -> Json:
    return {"outcome": {"outcome": "selected", "optionId": number}}
