"""One word of a shell line after the shell has taken its quotes away.

Owns unquoting.  What the shell would replace by something the text does not tell is Dynamic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from agentwatch.shell.values import Dynamic

_BACKSLASH = re.compile(r"\\(\n|.)", re.DOTALL)
_IN_QUOTES = re.compile(r'\\([$`"\\\n])')
_ANSI = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|c(.)|(.))",
    re.DOTALL,
)
_WHOLE = re.compile(r"(?:[^'\\]|\\.)*", re.DOTALL)
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_NAMED |= {"e": "\x1b", "E": "\x1b"}
_DYNAMIC = {
    "simple_expansion": "a variable",
    "expansion": "a variable",
    "command_substitution": "a substitution",
    "process_substitution": "a substitution",
    "arithmetic_expansion": "arithmetic",
    "brace_expression": "braces",
    "translated_string": "a translated text",
}
_GLOB = re.compile(r"[*?\[]|[@+!]\(")
_PLAIN = re.compile(r"[A-Za-z0-9_./:,+@%=-]+")


@dataclass(slots=True)
class Word:
    """What became of one word."""

    text: str = ""
    glob: bool = False
    """An unquoted pattern is in it."""
    bare: str = ""
    """Only what stood outside quotes."""
    reasons: list[str] = field(default_factory=list)
    """Why its text is not known, then it is as written."""


def source(node: Node) -> str:
    """A node's own text."""
    return (node.text or b"").decode("utf-8", "surrogateescape")


def word(node: Node, values: Mapping[str, str]) -> Word:
    """The word that a node is; `values` holds what loop variables are known to be."""
    found = Word()
    _add(node, values, found)
    _, brace, behind = found.bare.partition("{")
    if brace and ("," in behind or ".." in behind):
        found.reasons.append("braces")
    if found.bare.startswith("~"):
        found.reasons.append("a ~ that stands for somebody's home")
    if found.reasons:
        found.text = source(node)
    found.glob = bool(_GLOB.search(found.bare))
    return found


def _add(node: Node, values: Mapping[str, str], into: Word) -> None:
    """Put the text of one node to the word."""
    kind = node.type
    if kind in ("concatenation", "command_name", "string"):
        _add_parts(node, values, into)
    elif kind in ("word", "number", "extglob_pattern", "variable_name", "special_variable_name"):
        if node.named_child_count:
            into.reasons.append("a substitution")
        text = source(node)
        into.bare += _BACKSLASH.sub("", text)
        into.text += _BACKSLASH.sub(lambda m: "" if m[1] == "\n" else m[1], text)
    elif kind == "raw_string":
        into.text += source(node)[1:-1]
    elif kind == "ansi_c_string":
        into.text += ansi(source(node)[2:-1])
    elif kind in _DYNAMIC:
        _add_expansion(node, values, into)
    else:
        into.reasons.append("something that is not understood")


def _add_parts(node: Node, values: Mapping[str, str], into: Word) -> None:
    """The parts of a word; in double quotes, whatever is no expansion is text."""
    quoted = node.type == "string"
    raw, start = node.text or b"", node.start_byte
    at = 1 if quoted else 0
    for child in node.named_children:
        if quoted and child.type == "string_content":
            continue
        gap = raw[at : child.start_byte - start]
        _gap(gap, into, quoted=quoted)
        if quoted and child.type not in _DYNAMIC:
            into.reasons.append("something that is not understood")
        else:
            bare = into.bare
            _add(child, values, into)
            into.bare = bare if quoted else into.bare
        at = child.end_byte - start
    _gap(raw[at : len(raw) - (1 if quoted else 0)], into, quoted=quoted)


def _gap(raw: bytes, into: Word, *, quoted: bool) -> None:
    """What stands between the parts."""
    text = raw.decode("utf-8", "surrogateescape")
    if quoted:
        into.text += _IN_QUOTES.sub(lambda m: "" if m[1] == "\n" else m[1], text)
    elif text == "$":
        into.text += text
    elif text:
        into.reasons.append("something that is not understood")


def _add_expansion(node: Node, values: Mapping[str, str], into: Word) -> None:
    """A variable whose value is known is its value; all else is a reason."""
    names = [child for child in node.named_children if child.type == "variable_name"]
    whole = source(node)
    if len(names) == 1 and whole in (f"${source(names[0])}", f"${{{source(names[0])}}}"):
        known = values.get(source(names[0]))
        if known is not None and _PLAIN.fullmatch(known):
            into.text += known
            return
    into.reasons.append(_DYNAMIC[node.type])


def ansi(text: str) -> str:
    """What stands between `$'` and `'`."""

    def one(found: re.Match[str]) -> str:
        for group, base in ((1, 16), (2, 16), (3, 16), (4, 8)):
            if digits := found[group]:
                number = int(digits, base) & (0xFF if group in (1, 4) else 0x1FFFFF)
                return chr(number) if number < 0x110000 else ""
        if found[5]:
            return chr(ord(found[5]) & 0x1F)
        return _NAMED.get(found[6], found[6] if found[6] in "\\'\"?" else f"\\{found[6]}")

    # The grammar goes on behind a quote that ends the text for bash; a NUL ends it as well.
    plain = _ANSI.sub(one, text)
    if "\0" in plain or not _WHOLE.fullmatch(text):
        raise Dynamic("a NUL byte, or a quote that does not end")
    return plain
