"""Which words of a command may name the files that say what it does, or that it writes over.

Owns the list of programs that run a file they are given.  Does no I/O: whether a word is a file is
for the caller to see, in this order, the first that is one.

What does not work: a script that a script reads, a module's name (`python -m x`), a folder that
the line itself enters, and what a build tool other than make is told by its own files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentwatch.shell.values import Parsed, Simple

_RUNS = re.compile(
    r"(?:python|pypy|perl|ruby|php|lua|node|nodejs)[\d.]*|deno|bun|tsx|ts-node|tclsh|osascript"
    r"|Rscript|awk|gawk|mawk|sh|bash|dash|zsh|ksh|ash|fish|pwsh|source|\.|make|gmake"
)
_INLINE = frozenset({"-c", "-m", "-e", "-E", "--eval", "-p", "--print"})
"""What such a program runs is said in the line itself, or found by another name."""
_MAKE = ("GNUmakefile", "makefile", "Makefile")
_SYSTEM = ("/bin/", "/usr/", "/sbin/", "/opt/homebrew/")


def scripts(parsed: Parsed) -> Iterator[tuple[str, ...]]:
    """For each command the words of which the first that is a file is what it runs."""
    for simple in parsed.commands:
        if words := _candidates(simple):
            yield words


def overwritten(parsed: Parsed) -> Iterator[str]:
    """The files that a line writes over."""
    for simple in parsed.commands:
        for redirect in simple.redirects:
            if redirect.writes and not redirect.operator.endswith(">>"):
                yield redirect.target


def _candidates(simple: Simple) -> tuple[str, ...]:
    if not simple.argv:
        return ()
    first = simple.argv[0]
    if "/" in first and not first.startswith(_SYSTEM):
        return (first,)
    if not _RUNS.fullmatch(simple.name):
        return ()
    words = []
    for word in simple.argv[1:]:
        if word in _INLINE and simple.name not in ("make", "gmake"):
            return ()
        if not word.startswith("-"):
            words.append(word)
    return (*words, *_MAKE) if simple.name in ("make", "gmake") else tuple(words)
