"""Which arguments of package managers and version switchers only look.

Owns their part of the table.  What asks another machine, writes a log, or starts an interpreter
that is named, is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from agentwatch.reading.options import Options, Unclear, words

Check = Callable[[Sequence[str]], object]

_PIP = Options(
    "flqv",
    "",
    words("all disable-pip-version-check editable exclude-editable files format include-editable")
    | words("isolated local no-color no-input not-required quiet user verbose exclude"),
)
_PIP_LOOKS = words("show freeze check")
_ENVS = words("pyenv rbenv nodenv")
_ENV_LOOKS = words(
    "hooks latest prefix root version version-file version-file-read version-name version-origin"
    " versions whence which"
)


def pip(args: Sequence[str]) -> None:
    """A list of what is installed here."""
    if list(args) in (["--version"], ["-V"], ["config", "list"], ["cache", "dir"]):
        return
    if not args or args[0] not in _PIP_LOOKS:
        raise Unclear("pip that may install, fetch or remove")
    _PIP.operands(args[1:])


def env_checks(check: Callable[[Sequence[str]], None]) -> Mapping[str, Check]:
    """The version switchers, which may start the program that `check` is asked about."""
    found: dict[str, Check] = {}
    for name in _ENVS:
        found[name] = lambda args: _switcher(args, check)
        found[f"{name}-exec"] = check
        found |= dict.fromkeys((f"{name}-{look}" for look in _ENV_LOOKS), lambda _: None)
    return found


def _switcher(args: Sequence[str], check: Callable[[Sequence[str]], None]) -> None:
    if not args or args[0] not in (*_ENV_LOOKS, "exec", "--version"):
        raise Unclear("it may install or switch versions")
    if args[0] == "exec":
        check(args[1:])
