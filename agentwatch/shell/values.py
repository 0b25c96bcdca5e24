"""The values that shell text is turned into.

Owns their fields and the bounds of the reading.
"""

from __future__ import annotations

from dataclasses import dataclass

LONGEST = 32_768
"""Characters of a line that is read at all."""
DEEPEST = 60
"""Levels of brackets, loops and substitutions within each other."""
LAYERS = 8
"""Wrappers around wrappers."""
MOST = 400
"""Simple commands of one line."""

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash"})


class Dynamic(Exception):
    """Why the text alone does not tell what will run."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """One redirection of a simple command."""

    operator: str
    """As written: `>`, `>>`, `<`, `>&`, `<<`, `<<<`."""
    target: str
    """The file, the descriptor or, for a here-document, its text."""
    number: int | None = None
    """The descriptor in front of the operator."""

    @property
    def writes(self) -> bool:
        """Whether it opens a file for writing."""
        if self.operator in (">&", "<&"):
            return self.operator == ">&" and not self.target.strip("-").isdigit()
        return ">" in self.operator


@dataclass(frozen=True, slots=True)
class Simple:
    """One program start, or one thing that the shell does itself."""

    argv: tuple[str, ...]
    """Unquoted; a word that is not known stands there as it was written."""
    redirects: tuple[Redirect, ...] = ()
    assignments: tuple[str, ...] = ()
    """`NAME=value` in front of it, or handed to `env`."""
    through: tuple[str, ...] = ()
    """The wrappers that start it, outermost first."""

    @property
    def name(self) -> str:
        """The program's name without its folder; empty where it only assigns or redirects."""
        return program(self.argv[0]) if self.argv else ""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A line as the simple commands it will run."""

    commands: tuple[Simple, ...]
    dynamic: tuple[str, ...] = ()
    """What is not told by the text alone, one sentence each; empty where all of it is."""


def program(word: str) -> str:
    """A program's name without its folder, and without the dash of a login shell."""
    return word.rsplit("/", 1)[-1].removeprefix("-")
