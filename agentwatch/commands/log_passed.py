"""`agentwatch log --passed`: what passed below the agent without a question, call by call.

Owns the reading of that record for people.  It is the gate process's own, in the order in which it
was written; the journal holds its digests.  Of very many calls only the last files are there.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agentwatch.commands.output import line, visible, wrapped
from agentwatch.errors import AgentwatchError
from agentwatch.paths import Places
from agentwatch.visible import clock

_NUMBER = re.compile(r"passed\.jsonl(?:\.(\d{1,9}))?")
WIDEST = 160
"""Characters of one call that are shown."""


def run(places: Places, *, as_json: bool) -> int:
    """Print them, oldest first; raises AgentwatchError where there is no such record."""
    for found in _lines(_files(places.passed)):
        if as_json:
            line(found)
        else:
            print(wrapped(_told(found)), flush=True)
    return 0


def _files(first: Path) -> list[Path]:
    """The files that are there, the oldest first."""
    numbers = {
        int(found[1] or 1): path
        for path in first.parent.glob("passed.jsonl*")
        if (found := _NUMBER.fullmatch(path.name))
    }
    if not numbers:
        raise AgentwatchError(
            "nothing that passed was written down for this session",
            "system calls were not held in it, or it is of an older version",
        )
    return [numbers[number] for number in sorted(numbers)]


def _lines(files: list[Path]) -> Iterator[dict[str, Any]]:
    for path in files:
        try:
            opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:  # it was dropped meanwhile, or is none of ours
            continue
        with os.fdopen(opened, "rb") as file:
            yield from (_read(data) for data in file)


def _read(data: bytes) -> dict[str, Any]:
    """One call; what cannot be read is said to be so."""
    try:
        at, _, rule, cover, event = json.loads(data)
        return {"t": float(at), "rule": str(rule), "action": str(cover), **dict(event)}
    except (ValueError, TypeError, RecursionError):
        return {"unreadable": data.rstrip(b"\n").decode(errors="replace")}


def _told(found: dict[str, Any]) -> str:
    if "unreadable" in found:
        return visible(f"a line that cannot be read: {found['unreadable'][:WIDEST]}")
    at = clock(found["t"])
    why = f"{found['rule']} {found['action']}".rstrip()
    what = visible(f"{found.get('kind', '')} {_object(found)}")
    shown = what if len(what) <= WIDEST else f"{what[: WIDEST - 1]}…"
    return f"{at}  {visible(why):<28} {shown}"


def _object(found: dict[str, Any]) -> str:
    """What a call was about."""
    if isinstance(argv := found.get("argv"), list) and argv:
        return " ".join(map(str, argv))
    if found.get("address"):
        return f"{found['address']}:{found.get('port', 0)}"
    both = (str(found[name]) for name in ("path", "path2") if found.get(name))
    return " to ".join(both) or str(found.get("call", ""))
