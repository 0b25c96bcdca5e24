"""Agents that a fetcher (npx, pnpm dlx, bunx, uvx, pipx) installs first, and how to do only that.

Owns the command that makes a fetcher install a package and start nothing of it but our look at
where its program lies, and the reading of what that look says.  Starts nothing itself.  Tried with
npm 11.19, pnpm 12.21, bun 1.4, uv 0.13 and pipx 1.18.

The agent is then started from where it lies, its fetcher gone: there is no moment at which what
the fetcher was free to do could pass to the agent, because no process of the one sees the other.

What does not work:
- While it installs, nothing is held: the fetcher and the install scripts of its packages may do
  whatever you may, as without agentwatch.  They are contained, die with the step, and are killed
  like an agent.
- yarn dlx removes what it has fetched as soon as what it started is over, and so does pipx with
  --no-cache: such an agent is started as it was typed.  So is one whose fetcher is told to run it
  in another way (bunx --bun, --cwd or --env-file; pipx --path or --pypackages), and one of a bun
  that is too old to know --package.
- npx without -y asks before it installs, and nobody is asked here: it then installs nothing.
- Of the variables that a fetcher sets for what it starts, only PATH is kept.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from agentwatch.agents import look
from agentwatch.agents.base import About
from agentwatch.agents.parts import description, package
from agentwatch.agents.recognise import NAMES, first_argument

_VERBS = {
    "npx": ("",),
    "npm": ("exec", "x"),
    "pnpx": ("",),
    "pnpm": ("dlx",),
    "bunx": ("",),
    "bun": ("x",),
    "uvx": ("",),
    "uv": ("tool run",),
    "pipx": ("run",),
}
"""Fetchers that start any program where the package is installed, with the words for it."""
_PYTHON = ("uvx", "uv", "pipx")
_BUN = ("bunx", "bun")
_OTHERWISE = {
    **dict.fromkeys(_BUN, ("--bun", "--cwd", "--env-file")),
    "pipx": ("--path", "--pypackages", "--no-cache"),
}
"""Flags with which a fetcher runs what it fetched otherwise than from where it then lies."""
_ASKS = ("npx", "npm")
"""Those that ask a person before they install, unless told otherwise."""
_YES = ("-y", "--yes")
_ISOLATED = ("-I", "-S", "-E", str(look.__file__))
LOOK = (sys.executable, *_ISOLATED)
LOOK_BESIDE = ("python", *_ISOLATED)
"""As pipx has it, which starts only what lies in the place it made: the interpreter there."""
_FROM_ROOT = ("/bin/sh", "-c", 'cd / && exec "$0" "$@"')
"""Before pipx, which else prefers a `python` that a folder of the workspace's may hold."""


@dataclass(frozen=True, slots=True)
class Installation:
    """How one agent is installed, and what of its command is its own."""

    through: str
    """The fetcher."""
    about: About
    argv: tuple[str, ...]
    """Installs it, and says where its programs lie."""
    rest: tuple[str, ...]
    """The agent's own arguments."""
    mark: str
    """How the line begins on which that is said."""


@dataclass(frozen=True, slots=True)
class Installed:
    """Where an agent lies, once it is installed."""

    program: str
    path: str
    """The search path that its fetcher gives to what it starts."""


def installation(argv: Sequence[str], about: About) -> Installation | None:
    """How to have this agent installed only; None where no fetcher does that by this command."""
    words = tuple(argv)
    first = first_argument(about, words)
    fetcher = PurePath(words[0]).name if words else ""
    for verb in _VERBS.get(fetcher, ()) if first else ():
        behind = 1 + len(verb.split())
        if words[1:behind] == tuple(verb.split()):
            head = [word for word in words[behind:first] if word != "--"]
            if {word.partition("=")[0] for word in head} & {*_OTHERWISE.get(fetcher, ())}:
                return None
            mark = f"agentwatch-look-{secrets.token_hex(8)}:"
            flags, programs = _flags(fetcher, head, about)
            made = (*words[:behind], *flags, *LOOK, mark, *programs)
            if fetcher == "pipx":
                looks = (*LOOK_BESIDE, mark, look.BESIDE)
                made = (*_FROM_ROOT, *words[:behind], *flags, *looks, *programs)
            return Installation(fetcher, about, made, words[first:], mark)
    return None


def _flags(fetcher: str, head: list[str], about: About) -> tuple[list[str], tuple[str, ...]]:
    """What a fetcher is told before the program it starts, and which programs to look for."""
    *flags, last = head
    programs = about.programs
    if any(word.partition("=")[0] in NAMES for word in flags):
        programs = (last,)  # the package was named by a flag, so this names the program
    elif fetcher in _PYTHON:
        flags = [*flags, "--spec" if fetcher == "pipx" else "--from", last]
        programs = (last.partition("@")[0].partition("=")[0],)
    else:
        flags = [*flags, "--package", last]
    if fetcher in _BUN:
        flags = _in_one_word(flags)
    if fetcher in _ASKS:
        flags += [*([] if set(flags) & set(_YES) else ["--no"]), "--"]
    return flags, programs


def _in_one_word(flags: list[str]) -> list[str]:
    """With the package in the word of its flag: a bun that does not know it finds no package then.

    In two words it would take the package for what to start, and start it.
    """
    made: list[str] = []
    for word in flags:
        if made and made[-1] in ("-p", "--package"):
            made[-1] = f"--package={word}"
        else:
            made.append(f"--package={word[3:]}" if word.startswith("-p=") else word)
    return made


def installed(said: bytes, asked: Installation) -> Installed | None:
    """Where the agent lies, by what the look said; None where nothing that can be believed."""
    lines = said.decode(errors="replace").splitlines()
    line = next((one for one in reversed(lines) if one.startswith(asked.mark)), "")
    try:
        data = json.loads(line.removeprefix(asked.mark))
        path, found = str(data["path"]), [str(one) for one in data["found"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    for program in found:
        own = program if asked.through in _PYTHON else _of_package(program, asked.about)
        if own and os.access(own, os.X_OK) and first_argument(asked.about, (own,)) == 1:
            return Installed(own, path)
    return None


def _of_package(program: str, about: About) -> str:
    """The agent's own program behind one of a folder of programs; empty where it has none there.

    pnpm puts a shell line there that starts it: then the package beside that folder says which.
    """
    if package(program, about) is not None:
        return program
    for name in about.packages:
        folder = Path(program).parent.parent / name
        said = description(folder)
        bins = said.get("bin")
        inside = bins.get(PurePath(program).name) if isinstance(bins, dict) else bins
        if said.get("name") == name and isinstance(inside, str):
            return os.path.realpath(folder / inside)
    return ""
