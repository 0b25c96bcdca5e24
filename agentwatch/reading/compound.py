"""Lines of more than one command: brackets, `if`, and loops over words that are known.

Owns what may stand between simple commands.  The tree only says where these begin and end; each
one is cut again by `shell.commands`, which knows nothing but words and quotes, and every other
character of the line must be one of the listed signs or a space.  So a line that the tree reads
otherwise than a shell does fails here, and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tree_sitter import Node

from agentwatch.reading.options import Unclear
from agentwatch.reading.shell import LONGEST, Word, commands
from agentwatch.shell.grammar import whole_tree
from agentwatch.shell.values import Dynamic

_DEEPEST = 12
_MOST = 64
"""Simple commands that are looked at, a loop's body once for each of its words."""
_NODES = frozenset(
    {"program", "list", "pipeline", "subshell", "compound_statement", "if_statement"}
    | {"elif_clause", "else_clause", "for_statement", "do_group", "redirected_statement"}
)
_SIGNS = frozenset(
    {";", "&&", "||", "|", "(", ")", "{", "}", "if", "then", "elif", "else", "fi"}
    | {"for", "in", "do", "done"}
)
_NAME = re.compile(r"[a-z][a-z0-9]*")
"""A loop's variable: never one that steers a shell or a program."""
_VALUE = re.compile(r"[A-Za-z0-9_./:,@%+*?-]+")
Values = Mapping[str, str]


def compound(line: str) -> list[list[Word]]:
    """The simple commands of a compound line; Unclear where it is anything more than that."""
    if len(line) > LONGEST or not line.isprintable():
        raise Unclear("the line is very long, or holds control characters")
    try:
        root = whole_tree(line)
    except Dynamic as why:
        raise Unclear(str(why)) from why
    found: list[list[Word]] = []
    for leaf, values in _leaves(root, {}, 0):
        found += _cut(leaf, values)
        if len(found) > _MOST:
            raise Unclear("it runs more commands than can be looked at")
    if not found:
        raise Unclear("there is no command")
    return found


def _leaves(node: Node, values: Values, depth: int) -> Iterator[tuple[Node, Values]]:
    """Every simple command with the variables it may use; Unclear for any other construct."""
    if node.type in ("command", "test_command") or (
        node.type == "redirected_statement" and _is_simple(node)
    ):
        yield node, values
        return
    if node.type not in _NODES or depth > _DEEPEST:
        raise Unclear("a construct that is not known to only read")
    if node.type == "for_statement":
        yield from _loop(node, values, depth)
        return
    _refuse_gaps(node)
    for child in node.named_children:
        if child.type == "file_redirect":
            # The cutter knows which redirections change nothing, and leaves no word of them.
            if len(commands(f"true {_text(child)}")[0]) != 1:
                raise Unclear("a redirection")
            continue
        yield from _leaves(child, values, depth + 1)


def _is_simple(node: Node) -> bool:
    """Whether a statement with redirections is one command."""
    body = node.child_by_field_name("body")
    return body is None or body.type == "command"


def _loop(node: Node, values: Values, depth: int) -> Iterator[tuple[Node, Values]]:
    """A loop's body, once for each of its words."""
    _refuse_gaps(node)
    name, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
    words = node.children_by_field_name("value")
    if name is None or body is None or body.type != "do_group" or not words:
        raise Unclear("a loop that is not over known words")
    if not _NAME.fullmatch(_text(name)):
        raise Unclear("a loop over a variable that may have a meaning")
    for value in words:
        if value.type not in ("word", "number") or not _VALUE.fullmatch(_text(value)):
            raise Unclear("a loop that is not over known words")
        yield from _leaves(body, {**values, _text(name): _text(value)}, depth + 1)


def _refuse_gaps(node: Node) -> None:
    """Unclear unless there are only spaces between the children, and only known signs."""
    at, before = node.start_byte, ""
    raw = node.text or b""
    for child in node.children:
        gap = raw[at - node.start_byte : child.start_byte - node.start_byte]
        if gap.strip(b" "):
            raise Unclear("something between the commands")
        if not child.is_named and child.type not in _SIGNS:
            raise Unclear(f"a {child.type} between the commands")
        if before == child.type == "(":
            raise Unclear("what may be arithmetic")
        at, before = child.end_byte, child.type
    if raw[at - node.start_byte :].strip(b" "):
        raise Unclear("something behind the commands")


def _cut(leaf: Node, values: Values) -> list[list[Word]]:
    """The words of one simple command, variables put in where they are words by themselves."""
    text = _filled(leaf, values) if values else _text(leaf)
    words = commands(text)
    if len(words) != 1:
        raise Unclear("the line is not as it seems")
    return words


def _filled(leaf: Node, values: Values) -> str:
    """A command with its variables put in; those that are part of a word stay, and are refused."""
    body = leaf.child_by_field_name("body") if leaf.type == "redirected_statement" else leaf
    raw, done, at = leaf.text or b"", "", 0
    for child in body.children if body and body.type == "command" else ():
        value = values.get(_text(child).strip('"').removeprefix("$").strip("{}"))
        if value is None or not _is_variable(child):
            continue
        done += raw[at : child.start_byte - leaf.start_byte].decode("utf-8", "surrogateescape")
        commands(done)  # Quotes that are open here would be a disagreement over the line.
        done += value
        at = child.end_byte - leaf.start_byte
    return done + raw[at:].decode("utf-8", "surrogateescape")


def _is_variable(node: Node) -> bool:
    """Whether a word is nothing but one variable."""
    if node.type == "string" and node.named_child_count == 1:
        inner = node.named_children[0]
        return _text(node) == f'"{_text(inner)}"' and _is_variable(inner)
    if node.type not in ("simple_expansion", "expansion") or node.named_child_count != 1:
        return False
    name = _text(node.named_children[0])
    return _text(node) in (f"${name}", f"${{{name}}}")


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "surrogateescape")
