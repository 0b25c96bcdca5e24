"""The walk over a shell line's tree, from the line to its simple commands.

Owns which constructs are understood.  Whatever is not named here is a reason, not a guess.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence

from tree_sitter import Node

from agentwatch.shell import wrappers
from agentwatch.shell.grammar import refuse_gaps, whole_tree
from agentwatch.shell.values import (
    DEEPEST,
    LAYERS,
    LONGEST,
    MOST,
    Dynamic,
    Parsed,
    Redirect,
    Simple,
)
from agentwatch.shell.words import source, word

_GROUPS = frozenset(
    {"program", "list", "pipeline", "subshell", "compound_statement", "if_statement", "do_group"}
    | {"while_statement", "elif_clause", "else_clause", "negated_command", "case_item"}
    | {"command_substitution", "process_substitution"}
)
_QUIET = frozenset({"comment", "heredoc_start", "heredoc_body", "heredoc_end", "file_descriptor"})
_SETS_VARIABLES = frozenset(
    {"read", "mapfile", "readarray", "printf", "getopts", "let", "unset", "declare", "local"}
    | {"typeset", "export", "readonly", "source", ".", "eval"}
)
_STATEMENTS = (
    "statement",
    "command",
    "item",
    "pipeline",
    "list",
    "subshell",
    "group",
    "assignment",
)
_OTHERS = {
    "function_definition": "a function",
    "c_style_for_statement": "arithmetic",
    "test_command": "a test whose words are not looked at",
    "case_statement": "",
    "variable_assignments": "",
}
"""Constructs of which only the commands in them are looked for, and what stays unknown."""
_CONTINUED = re.compile(r"[^ \t\n]\\\n[^ \t\n]")
"""Here the grammar sees two words, and a shell one."""
_TIGHT = frozenset({"command", "redirected_statement", "declaration_command", "unset_command"})
_FEEDS = frozenset({"<<", "<<<", "<<-"})
_HOLDS_COMMANDS = ("command_substitution", "process_substitution")


@functools.lru_cache(maxsize=64)
def parse(line: str, *, unwrap: bool = True) -> Parsed:
    """The simple commands of a line; never raises.

    Without `unwrap`, a wrapper stands there as it is, and what it starts is not looked for.
    """
    walk = _Walk(unwrap=unwrap)
    walk.line(line, (), 0)
    return walk.parsed()


def parse_argv(argv: Sequence[str]) -> Parsed:
    """The simple commands that a program start leads to; never raises."""
    walk = _Walk()
    if sum(map(len, argv)) > LONGEST:
        walk.reason("the line is very long")
    elif argv:
        walk.settle(Simple(tuple(argv)), 0)
    return walk.parsed()


class _Walk:
    """One reading: what was found, and what stays unknown."""

    def __init__(self, *, unwrap: bool = True) -> None:
        self._unwraps = unwrap
        self._found: list[Simple] = []
        self._reasons: dict[str, None] = {}
        self._values: dict[str, str] = {}
        self._through: tuple[str, ...] = ()
        self._layer = 0
        self._given: tuple[str, ...] = ()

    def parsed(self) -> Parsed:
        """What it came to."""
        return Parsed(tuple(self._found), tuple(self._reasons))

    def reason(self, why: str) -> None:
        """Note what is not told by the text."""
        self._reasons.setdefault(why)

    def line(
        self, line: str, through: tuple[str, ...], layer: int, given: tuple[str, ...] = ()
    ) -> None:
        """Read a line that some wrapper will run, with the variables that it is given."""
        outer = (self._through, self._layer, self._values, self._given)
        self._through, self._layer, self._values, self._given = through, layer, {}, given
        try:
            self._walk(whole_tree(line), 0)
            if _CONTINUED.search(line):
                self.reason("a word that goes on in the next line")
        except Dynamic as why:
            self.reason(str(why))
        finally:
            self._through, self._layer, self._values, self._given = outer

    def settle(self, simple: Simple, layer: int) -> None:
        """Put a simple command to the list, or what it starts where it is a wrapper."""
        if len(self._found) >= MOST or layer > LAYERS:
            self.reason("it runs more commands than can be looked at")
            return
        try:
            started = wrappers.inner(simple.argv) if simple.argv and self._unwraps else None
        except Dynamic as why:
            self.reason(f"{simple.name}: {why}")
            started = None
        if started is None:
            self._found.append(simple)
            return
        for inner in started:
            self._unwrap(simple, inner, layer)

    def _unwrap(self, simple: Simple, inner: wrappers.Inner, layer: int) -> None:
        """What one wrapper starts."""
        fed = [item.target for item in simple.redirects if item.operator in _FEEDS]
        kept = tuple(item for item in simple.redirects if item.operator not in _FEEDS)
        given = simple.assignments + inner.assignments
        through = (*simple.through, simple.name)
        line = inner.line
        if inner.reason and "its input" in inner.reason and fed:
            line = fed[-1]
        elif inner.reason:
            self.reason(inner.reason)
        if inner.outer and line is None:
            self._found.append(simple)
        if line is not None:
            if kept:
                self._found.append(Simple((), kept, (), through))
            self.line(line, through, layer + 1, given)
        elif inner.argv:
            self.settle(Simple(inner.argv, simple.redirects, given, through), layer + 1)

    def _walk(self, node: Node, depth: int, redirects: tuple[Redirect, ...] = ()) -> None:
        """Everything that this part of the tree will run."""
        kind = self._checked(node, depth)
        if kind == "command":
            self._command(node, depth, redirects)
        elif kind == "redirected_statement":
            self._redirected(node, depth, redirects)
        elif kind in ("declaration_command", "unset_command"):
            words = tuple(self._words(node.children, depth))
            self.settle(Simple(words, redirects, through=self._through), self._layer)
        elif kind == "for_statement":
            self._for(node, depth)
        elif kind in _GROUPS:
            for child in node.named_children:
                pattern = kind == "case_item" and not child.type.endswith(_STATEMENTS)
                (self._inside if pattern else self._walk)(child, depth + 1)
            if redirects:
                self._found.append(Simple((), redirects, through=self._through))
        elif kind not in _QUIET:
            self._other(node, depth)

    def _checked(self, node: Node, depth: int) -> str:
        """The kind of a node; Dynamic where its depth or its shape is beyond us."""
        if depth > DEEPEST:
            raise Dynamic("it is nested too deeply")
        if node.child_count:
            refuse_gaps(node, command=node.type in _TIGHT)
        return node.type

    def _other(self, node: Node, depth: int) -> None:
        """A construct of which only the commands in it are looked for."""
        if node.type == "variable_assignment":
            given = (self._assignment(node, depth),)
            self._found.append(Simple((), assignments=given, through=self._through))
            return
        self._values.clear()
        if why := _OTHERS.get(node.type, "a construct that is not known here"):
            self.reason(why)
        for child in node.named_children:
            if child.type.endswith(_STATEMENTS):
                self._walk(child, depth + 1)
            else:
                self._inside(child, depth)

    def _inside(self, node: Node, depth: int) -> None:
        """Commands in substitutions anywhere below."""
        if depth > DEEPEST:
            raise Dynamic("it is nested too deeply")
        if node.type in _HOLDS_COMMANDS:
            self.reason("a substitution")
            self._walk(node, depth + 1)
            return
        for child in node.named_children:
            self._inside(child, depth + 1)

    def _command(self, node: Node, depth: int, redirects: tuple[Redirect, ...]) -> None:
        """A simple command with what stands before and behind it."""
        given: list[str] = []
        words: list[str] = []
        more = list(redirects)
        for child in node.children:
            if child.type == "variable_assignment":
                given.append(self._assignment(child, depth))
            elif child.type.endswith("_redirect"):
                more += self._redirect(child, depth)
            elif child.type == "subshell":
                raise Dynamic("a construct that is not known here")
            else:
                words += self._words([child], depth, first=not words)
        simple = Simple(tuple(words), tuple(more), (*self._given, *given), self._through)
        if simple.name in _SETS_VARIABLES:
            self._values.clear()
        self.settle(simple, self._layer)

    def _words(self, nodes: Sequence[Node], depth: int, *, first: bool = False) -> list[str]:
        """The words that these nodes are; commands in substitutions are walked too."""
        found = []
        for node in nodes:
            if node.type == "variable_assignment":
                found.append(self._assignment(node, depth))
                continue
            if not node.is_named:
                found.append(source(node))
                continue
            got = word(node, self._values)
            for why in got.reasons:
                self.reason(why)
            if got.reasons:
                self._inside(node, depth)
            if got.glob and first:
                self.reason("the command's name is a pattern")
            found.append(got.text)
        return found

    def _assignment(self, node: Node, depth: int) -> str:
        """`NAME=value`."""
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        self._values.pop(source(name) if name else "", None)
        if name is None or name.type != "variable_name" or source(node)[len(source(name))] == "+":
            self._inside(node, depth)
            self.reason("an assignment that is not known here")
            return source(node)
        if value is None:
            return f"{source(name)}="
        if value.type == "array":
            self._inside(node, depth)
            return source(node)
        return f"{source(name)}={self._words([value], depth)[0]}"

    def _redirected(self, node: Node, depth: int, redirects: tuple[Redirect, ...]) -> None:
        """A statement with redirections; what follows a here-document stands inside of it."""
        body = node.child_by_field_name("body")
        found: list[Redirect] = list(redirects)
        for child in node.named_children:
            if child.type.endswith("_redirect"):
                found += self._redirect(child, depth)
        if body is None:
            self._found.append(Simple((), tuple(found), through=self._through))
        else:
            self._walk(body, depth + 1, tuple(found))
        for child in node.named_children:
            if child.type == "heredoc_redirect":
                for part in child.named_children:
                    if part.type not in _QUIET and not part.type.endswith("_redirect"):
                        self._walk(part, depth + 1)

    def _redirect(self, node: Node, depth: int) -> list[Redirect]:
        """The redirections that one node holds."""
        if node.type == "heredoc_redirect":
            return self._heredoc(node, depth)
        number, operator, targets = None, "", []
        for child in node.children:
            if child.type == "file_descriptor":
                number = int(source(child)) if source(child).isdigit() else None
            elif not child.is_named:
                operator += source(child)
            else:
                targets += self._words([child], depth)
        if len(targets) != 1:
            # The grammar takes the words behind a redirection for more of its targets.
            self.reason("words behind a redirection")
        return [Redirect(operator, targets[0] if targets else "", number)]

    def _heredoc(self, node: Node, depth: int) -> list[Redirect]:
        """A here-document's text, where it is known, and redirections written behind its name."""
        found: list[Redirect] = []
        quoted, text, operator = False, "", "<<"
        for child in node.children:
            if child.type == "heredoc_start":
                quoted = any(char in source(child) for char in "'\"\\")
            elif child.type in ("<<", "<<-"):
                operator = child.type
            elif child.type == "heredoc_body":
                text = source(child)
                known = quoted or not (child.named_child_count or "\\" in text)
                if not known:
                    self._inside(child, depth)
                    self.reason("a here-document with variables")
            elif child.type.endswith("_redirect"):
                found += self._redirect(child, depth)
            elif child.type in ("word", "string", "raw_string", "concatenation"):
                self.reason("words behind a redirection")
        if operator == "<<-":
            text = "\n".join(part.lstrip("\t") for part in text.split("\n"))
        return [Redirect(operator, text), *found]

    def _for(self, node: Node, depth: int) -> None:
        """A loop: its body once for each value, where these are known words."""
        name, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
        if name is None or body is None:
            raise Dynamic("a construct that is not known here")
        kept: Mapping[str, str] = dict(self._values)
        for value in self._loop_values(node, depth):
            self._values = dict(kept)
            self._values.pop(source(name), None)
            if value is not None:
                self._values[source(name)] = value
            self._walk(body, depth + 1)
            if len(self._found) >= MOST:
                self.reason("it runs more commands than can be looked at")
                break
        self._values = {key: text for key, text in kept.items() if key != source(name)}

    def _loop_values(self, node: Node, depth: int) -> list[str | None]:
        """The words that a loop goes over; one None where they are not known."""
        values: list[str | None] = []
        known = True
        for child in node.children_by_field_name("value"):
            got = word(child, self._values)
            known = known and not (got.reasons or got.glob)
            if got.reasons:
                self._words([child], depth)
            values.append(got.text)
        return values if known and values else [None]
