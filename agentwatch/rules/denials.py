"""What a rule might deny or ask, told so that whoever judges in haste knows when to ask in full.

Owns the patterns made of a rulebook's denials.  They say more than the rules do, never less: what
cannot be told from an event's own words and paths counts as a match.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from agentwatch.model import Kind
from agentwatch.rules.match import Rulebook
from agentwatch.rules.patterns import INSIDE, OUTSIDE, Word, absolute, expression
from agentwatch.rules.values import Decide, Rule

_GLOB = re.compile(r"[*?]")


@dataclass(frozen=True, slots=True)
class Denials:
    """The denials of one rulebook."""

    starts: tuple[tuple[re.Pattern[str], ...], ...] = ()
    """Each for one rule: all of them are found in the words of a start that it is about."""
    hint: re.Pattern[str] | None = None
    """Found wherever the first of any of them is; quicker than each of them."""
    others: Mapping[str, tuple[re.Pattern[str], ...]] | None = None
    """By kind of action: the paths that are denied."""

    def start(self, argv: Iterable[str], exe: str) -> bool:
        """Whether a program start might be denied."""
        text = "\n".join((*argv, exe))
        if self.hint is not None and not self.hint.search(text):
            return False
        return any(all(word.search(text) for word in words) for words in self.starts)

    def other(self, kind: str, paths: Iterable[str]) -> bool:
        """Whether anything else might be, by its kind and the paths it is about."""
        patterns = (self.others or {}).get(kind, ())
        return any(one.fullmatch(path) for one in patterns for path in paths)

    @classmethod
    def of(cls, book: Rulebook, workspace: str, home: str) -> Self:
        """Those of a rulebook."""
        strict = [rule for rule in book.rules if rule.decide is not Decide.ALLOW]
        starts = [words for rule in strict if (words := _start(rule)) is not None]
        others = {
            kind.value: tuple(
                re.compile(one, re.DOTALL)
                for rule in strict
                if not rule.argv and (not rule.kinds or kind in rule.kinds)
                for one in _paths(rule, workspace, home)
            )
            for kind in Kind
        }
        return cls(tuple(starts), _hint(strict), others)

    def to_json(self) -> dict[str, Any]:
        """The shape that travels to another process."""
        others = self.others or {}
        return {
            "starts": [[word.pattern for word in words] for words in self.starts],
            "hint": self.hint.pattern if self.hint else None,
            "others": {kind: [one.pattern for one in some] for kind, some in others.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read back what `to_json` wrote; raises what is wrong with it."""
        return cls(
            tuple(tuple(map(re.compile, words)) for words in data["starts"]),
            None if data["hint"] is None else re.compile(data["hint"]),
            {
                str(kind): tuple(re.compile(one, re.DOTALL) for one in some)
                for kind, some in data["others"].items()
            },
        )


def _start(rule: Rule) -> tuple[re.Pattern[str], ...] | None:
    """What the words of a start hold if a rule is about it; None for one that is about none."""
    if rule.kinds and Kind.EXEC not in rule.kinds:
        return None
    first, *rest = rule.argv or ((Word("*"),),)
    names = tuple(Word(word.text.rpartition("/")[2]) for word in first)
    return tuple(_any(words) for words in (names, *rest))


def _hint(rules: Iterable[Rule]) -> re.Pattern[str]:
    """What stands in every text that one of these rules' first word stands in."""
    words = [word.text for rule in rules for word in (rule.argv or ((Word("*"),),))[0]]
    plain = {re.escape(_GLOB.split(text.rpartition("/")[2])[0]) for text in words}
    return re.compile("|".join(sorted(plain)) if plain else r"(?!)")


def _any(words: Iterable[Word]) -> re.Pattern[str]:
    """A text in which one of these words may stand, however a shell quotes what is around it."""
    found = []
    for word in words:
        plain = _GLOB.split(word.text)[0]
        if plain != word.text:
            found.append(r"(?<![\w-])" + re.escape(plain) if plain else "")
        else:
            found.append(rf"(?<![\w-]){re.escape(plain)}(?![\w-])")
    return re.compile("|".join(found))


def _paths(rule: Rule, workspace: str, home: str) -> Iterable[str]:
    """The paths that a rule is about, as patterns; all of them where it names none."""
    if rule.paths is None or {INSIDE, OUTSIDE} & set(rule.paths.patterns):
        return (".*",)
    return tuple(
        expression(absolute(pattern, workspace, home), paths=True).pattern
        for pattern in rule.paths.patterns
    )
