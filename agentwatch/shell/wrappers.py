"""Programs that start the program their arguments name, and how to find it there.

Owns the table.  An option that is not listed is Dynamic: it may take the next word, and then
what follows is not what it seems.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agentwatch.shell.values import SHELLS, Dynamic, program

Argv = tuple[str, ...]
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


@dataclass(frozen=True, slots=True)
class Inner:
    """What a wrapper starts."""

    argv: Argv = ()
    line: str | None = None
    """A shell line, where it is not an argv."""
    assignments: Argv = ()
    outer: bool = False
    """The wrapper does things of its own too, and stays in the list."""
    reason: str | None = None
    """What of it is not told by the text."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options a wrapper takes before the program it starts."""

    flags: str = ""
    valued: str = ""
    """Letters with a value in the same word or the next."""
    attached: str = ""
    """Letters that may have a value in the same word, never in the next."""
    long: tuple[str, ...] = ()
    long_valued: tuple[str, ...] = ()
    operands: int = 0
    """Words between the options and the program."""
    assigns: bool = False

    def rest(self, args: Argv) -> Argv:
        """What follows the options."""
        at = 0
        while at < len(args) and args[at].startswith("-") and args[at] != "-":
            if args[at] == "--":
                at += 1
                break
            at += self._width(args[at])
        return args[at + self.operands :]

    def _width(self, arg: str) -> int:
        """How many words an option is."""
        if arg.startswith("--"):
            name, equals, _ = arg[2:].partition("=")
            if name in self.long_valued:
                return 1 if equals else 2
            if name in self.long:
                return 1
            raise Dynamic(f"an option that is not known here: {arg}")
        for place, letter in enumerate(arg[1:], 2):
            if letter in self.attached:
                return 1
            if letter in self.valued:
                return 2 if place == len(arg) else 1
            if letter not in self.flags:
                raise Dynamic(f"an option that is not known here: {arg}")
        return 1


_PLAIN: Mapping[str, Options] = {
    "sudo": Options("AbEHKknPSsi", "ugpCThDRrt", long_valued=("user", "group"), assigns=True),
    "doas": Options("Lns", "uC"),
    "env": Options(
        "i0v", "uC", long=("ignore-environment", "null"), long_valued=("unset", "chdir"),
        assigns=True,
    ),
    "nice": Options("0123456789", "n", long_valued=("adjustment",)),
    "ionice": Options("t", "cn"),
    "timeout": Options(
        "fpv",
        "ks",
        long=("foreground", "preserve-status", "verbose"),
        long_valued=("kill-after", "signal"),
        operands=1,
    ),
    "nohup": Options(),
    "setsid": Options("cfw", long=("ctty", "fork", "wait")),
    "stdbuf": Options("", "ioe", long_valued=("input", "output", "error")),
    "time": Options("apqvV", "fo", long=("portability", "verbose"), long_valued=("format",)),
    "builtin": Options(),
    "exec": Options("cl", "a"),
    "chrt": Options("abdfior", "", operands=1),
    "taskset": Options("a", "", operands=1),
    "busybox": Options(),
    "noglob": Options(),
    "nocorrect": Options(),
    "coproc": Options(),
    "-": Options(),
}  # fmt: skip
_XARGS = Options(
    "0oprtx", "aEILnPsd", "eil",
    long=("null", "no-run-if-empty", "verbose", "interactive", "open-tty", "exit"),
    long_valued=("max-args", "max-procs", "max-lines", "delimiter", "arg-file", "max-chars"),
)  # fmt: skip
_EXEC = frozenset({"-exec", "-execdir", "-ok", "-okdir"})


def inner(argv: Argv) -> list[Inner] | None:
    """What the program of these arguments starts; None where it is no wrapper."""
    name = program(argv[0])
    if name in SHELLS:
        return [_shell(argv[1:])]
    if name in _SPECIAL:
        return _SPECIAL[name](argv[1:])
    options = _PLAIN.get(name)
    return None if options is None else [_plain(name, options, argv[1:])]


def _plain(name: str, options: Options, args: Argv) -> Inner:
    """The program behind the options, and behind assignments where it takes them."""
    if name == "env" and any(arg.startswith(("-S", "--split-string")) for arg in args):
        raise Dynamic("env splits a text into words")
    rest = options.rest(args)
    given = 0
    while options.assigns and given < len(rest) and _ASSIGNMENT.match(rest[given]):
        given += 1
    return Inner(rest[given:], assignments=rest[:given], outer=not rest[given:])


def _shell(args: Argv) -> Inner:
    """A shell: the line behind -c, or a script that is not looked into."""
    at, line_next = 0, False
    while at < len(args) and args[at][:1] in ("-", "+") and len(args[at]) > 1:
        arg = args[at]
        at += 1
        if arg == "--":
            break
        if arg.startswith("--"):
            if arg not in ("--login", "--norc", "--noprofile", "--posix"):
                raise Dynamic(f"an option that is not known here: {arg}")
            continue
        line_next = line_next or (arg[0] == "-" and "c" in arg)
        if arg[-1] in "oO":
            at += 1
        if set(arg[1:]) - set("abcefhiklmnoprtuvxBCEHOPT"):
            raise Dynamic(f"an option that is not known here: {arg}")
    if line_next:
        if at >= len(args):
            raise Dynamic("a shell without its command")
        return Inner(line=args[at])
    if at >= len(args) or args[at] == "-":
        return Inner(outer=True, reason="a shell that reads its commands from its input")
    return Inner(outer=True, reason="a script whose commands are not looked at")


def _command(args: Argv) -> list[Inner]:
    """`command -v` looks; otherwise it starts."""
    if args and re.fullmatch(r"-p*[vV]p*", args[0]):
        return [Inner(outer=True)]
    return [_plain("command", Options("p"), args)]


def _xargs(args: Argv) -> list[Inner]:
    rest = _XARGS.rest(args) or ("echo",)
    return [Inner(rest, outer=True, reason="xargs adds words that it reads")]


def _find(args: Argv) -> list[Inner]:
    """Every -exec of a find."""
    found = [Inner(outer=True)]
    at = 0
    while at < len(args):
        if args[at] in _EXEC:
            end = at + 1
            while end < len(args) and args[end] != ";" and args[end - 1 : end + 1] != ("{}", "+"):
                end += 1
            words = args[at + 1 : end]
            found.append(Inner(words, reason="find adds the names that it finds"))
            at = end
        at += 1
    return found


def _eval(args: Argv) -> list[Inner]:
    return [Inner(line=" ".join(args))]


def _source(_: Argv) -> list[Inner]:
    return [Inner(outer=True, reason="a script whose commands are not looked at")]


def _su(args: Argv) -> list[Inner]:
    for at, arg in enumerate(args[:-1]):
        if arg in ("-c", "--command"):
            return [Inner(outer=True), Inner(line=args[at + 1])]
    raise Dynamic("somebody else's shell")


def _trap(args: Argv) -> list[Inner]:
    return [Inner(outer=True), Inner(line=args[0])] if len(args) > 1 else [Inner(outer=True)]


def _flock(args: Argv) -> list[Inner]:
    rest = Options("senuoxF", "wE").rest(args)
    if len(rest) > 2 and rest[1] in ("-c", "--command"):
        return [Inner(line=rest[2])]
    return [Inner(rest[1:])] if len(rest) > 1 else [Inner(outer=True)]


_SPECIAL: Mapping[str, Callable[[Argv], list[Inner]]] = {
    "command": _command,
    "xargs": _xargs,
    "find": _find,
    "eval": _eval,
    "source": _source,
    ".": _source,
    "su": _su,
    "trap": _trap,
    "flock": _flock,
}
