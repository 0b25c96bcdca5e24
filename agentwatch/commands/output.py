"""What commands print: JSON for scripts, plain lines for people.

Owns stdout.  Text that came from an agent is made visible before it reaches a terminal: a control
character in a command line must not act on the terminal of the person who reads it.
"""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Iterator
from typing import Any

import click

from agentwatch.model import Json
from agentwatch.visible import name_of

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")

_SET_IN = " " * 10


def document(data: Any) -> None:
    """One JSON document."""
    print(json.dumps(data, indent=2, ensure_ascii=True))


def line(data: Any) -> None:
    """One JSON document on one line, flushed: somebody follows."""
    print(json.dumps(data, ensure_ascii=True), flush=True)


def say(text: str) -> None:
    """A line for people on stderr."""
    print(f"agentwatch: {text}", file=sys.stderr, flush=True)


def visible(text: str) -> str:
    """The text with every control, format, blank and unassigned character spelled out."""
    return "".join(_spell(char) for char in text)


def _spell(char: str) -> str:
    if name_of(char) is None:
        return char
    number = ord(char)
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(number) or (
        f"\\x{number:02x}" if number < 0x100 else f"\\u{{{number:x}}}"
    )


def table(rows: list[list[str]], heads: list[str]) -> None:
    """Columns as wide as their widest cell."""
    cells = [heads, *([visible(cell) for cell in row] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(heads))]
    for row in cells:
        text = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(wrapped(text.rstrip()))


def wrapped(text: str) -> str:
    """A line as this terminal's own rows, each but the first set in.

    Left to the terminal, a long text goes on where our own lines begin, and may look like one.
    """
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    return "\n".join(set_in(text, room)) if room > 2 * len(_SET_IN) else text


def prose(text: str) -> str:
    """Lines of our own in whole words on a terminal, each line's further rows set further in."""
    if not sys.stdout.isatty():
        return text
    room = max(40, shutil.get_terminal_size().columns)
    return "\n".join(_filled(line, room) for line in text.split("\n"))


def _filled(line: str, room: int) -> str:
    set_in = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.fill(line, room, subsequent_indent=set_in, break_on_hyphens=False)


def set_in(text: str, room: int) -> Iterator[str]:
    """A line in rows of so many columns."""
    start, taken, begin = 0, 0, ""
    for at, char in enumerate(text):
        wide = 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if taken + wide > room:
            yield begin + text[start:at]
            start, begin, taken = at, _SET_IN, len(_SET_IN)
        taken += wide
    yield begin + text[start:]


def action_lines(action: Json) -> list[str]:
    """One action for people: what, what it touches, why it is asked, what the agent says."""
    said: list[str] = []

    def add(label: str, value: object) -> None:
        if value not in (None, "", [], {}):
            said.append(f"{label:<9} {visible(str(value))}")

    add("action", f"{action['id']}  {action['kind']}  {action['state'].upper()}")
    add("what", action["summary"])
    for at, item in enumerate(action["argv"]):
        add(f"argv[{at}]", item)
    add("command", action["command"])
    for path in action["paths"]:
        add("path", path + ("  (outside the workspace)" if path in action["outside"] else ""))
    add("url", action["url"])
    add("host", action["host"])
    add("cwd", action["cwd"])
    add("tool", action["tool"])
    add("params", json.dumps(action["params"]) if action["params"] else None)
    add("who", action["proposer"] or "the agent")
    add("pid", " < ".join(action["parents"]) or action["pid"])
    add("evidence", action.get("evidence"))
    add("undo", action["reversibility"])
    for reason in action["reasons"]:
        add("why", reason)
    add("it says", action["words"])
    said.extend(f"  {visible(text)}" for text in (action["diff"] or "").splitlines())
    if decision := action["decision"]:
        add("decision", f"{decision['verdict']} by {decision['by']}: {decision['why']}")
    add("digest", action["digest"])
    return said
