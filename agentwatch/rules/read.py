"""A file of rules, read and checked: every mistake is an error that says where and what is meant.

Owns the schema.  Does no I/O; a text that is not entirely right gives no rules at all.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from agentwatch.breaker import read_limits
from agentwatch.errors import AgentwatchError
from agentwatch.model import Kind, Reversibility
from agentwatch.rules.patterns import Host, PathSet, Word
from agentwatch.rules.values import Day, Decide, Hours, Rule, Seen

VERSION = 1
MOST = 10_000
"""Rules in one file."""

_E = TypeVar("_E", bound=StrEnum)
_TOP = ("version", "rule", "breaker")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class RuleError(AgentwatchError):
    """A mistake in a file of rules."""


def read(text: str, source: str) -> tuple[Rule, ...]:
    """The rules of a text; raises RuleError with `source`, the line and the nearest valid word."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"{source}: not TOML: {error}") from error
    lines = _Lines(text, source)
    _known(data, _TOP, lines.at(None), "key")
    if data.get("version", VERSION) != VERSION:
        raise RuleError(f"{lines.at(None)} version {data['version']!r} is not known here")
    tables = data.get("rule", [])
    if not isinstance(tables, list) or not all(isinstance(item, dict) for item in tables):
        raise RuleError(f"{lines.at(None)} rules are written as [[rule]]")
    if len(tables) > MOST:
        raise RuleError(f"{source}: more than {MOST} rules")
    rules = tuple(_Table(table, number, lines).rule() for number, table in enumerate(tables))
    _distinct(rules)
    return rules


def breaker_table(text: str, source: str) -> Mapping[str, object]:
    """What a text that `read` takes says of the breaker; raises AgentwatchError."""
    table = tomllib.loads(text).get("breaker", {})
    lines = _Lines(text, source)
    if not isinstance(table, dict):
        raise RuleError(
            f"{lines.at(None, 'breaker')} the breaker's limits are written as [breaker]"
        )
    for name, value in table.items():
        read_limits({name: value}, f"{source}:{lines.anywhere(name)}")
    return table


def _distinct(rules: Iterable[Rule]) -> None:
    """Raise for two rules of one name, and for two that say different things of the same."""
    names: dict[str, Rule] = {}
    meanings: dict[object, Rule] = {}
    for rule in rules:
        if first := names.get(rule.id):
            raise RuleError(f"{rule.place}: rule {rule.id!r} stands at line {first.line} already")
        names[rule.id] = rule
        other = meanings.setdefault(_meaning(rule), rule)
        if other.decide is not rule.decide:
            raise RuleError(
                f"{rule.place}: {rule.id!r} says {rule.decide} of just what "
                f"{other.id!r} (line {other.line}) says {other.decide} of"
            )


def _meaning(rule: Rule) -> object:
    """Everything that a rule is about."""
    params = tuple(sorted((name, word.text) for name, word in rule.params.items()))
    return (
        *(rule.kinds, rule.argv, rule.exact, rule.flags_any, rule.flags_none, rule.flags_only),
        *(
            rule.paths,
            rule.hosts,
            rule.tools,
            params,
            rule.agents,
            rule.workspaces,
            rule.origins,
            rule.reversibility,
        ),
        *(rule.hours, rule.days),
    )


class _Lines:
    """Where things stand in the text."""

    _HEADER = re.compile(r"\s*\[\[\s*rule\s*\]\]")

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self._lines = text.splitlines()
        self._headers = [at for at, line in enumerate(self._lines) if self._HEADER.match(line)]

    def number(self, rule: int | None, key: str | None = None) -> int:
        """The line, from 1, of a rule or of a key in it."""
        if rule is None:
            begin, end = 0, (self._headers or [len(self._lines)])[0]
        else:
            begin = self._headers[rule] if rule < len(self._headers) else 0
            end = self._headers[rule + 1] if rule + 1 < len(self._headers) else len(self._lines)
        if key is not None:
            wanted = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]")
            hits = (at for at in range(begin, end) if wanted.match(self._lines[at]))
            begin = next(hits, begin)
        return begin + 1

    def anywhere(self, key: str) -> int:
        """The first line, from 1, that gives this key a value."""
        wanted = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
        return next((at for at, line in enumerate(self._lines, 1) if wanted.match(line)), 1)

    def at(self, rule: int | None, key: str | None = None) -> str:
        """The same, as an error begins."""
        return f"{self.source}:{self.number(rule, key)}:"


class _Table:
    """One [[rule]] on its way to a rule."""

    def __init__(self, table: Mapping[str, Any], number: int, lines: _Lines) -> None:
        self._table = table
        self._number = number
        self._lines = lines
        self._at = ""

    def rule(self) -> Rule:
        """The rule; raises RuleError."""
        unknown = next((key for key in self._table if key not in _KEYS), None)
        _known(self._table, _KEYS, self._lines.at(self._number, unknown), "key")
        for key in ("id", "decide"):
            if key not in self._table:
                raise RuleError(f"{self._lines.at(self._number)} the rule has no {key!r}")
        given: dict[str, Any] = {}
        for key, value in self._table.items():
            self._at = self._lines.at(self._number, key)
            name, take = _KEYS[key]
            try:
                given[name] = take(value)
            except ValueError as error:
                raise RuleError(f"{self._at} {key}: {error}") from error
        line = self._lines.number(self._number)
        rule = Rule(source=self._lines.source, line=line, **given)
        self._conditions(rule)
        return rule

    def _conditions(self, rule: Rule) -> None:
        at = self._lines.at(self._number)
        flags = rule.flags_any or rule.flags_none or rule.flags_only is not None
        if (flags or rule.exact) and not rule.argv:
            raise RuleError(f"{at} flags and `exact` are about a command: give its argv too")
        if (rule.match or rule.not_match) and not rule.argv:
            raise RuleError(f"{at} examples are command lines: give the rule an argv")
        about = (rule.kinds, rule.argv, rule.paths, rule.hosts, rule.tools, rule.params)
        if rule.decide is Decide.ALLOW and not any(about):
            raise RuleError(
                f"{at} a rule that allows must say what: a kind, argv, paths, hosts or tool"
            )


def _known(table: Mapping[str, Any], names: Iterable[str], at: str, what: str) -> None:
    for key in table:
        if key not in names:
            raise RuleError(f"{at} there is no {what} {key!r}{_nearest(key, names)}")


def _nearest(word: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(names), 1, 0.5)
    return f", did you mean {close[0]!r}?" if close else f"; there are {', '.join(names)}"


def _string(value: object) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError(f"a text is wanted, not {value!r}")
    return value


def _name(value: object) -> str:
    if not _ID.fullmatch(_string(value)):
        raise ValueError(f"{value!r} is no name: letters, digits, `_`, `.` and `-`")
    return _string(value)


def _strings(value: object) -> tuple[str, ...]:
    """One text, or a list of them."""
    items = value if isinstance(value, list) else [value]
    if not items:
        raise ValueError("an empty list would be about nothing")
    return tuple(_string(item) for item in items)


def _one(words: type[_E]) -> Callable[[object], _E]:
    def take(value: object) -> _E:
        try:
            return words(_string(value))
        except ValueError:
            if not isinstance(value, str):
                raise
            raise ValueError(f"{value!r}{_nearest(value, [str(word) for word in words])}") from None

    return take


def _several(words: type[_E]) -> Callable[[object], frozenset[_E]]:
    one = _one(words)
    return lambda value: frozenset(one(item) for item in _strings(value))


def _words(value: object) -> tuple[Word, ...]:
    return tuple(Word(text) for text in _strings(value))


def _argv(value: object) -> tuple[tuple[Word, ...], ...]:
    if not isinstance(value, list) or not value:
        raise ValueError('a list is wanted: ["git", ["status", "log"]]')
    return tuple(_words(item) for item in value)


def _options(value: object) -> frozenset[str]:
    found = frozenset(_strings(value))
    if wrong := next((item for item in found if not item.startswith("-")), None):
        raise ValueError(f"{wrong!r} is no option")
    return found


def _paths(value: object) -> PathSet:
    return PathSet(_strings(value))


def _hosts(value: object) -> tuple[Host, ...]:
    return tuple(Host.read(text) for text in _strings(value))


def _params(value: object) -> dict[str, Word]:
    if not isinstance(value, dict) or not value:
        raise ValueError('a table is wanted: { to = "*@example.com" }')
    return {_string(name): Word(_string(item)) for name, item in value.items()}


def _hours(value: object) -> Hours:
    found = _HOURS.fullmatch(_string(value))
    if not found:
        raise ValueError(f"{value!r} is no part of a day: write 09:00-17:30")
    begin, end = (int(found[at]) * 60 + int(found[at + 1]) for at in (1, 3))
    return Hours(begin, end)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"true or false is wanted, not {value!r}")  # noqa: TRY004 - one error type
    return value


_KEYS: dict[str, tuple[str, Callable[[object], object]]] = {
    "id": ("id", _name),
    "decide": ("decide", _one(Decide)),
    "why": ("why", _string),
    "kind": ("kinds", _several(Kind)),
    "argv": ("argv", _argv),
    "exact": ("exact", _flag),
    "flags_any": ("flags_any", _options),
    "flags_none": ("flags_none", _options),
    "flags_only": ("flags_only", lambda value: frozenset() if value == [] else _options(value)),
    "paths": ("paths", _paths),
    "hosts": ("hosts", _hosts),
    "tool": ("tools", _words),
    "params": ("params", _params),
    "agent": ("agents", _words),
    "workspace": ("workspaces", _words),
    "origin": ("origins", _several(Seen)),
    "reversibility": ("reversibility", _several(Reversibility)),
    "hours": ("hours", _hours),
    "days": ("days", _several(Day)),
    "match": ("match", _strings),
    "not_match": ("not_match", _strings),
}
"""Every key a rule may have: the field it fills, and how its value is read."""
