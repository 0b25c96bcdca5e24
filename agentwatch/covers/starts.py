"""Whether a program start is the one that a declared command leads to.

Owns the forms in which agents wrap a command: bare, behind `sh -c`, inside `eval '…'` among the
agent's own preparations.  The approved text must stand there as a command of its own, and all that
surrounds it must be one of the listed preparations.

What does not work: the preparations include `source` of a file in the agent's own folder and
settings of TMPDIR and of the ends of PATH, which the agent itself writes.  It could put another
meaning under a name that way; what then happens is still held to what a cover lets pass.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from agentwatch.covers.values import Event
from agentwatch.shell import REPEATING, SHELLS, Parsed, Simple, constructs, parse, pieces, program

_PLACE = "agentwatch_the_command"
_PREPARES = frozenset(
    {"true", ":", "test", "[", "shopt", "setopt", "unsetopt", "set", "pwd", "exit", "return"}
    | {"echo", "printf", "wait", "pgrep", "unalias"}
)
_SETS = frozenset({"TMPDIR", "TEMP", "TMP", "BUN_OPTIONS", "NO_COLOR", "TERM"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_STARTS = re.compile(r"\$\(|`|[<>]\(")
"""What starts something, also inside of quotes where a shell would look once more."""
_COUNTS = re.compile(r"\s-(?:v|R|eq|ne|lt|le|gt|ge)\s")
"""Tests whose words a shell may take for arithmetic."""
_TESTS = frozenset({"-n", "-z", "-f", "-d", "-e", "-r", "-x", "!", "=", "==", "!=", "]"})
_NOTES_JOBS = re.compile(r'jobs -p > "\$_\w+"')
_APPENDS = re.compile(r"PATH=[\"']?\$(?:PATH\b|\{PATH\b)")
"""The user's own path comes first, whatever is put behind it."""
_PREPENDS = ('PATH="${OPENCLAW_PREPEND_PATH}${PATH:+:$PATH}"', "OPENCLAW_PREPEND_PATH")
"""OpenClaw's gateway puts a folder of its own first, which holds its own command."""
_EXECS = re.compile(r"exec [\"']?\$(?:@|0[\"']? [\"']?\$@)[\"']?$")
_YIELDS = re.compile(r"\{ echo \d+ >/proc/self/oom_score_adj; \} 2>&-")
"""How a shell offers itself first where memory runs out, and says nothing if it may not."""
_SYSTEM = ("/bin/", "/usr/bin/", "/usr/local/bin/", "/opt/homebrew/bin/")
_TAIL = ("<", "/dev/null")

_LISTENERS = re.compile(
    r"(?:python|pypy|perl|ruby|php|lua|node|nodejs|bun|deno|tclsh|gdb)-?[\d.]*"
    r"|(?:ba|da|z|k|a)?sh|fish"
)
_RUNS = re.compile(r"[^-]|-[a-zA-Z]*[cem].|--(?:eval|print|command|ex)\b")
"""An argument that says what is run."""

Own = Callable[[str], bool]
"""Whether a path lies in the agent's own folders, or in a temporary one."""


def starts(event: Event, command: str, *, own: Own) -> bool:
    """Whether this exec is the start of the command that was declared."""
    line = shell_line(event.argv) if _is_shell(event) else None
    return line is not None and (
        is_wrapped(line, command, own) or _handed_on(event.argv, line, command, own)
    )


def listens(event: Event) -> bool:
    """Whether it is an interpreter given nothing to run but what is typed into it."""
    if "script" in event.flags or not _LISTENERS.fullmatch(program(event.exe)):
        return False
    return not any(_RUNS.match(word) for word in event.argv[1:])


def shell_line(argv: tuple[str, ...]) -> str | None:
    """The line that a shell is started with, None where there is none."""
    if not argv or program(argv[0]) not in SHELLS:
        return None
    asked = False
    for word in argv[1:]:
        if word in ("--login", "--norc", "--noprofile", "--posix"):
            continue
        if not re.fullmatch(r"-[a-zA-Z]+", word):
            return word if asked else None
        asked = asked or "c" in word
    return None


def is_wrapped(line: str, command: str, own: Own) -> bool:
    """Whether a line is the command, with nothing but preparations around it."""
    command = command.strip()
    if not command:
        return False
    if line.strip() == command:
        return True
    if command not in line and "eval" not in line:
        return False
    return _evaluated(line, command, own) or _embedded(line, command, own)


def prepares_only(line: str, own: Own) -> bool:
    """Whether a line is nothing but preparations."""
    parsed = parse(line, unwrap=False)
    return bool(parsed.commands) and all(prepares(simple, own) for simple in parsed.commands)


def _is_shell(event: Event) -> bool:
    """Whether the program is a shell of the system's, whatever it calls itself."""
    exe = event.exe
    if "script" in event.flags or "private" in event.flags:
        # Its arguments are a script's own: the interpreter gets the script in front of them.
        # Or it is called so only on a mount of the agent's own.
        return False
    return program(exe) in SHELLS and exe.startswith(_SYSTEM) and exe.count("/") < 5


def _evaluated(line: str, command: str, own: Own) -> bool:
    """`… && eval 'COMMAND' < /dev/null && …`."""
    found = 0
    for simple in _once(line).commands:
        if simple.name == "eval":
            words = simple.argv[1:]
            words = words[:-2] if words[-2:] == _TAIL else words
            if " ".join(words).strip() != command or not _bare(simple):
                return False
            found += 1
        elif not prepares(simple, own):
            return False
    return found == 1


def _embedded(line: str, command: str, own: Own) -> bool:
    """`preparation; COMMAND; preparation`, the command as it stands."""
    if line.count(command) != 1 or _unreadable(parse(command)):
        return False
    parsed = _once(line.replace(command, _PLACE))
    places = [simple for simple in parsed.commands if simple.name == _PLACE]
    if len(places) != 1 or places[0].argv != (_PLACE,) or not _bare(places[0]):
        return False
    return all(prepares(item, own) for item in parsed.commands if item is not places[0])


def _once(line: str) -> Parsed:
    """The commands of a line that runs each of them at most once; none for any other line."""
    parsed = parse(line, unwrap=False)
    repeats = not REPEATING.isdisjoint(constructs(line))
    tests = pieces(line, "test_command")
    acts = any(_STARTS.search(text) or _COUNTS.search(text) for text in tests)
    return Parsed(()) if repeats or acts or _unreadable(parsed) else parsed


def _bare(simple: Simple) -> bool:
    """Whether nothing is set or written for a command but an empty input."""
    empty = all(item.operator == "<" and item.target == "/dev/null" for item in simple.redirects)
    return empty and not simple.assignments


def _handed_on(argv: tuple[str, ...], line: str, command: str, own: Own) -> bool:
    """`sh -c 'preparation; exec "$@"' sh bash -c COMMAND`."""
    if not hands_on(line, own):
        return False
    rest = argv[argv.index(line) + 1 :]
    return any(
        (inner := shell_line(rest[at:])) is not None and is_wrapped(inner, command, own)
        for at in (0, 1)
    )


def hands_on(line: str, own: Own) -> bool:
    """Whether a line does nothing but start what the shell is given behind it."""
    before, _, last = line.strip().rstrip(";").rpartition(";")
    if not _EXECS.fullmatch(last.strip()):
        return False
    return not before or bool(_YIELDS.fullmatch(before)) or prepares_only(before, own)


def _unreadable(parsed: Parsed) -> bool:
    """Whether the text does not stand by itself, so that what surrounds it could change it."""
    return any("cannot be read" in why or "too" in why for why in parsed.dynamic)


def prepares(simple: Simple, own: Own) -> bool:
    """Whether a command is one of the preparations that agents put around theirs."""
    if simple.through[-1:] == ("trap",):  # seen once more, by what it does at the end
        said = [*simple.argv, *(f"{item.operator} {item.target}" for item in simple.redirects)]
        return bool(_NOTES_JOBS.fullmatch(" ".join(said)))
    writes = all(_harmless(item.target, own) for item in simple.redirects if item.writes)
    starts_more = any(_STARTS.search(word) for word in (*simple.argv, *simple.assignments))
    if not writes or starts_more or not all(_may_set(item, own) for item in simple.assignments):
        return False
    argv = simple.argv
    while argv and program(argv[0]) in ("builtin", "command"):
        argv = argv[1:]
    if not argv:
        return True
    name, *rest = argv
    if name in ("test", "["):
        return all(word in _TESTS or not word.startswith("-") for word in rest)
    plain = name in _PREPARES and (name != "printf" or rest[:1] != ["-v"])
    return plain or _sets(argv, own)


def _sets(argv: tuple[str, ...], own: Own) -> bool:
    """Whether a command of the shell itself sets or unsets what agents set and unset."""
    name, *rest = argv
    if name in ("source", "."):
        return len(rest) == 1 and own(posixpath.normpath(rest[0]))
    if name == "trap":
        return len(rest) == 2 and bool(_NOTES_JOBS.fullmatch(rest[0])) and rest[1] == "EXIT"
    if name == "unset" and rest[:1] == ["-f"]:
        return True
    known = name in ("export", "unset")
    return known and all(word.startswith("-") or _may_set(word, own) for word in rest)


def _may_set(word: str, own: Own) -> bool:
    """Whether a variable is one that agents set around a command."""
    name, _, value = word.partition("=")
    if _APPENDS.match(word) or word in _PREPENDS:
        return True
    if not _NAME.fullmatch(name) or not (name in _SETS or name.startswith("_")):
        return False
    # A file of the agent's own is written by the name that it is kept under.
    bare = value.strip("'\"")
    return not (name.startswith("_") and bare.startswith("/")) or own(posixpath.normpath(bare))


def _harmless(target: str, own: Own) -> bool:
    """Whether a redirection goes where agents keep their own notes."""
    if target.isdigit() or target in ("-", "/dev/null", "/proc/self/oom_score_adj"):
        return True
    return target.startswith("/") and own(posixpath.normpath(target))
