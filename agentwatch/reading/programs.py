"""Which arguments of which programs only read.

Owns the table, all but git's part.  A program is `INERT` when no argument whatever makes it
write, send or start something; all others are listed with the arguments that do not.

Left out on purpose: `cargo`, `rustc`, `go`, `yarn` and `dotnet`, which even for `--version` may
fetch or start what a file in the current folder names; `less`, `more` and `man`, which start
editors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from agentwatch.reading import archives, tools
from agentwatch.reading.awk import check_awk
from agentwatch.reading.options import Options, Unclear, words

Check = Callable[[Sequence[str]], object]
"""Raises Unclear unless a program with these arguments only reads."""

INERT = words(
    "basename cat cksum cmp column comm cut df diff dirname du echo egrep expand expr false fgrep"
    " fmt fold free getopt grep groups head id join jq ls md5sum nl nproc od paste pgrep printenv"
    " ps pwd readlink realpath rev seq sha1sum sha256sum sha512sum sleep stat tac tail tr true"
    " tty type uname unexpand uptime w wc whereis which who whoami"
)
BARE = words("arch clinfo env hostname lscpu lspci mount umask xdpyinfo")
"""Programs that read when they are given nothing at all."""
GLOBS_ARE_SAFE = INERT
"""Where a file named like an option does no harm."""

VERSIONED = words(
    "bash cc clang clang++ cmake curl docker g++ gcc gem java javac lua make node npm npx perl php"
    " python python3 ruby sqlite3 ssh tmux uv"
    " wget zsh"
)
"""Programs that may be asked for their version."""
_ASKED_BY = {
    "-v": words("node npm npx gcc php perl ruby lua"),
    "-version": words("java javac"),
    "-V": words("python python3 ssh tmux"),
}

_FIND = words(
    "-H -L -P -a -amin -and -anewer -atime -cmin -cnewer -ctime -daystart -depth -empty"
    " -executable -false -follow -fstype -gid -group -ignore_readdir_race -ilname -iname -inum"
    " -ipath -iregex -iwholename -links -lname -ls -maxdepth -mindepth -mmin -mount -mtime -name"
    " -newer -newermt -nogroup -not -nouser -o -or -path -perm -print -print0 -printf -prune -quit"
    " -readable -regex -regextype -samefile -size -true -type -uid -user -wholename -writable -xdev"
    " -xtype"
)
_FIND_NUMBER = re.compile(r"-\d+[a-zA-Z]?")

# Possessive repeats of a group are not used: Python before 3.11.5 matches them wrongly.
# No bracket expressions in these: programs differ on whether a slash inside one ends the pattern.
_PATTERN = r"/[^/\\\[]*+/"
_SED_ADDRESS = rf"(?:\d+|\$|{_PATTERN})"
_SED_PICK = rf"(?:{_SED_ADDRESS}(?:,(?:{_SED_ADDRESS}|\+\d+))?)?[pdq=]"
_SED_SCRIPT = re.compile(
    rf"{_SED_PICK}(?:; ?{_SED_PICK})*"
    r"|s(?P<end>[/|,#@])(?:(?!(?P=end))[^\\]|\\[sSwWb.*+?()$^])*(?P=end)"
    r"(?:(?!(?P=end))[^\\]|\\[1-9])*(?P=end)g?"
)
_SORT = Options(
    "bcCdfgGhiMnRrsuVz",
    "ktS",
    words(
        "check key numeric-sort human-numeric-sort reverse unique version-sort ignore-case stable"
        " parallel zero-terminated"
    ),
)
_UNIQ = Options("cdDiu", "fsw", words("count repeated unique ignore-case"))
_FILE = Options("bhiIkLNr0", "F", words("brief mime mime-type mime-encoding dereference"))
_TREE = Options(
    "aCDdFfghiNnpqrSstuxv",
    "LIP",
    words("dirsfirst noreport prune gitignore du si inodes matchdirs ignore-case filelimit"),
)
_RG = Options(
    "0.FHILNPSUacilnhopqsuvwx",
    "ABCEMTdefgjmrt",
    words(
        "files hidden no-hidden no-ignore no-ignore-vcs glob iglob type type-not type-list json"
        " ignore-case smart-case case-sensitive line-number no-line-number count count-matches"
        " files-with-matches files-without-match max-count max-depth max-columns after-context"
        " before-context context multiline multiline-dotall heading no-heading color sort sortr"
        " stats vimgrep fixed-strings word-regexp line-regexp only-matching column no-messages"
        " auto-hybrid-regex byte-offset colors crlf debug encoding engine glob-case-insensitive"
        " include-zero max-columns-preview max-filesize no-ignore-dot no-ignore-exclude"
        " no-ignore-files no-ignore-global no-ignore-parent no-unicode null-data one-file-system"
        " passthru threads with-filename no-filename pcre2 invert-match replace text null trim"
        " follow no-config pretty quiet regexp"
    ),
)
_DATE = Options("uRI", "dr", words("date utc universal iso-8601 rfc-3339 rfc-email reference"))
_DATE_ATTACHED = re.compile(r"-I(?:date|hours|minutes|seconds|ns)")
_XXD = Options("abCeipruE", "cglosn")
_TEST = words("-d -e -f -h -L -n -r -s -w -x -z")


def _anything(_: Sequence[str]) -> None:
    """Whatever it is given, it only reads."""


def _nothing(args: Sequence[str]) -> None:
    if args:
        raise Unclear("it only reads when it is given no arguments")


def _listed(args: Sequence[str]) -> None:
    """The variables, with whatever between them; a program's name would start it."""
    if any(arg not in ("-0", "--null") for arg in args):
        raise Unclear("it only reads when it is given no program")


def _only(options: Options) -> Check:
    """Known options, and any operands."""
    return options.operands


def _find(args: Sequence[str]) -> None:
    for arg in args:
        if arg.startswith("-") and arg not in _FIND and not _FIND_NUMBER.fullmatch(arg):
            raise Unclear(f"find {arg} is not known to only read")


def _uniq(args: Sequence[str]) -> None:
    if len(_UNIQ.operands(args)) > 1 or any(arg.startswith("+") for arg in args):
        raise Unclear("uniq writes to its second file")


def _date(args: Sequence[str]) -> None:
    rest = [arg for arg in args if not _DATE_ATTACHED.fullmatch(arg)]
    if any(not operand.startswith("+") for operand in _DATE.operands(rest)):
        raise Unclear("date may set the clock")


def _printf(args: Sequence[str]) -> None:
    """Only text: in some shells a number is an expression that may start commands."""
    if not args or args[0].startswith("-"):
        raise Unclear("printf with options")
    if set(re.findall(r"%.?", args[0])) - {"%s", "%b", "%%"}:
        raise Unclear("printf of anything but text")


def _command(args: Sequence[str]) -> None:
    if not args or args[0] not in ("-v", "-V") or any(arg.startswith("-") for arg in args[1:]):
        raise Unclear("command may start a program")


def _test(args: Sequence[str]) -> None:
    if len(args) != 2 or args[0] not in _TEST:
        raise Unclear("a test with more than one condition")


def _cd(args: Sequence[str]) -> None:
    if len(args) != 1 or args[0].startswith(("-", "+")):
        raise Unclear("cd to a folder that is not named")


def _sed(args: Sequence[str]) -> None:
    scripts: list[str] = []
    operands: list[str] = []
    script_next = False
    for arg in args:
        if script_next:
            scripts.append(arg)
            script_next = False
        elif arg in ("-e", "-ne"):
            script_next = True
        elif arg.startswith("-"):
            if arg not in ("-n", "-E", "-r", "-nE", "-nr", "-En"):
                raise Unclear(f"sed {arg} is not known to only read")
        else:
            operands.append(arg)
    if not scripts:
        scripts = operands[:1]
    if not scripts or not all(_SED_SCRIPT.fullmatch(script) for script in scripts):
        raise Unclear("a sed script that is not known to only print")


def _bracket(end: str) -> Check:
    def check(args: Sequence[str]) -> None:
        if args[-1:] != [end]:
            raise Unclear("a test that does not end")
        _test(args[:-1])

    return check


def _xxd(args: Sequence[str]) -> None:
    if len(_XXD.operands(args)) > 1:
        raise Unclear("xxd writes to its second file")


def _settings(options: Options) -> Check:
    """What is asked for is printed, what is given is set."""

    def check(args: Sequence[str]) -> None:
        if options.operands(args):
            raise Unclear("it may set what it is given")

    return check


def _version(name: str) -> Check:
    def check(args: Sequence[str]) -> None:
        known = [["--version"]] + [[flag] for flag, names in _ASKED_BY.items() if name in names]
        if list(args) not in known:
            raise Unclear(f"{name} runs programs")

    return check


CHECKS: Mapping[str, Check] = {
    "[": _bracket("]"),
    "[[": _bracket("]]"),
    "base64": _only(Options("dDi", "w", words("decode ignore-garbage wrap"))),
    "hexdump": _only(Options("bCcdovx", "ens", words("canonical no-squeezing"))),
    "locale": _settings(Options("am", "", words("all-locales charmaps"))),
    "ulimit": _settings(Options("aHSbcdefilmnpqrstuvx")),
    "xxd": _xxd,
    **{name: _version(name) for name in VERSIONED},
    **dict.fromkeys(INERT, _anything),
    **dict.fromkeys(BARE, _nothing),
    "env": _listed,
    **archives.CHECKS,
    "awk": check_awk,
    "cd": _cd,
    "command": _command,
    "date": _date,
    "file": _only(_FILE),
    "find": _find,
    "getconf": _only(Options(flags="a")),
    "lsb_release": _only(Options(flags="acdirs")),
    **dict.fromkeys(("pip", "pip3"), tools.pip),
    "printf": _printf,
    "rg": _only(_RG),
    "sed": _sed,
    "sort": _only(_SORT),
    "strings": _only(Options("a", "ent")),
    "test": _test,
    "tree": _only(_TREE),
    "uniq": _uniq,
}
