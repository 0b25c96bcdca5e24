"""The bash grammar, held so that no text of an agent's can keep it busy or break it.

Owns the parser.  The grammar is C code in our own process, so its input is bounded, timed and
reduced to ASCII; what is wrong with a line is Dynamic, never an exception of the library's.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Iterator

import tree_sitter_bash
from tree_sitter import Language, Node, Parser, Point

from agentwatch.shell.values import LONGEST, Dynamic

BASH = Language(tree_sitter_bash.language())
PATIENCE = 0.05
"""Seconds for the tree of one line."""

REPEATING = frozenset(
    {"while_statement", "for_statement", "c_style_for_statement", "function_definition"}
)
"""Constructs that may run a command more than once, or later."""
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_LINES = re.compile(rb"(?:[ \t\n]|\\\n)*")
_BLANKS = re.compile(rb"(?:[ \t]|\\\n)*")


def tree(line: str) -> Node:
    """The root of a line's tree; Dynamic where it cannot be read in time.

    The grammar's scanner reads outside its tables for characters beyond ASCII, and ends the whole
    process for some of them.  So it is shown a sign that is part of any word instead, as many
    bytes long, and only then the nodes are given their own text.
    """
    if len(line) > LONGEST:
        raise Dynamic("the line is very long")
    data = line.encode("utf-8", "surrogateescape")
    shown = _BEYOND_ASCII.sub(b"%", data)
    end = time.monotonic() + PATIENCE

    def read(at: int, _: Point) -> bytes:
        return shown[at:]

    def late(*_: object) -> bool:
        return time.monotonic() > end

    try:
        # A parser that was stopped keeps its half-read line, so each line has its own.
        root = Parser(BASH).parse(read, progress_callback=late).root_node
    except ValueError as error:
        raise Dynamic("reading the line takes too long") from error
    shown = data
    return root


def whole_tree(line: str) -> Node:
    """The root of a line's tree; Dynamic where any part of the line did not fit."""
    root = tree(line)
    data = line.encode("utf-8", "surrogateescape")
    around = data[: root.start_byte] + data[root.end_byte :]
    if root.has_error or "\0" in line or not _LINES.fullmatch(around):
        raise Dynamic("it cannot be read as a shell line")
    return root


@functools.lru_cache(maxsize=64)
def constructs(line: str) -> frozenset[str]:
    """The kinds of everything in a line's tree; empty where it cannot be read."""
    return frozenset(node.type for node in _nodes(line))


@functools.lru_cache(maxsize=64)
def pieces(line: str, kind: str) -> tuple[str, ...]:
    """The text of everything of one kind in a line's tree; empty where it cannot be read."""
    found = (node.text or b"" for node in _nodes(line) if node.type == kind)
    return tuple(text.decode("utf-8", "surrogateescape") for text in found)


def _nodes(line: str) -> Iterator[Node]:
    try:
        waiting = [whole_tree(line)]
    except Dynamic:
        return
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.named_children


def refuse_gaps(node: Node, *, command: bool) -> None:
    """Dynamic where parts do not stand apart, or something is between them or behind them."""
    raw, start = node.text or b"", node.start_byte
    at, word = start, False
    allowed = _BLANKS if command else _LINES
    for child in node.children:
        gap = raw[at - start : child.start_byte - start]
        is_word = command and not child.type.endswith("_redirect")
        if not allowed.fullmatch(gap) or (word and is_word and not gap):
            raise Dynamic("something between its words that is not understood")
        at, word = child.end_byte, is_word
    if not allowed.fullmatch(raw[at - start :]):
        raise Dynamic("something behind its words that is not understood")
