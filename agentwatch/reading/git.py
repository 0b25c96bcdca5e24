"""Which git commands only read.

Owns git's part of the table.  Options are listed, not excluded: git accepts abbreviations, and
`--output`, `--ext-diff`, `--open-files-in-pager` and their like are understood by more commands
than one would think.  Options before the command (`-c`, `-C`, `--git-dir`, `--exec-path`) choose
another configuration, which may name programs to run, and are not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from agentwatch.reading.options import Options, Unclear, words

_HISTORY = Options(
    "abcgiEFmPpqRrstuWwz0123456789",
    "CGLMnSU",
    words(
        "abbrev abbrev-commit after all author author-date-order before binary branches cached"
        " cherry cherry-mark cherry-pick check clear-decorations color color-words committer count"
        " date date-order decorate diff-algorithm diff-filter dirstat exit-code find-copies"
        " find-renames first-parent follow format full-history full-index function-context graph"
        " grep histogram ignore-all-space ignore-blank-lines ignore-cr-at-eol ignore-space-at-eol"
        " ignore-space-change invert-grep left-only left-right max-count max-parents merge-base"
        " merges min-parents minimal name-only name-status no-abbrev no-abbrev-commit no-color"
        " no-commit-id no-decorate no-ext-diff no-index no-merges no-notes no-patch no-prefix"
        " no-renames no-textconv no-walk not numstat objects oneline parents patch"
        " patch-with-stat patience pickaxe-regex pretty quiet raw regexp-ignore-case relative"
        " relative-date remotes reverse"
        " right-only root shortstat simplify-by-decoration since skip source staged stat submodule"
        " summary tags text topo-order unified until word-diff word-diff-regex"
    ),
)
_BLAME = Options("cefklnpstwM", "CL", words("date porcelain line-porcelain show-email root"))
_SHORTLOG = Options("cens", "", words("all group no-merges numbered since summary email until"))
_STATUS = Options(
    "bsuvz",
    "",
    words(
        "ahead-behind branch column ignored ignore-submodules long no-ahead-behind no-column"
        " no-renames porcelain renames short show-stash untracked-files verbose"
    ),
)
_STATUS_ATTACHED = words("-uno -unormal -uall")
_LISTED = words("contains merged no-contains no-merged points-at")
_BRANCH = Options(
    "arv",
    "",
    words("all color column format ignore-case list no-color no-column remotes show-current sort")
    | words("verbose"),
    _LISTED,
)
_TAG = Options("ln0123456789", "", words("column format list no-column sort"), _LISTED)
_GREP = Options(
    "acEFGhHIilLnoPpqvwWz",
    "ABCefm",
    words(
        "after-context all-match and basic-regexp before-context break cached color column context"
        " count extended-regexp files-with-matches files-without-match fixed-strings"
        " full-name function-context heading ignore-case invert-match line-number max-depth"
        " name-only no-color not null only-matching or perl-regexp quiet show-function text"
        " untracked word-regexp"
    ),
)
_CONFIG = Options(
    "lz",
    "",
    words("all bool get get-all get-regexp global includes int list local name-only null")
    | words("path show-origin show-scope system type worktree"),
)
_APPLY_SAYS = words("--stat --numstat --summary --check")
_CONFIG_ASKS = words("-l --list --get --get-all --get-regexp")
_INERT = words(
    "check-ignore count-objects describe for-each-ref ls-files ls-tree merge-base name-rev"
    " rev-parse show-ref version --version"
)


def check_git(args: Sequence[str]) -> None:
    """Raise Unclear unless `git` with these arguments only reads."""
    rest = list(args)
    while rest and rest[0] in ("--no-pager", "-P"):
        rest.pop(0)
    if not rest:
        raise Unclear("git without a command")
    name, *given = rest
    # These format placeholders start gpg.
    if any("%G" in arg or "signature" in arg for arg in given):
        raise Unclear("git may start a program to check signatures")
    if name in _INERT:
        return
    if name not in _CHECKS:
        raise Unclear(f"git {name} is not known to only read")
    _CHECKS[name](given)


def _branch(args: Sequence[str]) -> None:
    if _BRANCH.operands(args) and "--list" not in args:
        raise Unclear("git branch with a name makes a branch")


def _tag(args: Sequence[str]) -> None:
    if _TAG.operands(args) and not {"-l", "--list"} & set(args):
        raise Unclear("git tag with a name makes a tag")


def _remote(args: Sequence[str]) -> None:
    if list(args) in ([], ["-v"], ["--verbose"]):
        return
    if args[0] != "get-url":
        raise Unclear(f"git remote {args[0]} is not known to only read")
    Options(long=words("all push")).operands(args[1:])


def _config(args: Sequence[str]) -> None:
    names = _CONFIG.operands(args)
    # A name alone is asked for; without its dot it would be a verb.
    one = len(names) == 1 == len(args) and "." in names[0]
    if not one and not _CONFIG_ASKS & set(args):
        raise Unclear("git config may set a value")


def _cat_file(args: Sequence[str]) -> None:
    known = args[:1] and args[0] in ("-p", "-t", "-s", "-e", "blob", "tree", "commit", "tag")
    if len(args) != 2 or not known or args[1].startswith("-"):
        raise Unclear("git cat-file with options")


def _stash(args: Sequence[str]) -> None:
    if not args or args[0] not in ("list", "show"):
        raise Unclear("only its list is known to only read")
    _HISTORY.operands(args[1:])


def _notes(args: Sequence[str]) -> None:
    if not args or args[0] not in ("list", "show") or any(arg[:1] == "-" for arg in args):
        raise Unclear("only its list is known to only read")


def _apply(args: Sequence[str]) -> None:
    """Told to say what a patch would do, git does not apply it."""
    if not args or args[0] not in _APPLY_SAYS:
        raise Unclear("git apply that changes files")
    Options(long=frozenset(word[2:] for word in _APPLY_SAYS)).operands(args)


def _worktree(args: Sequence[str]) -> None:
    if args[:1] != ["list"] or set(args[1:]) - {"--porcelain", "-z", "-v", "--verbose"}:
        raise Unclear("only its list is known to only read")


def _symbolic_ref(args: Sequence[str]) -> None:
    if len(Options("q", "", words("short quiet")).operands(args)) != 1:
        raise Unclear("git symbolic-ref may set a name")


def _reflog(args: Sequence[str]) -> None:
    if args and args[0] != "show" and not args[0].startswith("-"):
        raise Unclear("git reflog may drop entries")
    _HISTORY.operands(args[1:] if args[:1] == ["show"] else args)


def _status(args: Sequence[str]) -> None:
    _STATUS.operands([arg for arg in args if arg not in _STATUS_ATTACHED])


_CHECKS: Mapping[str, Callable[[Sequence[str]], object]] = {
    **dict.fromkeys(
        ("diff", "diff-files", "diff-index", "diff-tree", "log", "rev-list", "show", "whatchanged"),
        _HISTORY.operands,
    ),
    "blame": _BLAME.operands,
    "branch": _branch,
    "cat-file": _cat_file,
    "config": _config,
    "grep": _GREP.operands,
    "reflog": _reflog,
    "remote": _remote,
    "shortlog": _SHORTLOG.operands,
    "apply": _apply,
    "cherry": Options("v", "", words("abbrev verbose")).operands,
    "notes": _notes,
    "show-branch": Options("ar", "", words("all remotes list current")).operands,
    "stash": _stash,
    "status": _status,
    "symbolic-ref": _symbolic_ref,
    "tag": _tag,
    "worktree": _worktree,
}
