"""Whether a command line only reads: proven by its arguments, or else it is asked about.

Owns the answer to "may this pass without a question".  Does no I/O, runs nothing, and says no to
whatever it does not know: a no costs a person one question, a wrong yes costs them their files.

`shell` cuts the line into words and refuses every construct whose meaning depends on more than
the line itself; `compound` finds the simple commands in brackets, conditions and loops;
`programs` and `git` then know, program by program, which arguments read.

What does not work; a yes assumes that
- a bare name is the system's program: PATH, the shell's start files, aliases and functions are
  the user's own, and the shell is a POSIX shell, bash or zsh;
- the configuration that programs read by themselves is the user's: git may start a file monitor,
  a diff driver or a pager that its configuration or attributes name, may fetch what a partial
  clone lacks, and may refresh its index; rg may read RIPGREP_CONFIG_PATH.  Writing such files is
  asked about as any write is, but a folder inside the workspace that came with them is trusted;
- looking at a file has no effect: some devices and automatically mounted folders disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agentwatch.reading import held
from agentwatch.reading.compound import compound
from agentwatch.reading.git import check_git
from agentwatch.reading.held import git_command
from agentwatch.reading.options import Unclear
from agentwatch.reading.programs import CHECKS, GLOBS_ARE_SAFE
from agentwatch.reading.shell import LONGEST, Word, commands
from agentwatch.reading.tools import env_checks

__all__ = [
    "Inside",
    "Reading",
    "argv_reads_only",
    "git_command",
    "held_argv",
    "held_line",
    "reads_only",
]

SHELLS = frozenset({"sh", "bash", "dash"})
KEYWORDS = frozenset({"if", "for"})
"""Words that the cutter takes for commands, and that begin a compound one."""
BRACKETS = {"[": "]", "[[": "]]"}
ANY_NUMBER = frozenset({"file", "find", "hexdump", "rg", "sed", "sort", "strings", "tree", "zcat"})
"""They read as many files as there are, and to them a name that is no option is only a name."""
SYSTEM = ("/bin/", "/usr/bin/")


@dataclass(frozen=True, slots=True)
class Reading:
    """Whether something only reads, and the reason in words."""

    yes: bool
    why: str
    programs: tuple[str, ...] = ()
    """What it starts, where it only reads."""


Inside = Callable[[str], bool]
"""Whether a folder lies where the user's own configuration holds."""


def reads_only(command: str, inside: Inside | None = None) -> Reading:
    """Whether this shell command line does nothing but read.

    Without `inside`, no folder that a line changes to is one where git may be started.
    """
    try:
        lines = commands(command)
        if not any(words[0].text in KEYWORDS for words in lines):
            return _reading(lines, inside)
        unclear = Unclear("a condition or a loop")
    except Unclear as why:
        unclear = why
    return _compound(command, unclear)


def _compound(command: str, unclear: Unclear) -> Reading:
    """The answer for a line that the cutter did not take; its reason where it is no such line."""
    try:
        lines = compound(command)
    except Unclear:
        return Reading(yes=False, why=str(unclear))
    try:
        return _reading(lines, None)
    except Unclear as why:
        return Reading(yes=False, why=str(why))


def argv_reads_only(argv: Sequence[str], inside: Inside | None = None) -> Reading:
    """Whether a program started with exactly these arguments does nothing but read."""
    if not argv or sum(map(len, argv)) > LONGEST:
        return Reading(yes=False, why="there is no command, or it is very long")
    if len(argv) == 3 and argv[1] in ("-c", "-lc") and _name(argv[0]) in SHELLS:
        return reads_only(argv[2], inside)
    try:
        return _reading([_given(argv)], None)
    except Unclear as unclear:
        return Reading(yes=False, why=str(unclear))


def held_argv(
    argv: Sequence[str],
    anybodys: held.Anybodys,
    prepares: held.Prepares = lambda _: False,
) -> Reading:
    """Whether a program with these arguments may start where all that it does is judged.

    `anybodys` says where anything may write, `prepares` which commands agents put around theirs.
    """
    strict = argv_reads_only(argv)
    if strict.yes or not argv:
        return strict
    return _held(lambda: held.argv_names(argv, anybodys, prepares))


def held_line(command: str, anybodys: held.Anybodys) -> Reading:
    """Whether a shell line may run where all that it does is judged."""
    strict = reads_only(command)
    return strict if strict.yes else _held(lambda: held.line_names(command, anybodys))


def _held(names: Callable[[], str]) -> Reading:
    try:
        return Reading(yes=True, why=f"held to reading: {names()}")
    except Unclear as unclear:
        return Reading(yes=False, why=str(unclear))


def _reading(lines: Sequence[Sequence[Word]], inside: Inside | None) -> Reading:
    """The answer for simple commands that follow each other; Unclear unless all only read."""
    for words in lines:
        _check(words)
    names = tuple(dict.fromkeys(_name(words[0].text) for words in lines))
    if "cd" in names and "git" in names and not _stays(lines, inside):
        raise Unclear("git in a folder it first changes to may run what that folder configures")
    return Reading(yes=True, why=f"only reads: {', '.join(names)}", programs=names)


def _stays(lines: Sequence[Sequence[Word]], inside: Inside | None) -> bool:
    """Whether the only change of folder comes first and leads to a folder that is inside."""
    moves = [words for words in lines if words[0].text == "cd"]
    if inside is None or len(moves) != 1 or moves[0] is not lines[0]:
        return False
    target = lines[0][1]
    return not target.glob and ".." not in target.text.split("/") and inside(target.text)


def _check(words: Sequence[Word]) -> None:
    """Raise Unclear unless this simple command only reads."""
    first, *rest = words
    bracket = first.text in BRACKETS and first.plain
    if not first.plain or (first.glob and not bracket):
        raise Unclear("the command's name is quoted or a pattern")
    name = _name(first.text)
    patterns = [word for word in rest if word.glob]
    if bracket and rest and rest[-1].text == BRACKETS[name]:
        patterns = [word for word in rest[:-1] if word.glob]
    if not all(_stays_no_option(name, word.text) for word in patterns):
        raise Unclear(f"a pattern could become an option of {name}")
    args = [word.text for word in rest]
    if any("\0" in arg for arg in args):
        raise Unclear("it contains a NUL byte")
    if name == "git":
        check_git(args)
    elif check := CHECKS.get(name) or _SWITCHERS.get(name):
        check(args)
    else:
        raise Unclear(f"{name} is not known to only read")


def _stays_no_option(name: str, pattern: str) -> bool:
    """Whether what a pattern may become is no option, and nothing else that has a meaning."""
    if name in GLOBS_ARE_SAFE:
        return True
    return name in ANY_NUMBER and (pattern[0].isalnum() or pattern[0] in "./_")


def _given(argv: Sequence[str]) -> list[Word]:
    """Words that no shell has a part in."""
    return [Word(text, plain=True, glob=False) for text in argv]


def _check_given(argv: Sequence[str]) -> None:
    if not argv:
        raise Unclear("there is no command")
    _check(_given(argv))


_SWITCHERS = env_checks(_check_given)


def _name(word: str) -> str:
    """A program's name without the system's own folders."""
    for folder in SYSTEM:
        if word.startswith(folder):
            return word[len(folder) :]
    return word
