"""Checking a program's arguments against the options that are known to be harmless.

Owns one rule: every word that begins with `-` must be known, wherever it stands, also after
`--` or as the value of another option.  So it does not matter whether the program permutes its
arguments or takes a value that we did not expect.  Abbreviated long options are not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class Unclear(Exception):
    """Why something is not proven to only read."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a program may be given."""

    flags: str = ""
    """Letters that stand alone."""
    valued: str = ""
    """Letters that take the rest of their word, or the next word."""
    long: frozenset[str] = frozenset()
    """Long options, with `=value` or without."""
    followed: frozenset[str] = frozenset()
    """Long options that take the next word when they have no `=value`."""

    def operands(self, args: Sequence[str]) -> list[str]:
        """The words that are no options and no values of options; Unclear for a strange one."""
        found: list[str] = []
        takes_next = False
        for arg in args:
            if arg.startswith("-") and len(arg) > 1:
                takes_next = self._takes_next(arg)
            elif takes_next:
                takes_next = False
            else:
                found.append(arg)
        return found

    def _takes_next(self, arg: str) -> bool:
        """Whether the next word is this option's value; Unclear if it is not known."""
        if arg == "--":
            return False
        if arg.startswith("--"):
            name, equals, _ = arg[2:].partition("=")
            if name not in self.long and name not in self.followed and name != "version":
                raise Unclear(f"{arg} is not known to only read")
            return name in self.followed and not equals
        for place, letter in enumerate(arg[1:], 2):
            if letter in self.valued:
                return place == len(arg)
            if letter not in self.flags:
                raise Unclear(f"{arg} is not known to only read")
        return False


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())
