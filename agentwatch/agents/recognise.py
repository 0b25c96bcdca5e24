"""Which known agent a command starts, and where that agent's own arguments begin.

Owns the forms: by name, by a path, by a link, through a fetcher (npx, bunx, pnpm dlx, uvx, pipx
run, …), through an interpreter given the package's file or module.

What does not work: a shell line, an alias, a wrapper script or a container; such a command is
supervised as one that is not known, which is said.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import PurePath

from agentwatch.agents.base import About

_FETCHERS = {
    "npx": ("",),
    "bunx": ("",),
    "pnpx": ("",),
    "uvx": ("",),
    "npm": ("exec", "x"),
    "pnpm": ("dlx", "exec"),
    "yarn": ("dlx", "exec"),
    "bun": ("x",),
    "uv": ("tool run", "run"),
    "pipx": ("run",),
}
"""Programs that fetch a package and run it, with the words they need for it."""

_INSTALLERS = frozenset({"npx", "npm", "pnpx", "pnpm", "yarn"})
"""Those that install thousands of files outside a cache, each of which a gate below would ask."""

NAMES = ("-p", "--package", "--from", "--spec")
"""Flags whose value is the package, so that the program's name follows."""
_VALUED = (
    *("--python", "--with", "--registry", "--index", "--index-url", "--cache"),
    *("--backend", "--pip-args", "--fetch-python", "--minimum-release-age"),
)
"""Flags of fetchers with a value that says nothing."""
_RUNTIMES = re.compile(r"(?:node|bun|deno|python[\d.]*)(?:\.exe)?")


def first_argument(about: About, argv: tuple[str, ...]) -> int | None:
    """Where the agent's own arguments begin in this command, None if it starts another."""
    if not argv:
        return None
    if _is_it(about, argv[0]):
        return 1
    program = PurePath(argv[0]).name
    for verb in _FETCHERS.get(program, ()):
        words = tuple(verb.split())
        if argv[1 : 1 + len(words)] == words:
            return _behind_package(about, argv, 1 + len(words))
    return _interpreted(about, argv) if _RUNTIMES.fullmatch(program) else None


def installer(argv: tuple[str, ...]) -> str:
    """The fetcher that installs the agent before it starts it; empty when there is none."""
    name = PurePath(argv[0]).name if argv else ""
    return name if name in _INSTALLERS else ""


def _interpreted(about: About, argv: tuple[str, ...]) -> int | None:
    """`node …/package/file.js`, `python -m package`, `python …/bin/program`."""
    if argv[1:2] == ("-m",) and len(argv) > 2:
        module = argv[2].split(".")[0].replace("_", "-")
        return 3 if module in (*about.packages, *about.programs) else None
    if len(argv) < 2 or argv[1].startswith("-"):
        return None
    path = argv[1]
    named = PurePath(path).name in about.programs and "/" in path
    return 2 if named or any(f"/{package}/" in path for package in about.packages) else None


def _behind_package(about: About, argv: tuple[str, ...], start: int) -> int | None:
    """Where the arguments begin behind a fetcher's flags and the package's name."""
    named = False
    for index in range(start, len(argv)):
        flag, _, value = argv[index].partition("=")
        before = argv[index - 1]
        if flag in NAMES and value:
            named = named or _is_package(about, value)
        elif before in NAMES:
            named = named or _is_package(about, argv[index])
        elif argv[index].startswith("-") or before in _VALUED:
            continue
        elif named and argv[index] in about.programs:
            return index + 1
        elif not named and _is_package(about, argv[index]):
            behind = index + 1
            return behind + 1 if argv[behind : behind + 1] == ("--",) else behind
        else:
            return None
    return None


def _is_package(about: About, word: str) -> bool:
    """Whether a word names one of its packages, at any version and with any extras."""
    scope, word = ("@", word[1:]) if word.startswith("@") else ("", word)
    return scope + re.split(r"@|\[|==|[<>~!]=?", word)[0] in about.packages


def _is_it(about: About, program: str) -> bool:
    """Whether a program is the agent's, by its name or by where its name leads."""
    names = (*about.programs, *(f"{name}.exe" for name in about.programs))
    if PurePath(program).name in names:
        return True
    path = shutil.which(program)
    real = os.path.realpath(path) if path else ""
    return PurePath(real).name in names or any(f"/{item}/" in real for item in about.packages)
