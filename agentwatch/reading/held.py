"""What may go on as reading where everything that it then does is judged by itself.

Owns the wider table for sessions whose system calls are held: there a wrong yes lets nothing
happen, it only puts the question later, to the file or the program that is not reading after all.
So words may be unknown, configuration may name programs, and a program may have a say in what it
reads; what is known to act is still a no, for its question should come first and be the only one.
Does no I/O.

What does not work: a line that starts something else only sometimes is asked about in the middle.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence

from agentwatch.reading.git import check_git
from agentwatch.reading.options import Options, Unclear, words
from agentwatch.reading.programs import CHECKS
from agentwatch.reading.tools import env_checks
from agentwatch.shell import SHELLS, Parsed, Simple, parse, parse_argv, program

Prepares = Callable[[Simple], bool]
"""Whether a command is one that agents put around theirs."""
Anybodys = Callable[[str], bool]
"""Whether a file is where anything may write."""

_SHELL = words(
    ": true false cd pushd popd dirs set shopt export unset local declare typeset readonly read"
    " mapfile readarray shift return break continue exit wait test [ let hash type getopts umask"
    " ulimit jobs times logout setopt unsetopt help history"
)
"""What a shell does within itself."""
_KNOWN = (
    *("a substitution", "a variable", "arithmetic", "braces", "a here-document with variables"),
    *("xargs adds words that it reads", "find adds the names that it finds", "a function"),
    *("a script whose commands are not looked at",),
    *("a test whose words are not looked at", "a ~ that stands for somebody's home"),
)
"""What may stay unknown of a line, because it is seen again when it is a program's argument, or
because the command that it is said of is refused by its name."""
_STEERS = re.compile(
    r"(?:\w*PAGER|LD|DYLD|GIT|PYTHON|PERL|RUBY|NODE|JAVA|BASH|ZSH|LESS|RIPGREP|SSH|GCC|CARGO|NPM)_?\w*"
    r"|_?JAVA_\w+|JDK_\w+|ENV|IFS|PATH|SHELL|SHELLOPTS|PS4|PROMPT_COMMAND|EDITOR|VISUAL|BROWSER"
    r"|GCONV_PATH|LOCPATH|GLIBC_TUNABLES|HOME|CDPATH|GLOBIGNORE|TAR_OPTIONS|POSIXLY_CORRECT"
)
"""Variables that choose what runs."""
_TAKES_AWAY = re.compile(r"(?:GIT_)?PAGER=(?:cat)?|GIT_OPTIONAL_LOCKS=0|GIT_TERMINAL_PROMPT=0")
_RIGHTS = words("sudo doas su pkexec")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_GIT_VALUED = words(
    "-c -C --git-dir --work-tree --namespace --exec-path --config-env --super-prefix"
)
_GIT_FLAGS = words(
    "-p -P --paginate --no-pager --bare --no-replace-objects --literal-pathspecs --glob-pathspecs"
    " --noglob-pathspecs --icase-pathspecs --no-optional-locks --no-lazy-fetch --no-advice"
)
_LOOKS = {
    "npm": words("ls list ll la why explain root prefix bin"),
    "pnpm": words("ls list ll la why root bin"),
    "yarn": words("list why"),
    "cargo": words("--version -V version tree metadata locate-project pkgid"),
    "go": words("version env list doc"),
    "rustc": words("--version -V -vV --print"),
    "bwrap": words("--version --help"),
    "rustup": words("show --version which"),
    "docker": words("ps images version info inspect logs top stats port diff history search")
    | words("--version -v"),
    "kubectl": words("get describe logs version explain top api-resources cluster-info"),
    "gh": words("--version"),
    "systemctl": words("status is-active is-enabled list-units list-unit-files show cat --version"),
    "dpkg": words(
        "-l -L -s -S --list --status --search --listfiles --version --print-architecture"
    ),
    "rpm": words("-qa -qi -ql -qf --query --version"),
    "apt": words("list show search policy --version"),
    "apt-cache": words("policy show search depends rdepends madison"),
    "brew": words("list info config --version --prefix"),
    "conda": words("list info env --version"),
    "poetry": words("show env --version check"),
    "uv": words("--version tree version"),
    "pip": words("list"),
    "java": words("-version --version"),
    "dotnet": words("--version --info --list-sdks --list-runtimes"),
    "terraform": words("version --version validate show"),
    "locale": words("-a"),
    "openssl": words("version"),
    "sqlite3": words("--version -version"),
    "hg": words("status log diff summary branches tags identify cat files annotate"),
    "svn": words("status info log diff list cat blame"),
}
"""By their first word; what they then reach or start is asked about by itself."""
_LOOKS_BY_TWO = {
    "npm": frozenset({"run", "config get", "config list", "config ls", "pkg get"}),
    "kubectl": frozenset({"config view", "config current-context", "config get-contexts"}),
    "uv": frozenset({"pip list", "pip show", "pip freeze", "pip tree"}),
    "gem": frozenset({"list", "environment"}),
    "crontab": frozenset({"-l"}),
    "ldconfig": frozenset({"-p"}),
    "stty": frozenset({"-a", "-g", "size", "speed"}),
    "ip": frozenset(
        f"{what}{more}"
        for what in ("a", "addr", "address", "r", "route", "link", "neigh", "rule")
        for more in ("", " show", " list", " ls")
    ),
}
"""By their first two words, or the only one."""
_ASKED_ABOUT_ITSELF = (("--version",), ("--help",))
_TOOLS = words(
    "aws black bun bundle code ctags deno dotnet eslint ffmpeg flake8 fzf gcloud helm hyperfine"
    " jest mvn mypy nvim pnpm pre-commit prettier psql pyright pytest ruff screen tox tsc vercel"
    " vim vitest yarn"
)
"""They may be asked for their version."""
_ACTING_WORDS = words(
    "--set --delete add del set flush change replace append --fix --apply -w --follow"
)
_ANY = words(
    "ack ag apropos bat batcat clear cloc colordiff delta diffstat difft dig dpkg-query duf"
    " dust exa eza fd fdfind ffprobe getent hexdump host htop info iostat journalctl last"
    " lastlog ldd less look lsblk lsd lsmod lsof lsusb man more most netstat nm nslookup"
    " numfmt objdump pdfinfo pdftotext pidof procs pstree pygmentize readelf scc shellcheck"
    " size tokei tput ugrep vmstat whatis xmllint zegrep zfgrep zgrep"
)
"""They have no way to act but to write a file or to start a program."""
_SED = Options("nErsuz", "el", words("quiet silent regexp-extended null-data posix"))
_SED_SCRIPT = re.compile(r"-[nErsuz]*e")
_SED_ACTS = re.compile(r"(?:^|[\s;{}/\d$,!])[wWe](?:\s|$|;|\})|[/|,#@:]\w*[we]\w*\s*(?:\S*$|;|\})")
_AWK_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"|/(?:[^/\\\n]|\\.)*/')
_AWK_ACTS = re.compile(r"\bsystem\b|getline|(?<!\|)\|(?!\|)|\bprintf?\b[^;}\n]*>|@load|@include")
_PYTHON_LOOKS = words("pip site platform sysconfig")


def argv_names(argv: Sequence[str], anybodys: Anybodys, prepares: Prepares) -> str:
    """The names of what only reads if it is held to it; Unclear for anything else."""
    return _names(parse_argv(tuple(argv)), anybodys, prepares)


def line_names(line: str, anybodys: Anybodys) -> str:
    """Likewise for a shell line."""
    return _names(parse(line), anybodys, lambda _: False)


def _names(parsed: Parsed, anybodys: Anybodys, prepares: Prepares) -> str:
    for why in parsed.dynamic:
        if why not in _KNOWN:
            raise Unclear(why)
    if not parsed.commands:
        raise Unclear("there is no command")
    names: dict[str, None] = {}
    for simple in parsed.commands:
        if not _RIGHTS.isdisjoint(simple.through):
            raise Unclear("it asks for more rights")
        if not prepares(simple):
            _check(simple, anybodys)
            names.setdefault(simple.name or "the shell itself")
    return ", ".join(names)


def _check(simple: Simple, anybodys: Anybodys) -> None:
    """Raise Unclear for a command that is not known to read, or that sets what steers."""
    for item in simple.redirects:
        quiet = item.target.isdigit() or item.target in ("-", "/dev/null")
        if item.writes and not quiet and not anybodys(posixpath.normpath(item.target)):
            raise Unclear("a redirection that writes")
    for given in simple.assignments:
        _may_set(given)
    if not simple.argv:
        return
    name, args = simple.name, simple.argv[1:]
    if name in _SHELL:
        _within(name, args)
    elif name == "git":
        rest = git_command(args)
        if rest[:2] != ("submodule", "status"):
            check_git(rest)
    else:
        _program(name, args)


def _within(name: str, args: Sequence[str]) -> None:
    """Something that the shell does within itself."""
    if name in ("mapfile", "readarray") and any(arg.startswith("-C") for arg in args):
        raise Unclear("it starts something for each line")
    if name in ("export", "local", "declare", "typeset", "readonly", "unset", "read", "mapfile"):
        for word in args:
            if word and not word.startswith("-"):
                _may_set(word)


def _may_set(word: str) -> None:
    """Raise Unclear for a variable that chooses what runs."""
    name = _NAME.match(word)
    if name is None or (_STEERS.fullmatch(name[0]) and not _TAKES_AWAY.fullmatch(word)):
        raise Unclear(f"it sets what may choose another program: {word.partition('=')[0]}")


def git_command(args: Sequence[str]) -> tuple[str, ...]:
    """Git's command, without the settings in front: what these may start is held by itself."""
    at = 0
    while at < len(args):
        if args[at] in _GIT_VALUED:
            at += 2
        elif args[at] in _GIT_FLAGS or args[at].partition("=")[0] in _GIT_VALUED:
            at += 1
        else:
            break
    return tuple(args[at:])


def _program(name: str, args: Sequence[str]) -> None:
    """A program that is not the shell's own."""
    if name in _ANY or (name in _TOOLS and args in _ASKED_ABOUT_ITSELF):
        return
    if " ".join(args[:2]) in _LOOKS_BY_TWO.get(name, ()) and not _ACTING_WORDS & set(args):
        return
    if name in _LOOKS and args and args[0] in _LOOKS[name] and not _ACTING_WORDS & set(args):
        return
    if name in ("python", "python3") and args[:1] == ("-m",) and args[1:2]:
        _module(args[1], args[2:])
    elif name in _LOOSER:
        _LOOSER[name](args)
    elif check := CHECKS.get(name) or _SWITCHERS.get(name):
        check(args)
    else:
        raise Unclear(f"{name} is not known to only read")


def _module(name: str, args: Sequence[str]) -> None:
    """A module of Python's that looks, as far as it is the one that it is called."""
    if name == "json.tool" and len([arg for arg in args if not arg.startswith("-")]) < 2:
        return
    if name not in _PYTHON_LOOKS:
        raise Unclear("a Python module that is not known to only read")
    if name == "pip":
        _program("pip", args)


def _find(args: Sequence[str]) -> None:
    """What it starts stands in the list by itself."""
    acting = {"-delete", "-fprint", "-fprint0", "-fprintf", "-fls"} & set(args)
    if acting:
        raise Unclear(f"find {acting.pop()} acts")


def _sed(args: Sequence[str]) -> None:
    """Any script that has no sign of writing or starting anything."""
    operands = _SED.operands(args)
    scripts = [args[at + 1] for at, arg in enumerate(args[:-1]) if _SED_SCRIPT.fullmatch(arg)]
    for script in scripts or operands[:1]:
        if _SED_ACTS.search(script):
            raise Unclear("sed that may write or start something")


def _awk(args: Sequence[str]) -> None:
    """Any program that has no sign of writing or starting anything."""
    operands = Options(valued="Fv").operands(args)
    bare = _AWK_TEXT.sub(" ", operands[0]) if operands else "|"
    if _AWK_ACTS.search(bare) or any("/inet" in arg for arg in args):
        raise Unclear("an awk program that may act")


def _xargs(_: Sequence[str]) -> None:
    """What it starts stands in the list by itself."""


def _tee(args: Sequence[str]) -> None:
    if any(arg != "/dev/null" and not arg.startswith("-") for arg in args):
        raise Unclear("tee writes files")


def _make(args: Sequence[str]) -> None:
    """What it would do; what its files start meanwhile is seen."""
    if not {"-n", "--dry-run", "--just-print", "-q", "--question"} & set(args):
        raise Unclear("make runs programs")
    Options("nqpksrRBw", "CfjI", words("dry-run just-print question silent")).operands(args)


def _hostname(args: Sequence[str]) -> None:
    if Options("AIdfisy").operands(args):
        raise Unclear("it may set the host's name")


def _anything(_: Sequence[str]) -> None:
    """It has no say over what it is given."""


_LOOSER: dict[str, Callable[[Sequence[str]], object]] = {
    **dict.fromkeys(("awk", "gawk", "mawk"), _awk),
    **dict.fromkeys(("printf", "echo"), _anything),
    "dmesg": Options("HLPTkrtuwx", "fl", words("ctime human color level facility follow")).operands,
    "hostname": _hostname,
    **dict.fromkeys(("make", "gmake"), _make),
    "ss": Options("tlnpaursHewimox46").operands,
    "top": Options("bciH", "dnop").operands,
    **dict.fromkeys(("find", "bfs"), _find),
    "sed": _sed,
    "tee": _tee,
    "xargs": _xargs,
}


def _check_given(argv: Sequence[str]) -> None:
    if not argv or program(argv[0]) in SHELLS:
        raise Unclear("there is no command that is known to only read")
    _check(Simple(tuple(argv)), lambda _: False)


_SWITCHERS = env_checks(_check_given)
