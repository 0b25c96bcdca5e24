"""The agents we know: which one a command starts, and how each is gated.

Owns the recognition.  An agent that is not known here still runs contained; it is only not asked
about its tool calls through hooks.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

import agentwatch
from agentwatch.agents.base import Agent, Found, Prepared, Start
from agentwatch.agents.claude import ClaudeCode

__all__ = ["Agent", "Found", "Prepared", "by_name", "found", "prepare", "recognise"]

PACKAGE = "@anthropic-ai/claude-code"
FETCHERS = {"npx": "", "bunx": "", "pnpx": "", "npm": "exec", "pnpm": "dlx", "bun": "x"}
"""Programs that fetch a package and run it, with the verb they need for it."""

HOOK = Path(agentwatch.__file__).parent / "channels" / "hooks" / "client.py"


def prepare(
    argv: Sequence[str],
    env: Mapping[str, str],
    *,
    ungated: bool = False,
    socket: str | None = None,
    cwd: str | None = None,
) -> Prepared:
    """How to start this command; raises AgentwatchError where a known agent cannot be gated."""
    agent = recognise(argv)
    if agent is None or ungated:
        name = agent.name if agent else PurePath(argv[0]).name
        return Prepared(name=name, argv=tuple(argv))
    hook = (sys.executable, "-I", "-S", "-E", str(HOOK))
    return agent.prepare(Start(tuple(argv), env, cwd or str(Path.cwd()), hook, socket))


def recognise(argv: Sequence[str]) -> Agent | None:
    """The known agent that this command starts, None for any other."""
    first = _first_argument(tuple(argv))
    return None if first is None else ClaudeCode(first)


def by_name(name: str) -> Agent | None:
    """The known agent whose hook speaks, by the word it was started with."""
    return ClaudeCode() if name == ClaudeCode().name else None


def found() -> list[Found]:
    """The known agents installed here."""
    program = shutil.which("claude")
    if program is None:
        return []
    return [Found("claude", _version(program), "hooks (PreToolUse), put in at the start")]


def _version(program: str) -> str:
    command = [program, "--version"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "(version not told)"
    return done.stdout.split(" ")[0].strip() or "(version not told)"


def _first_argument(argv: tuple[str, ...]) -> int | None:
    """Where Claude Code's own arguments begin in this command, None if it starts another."""
    if not argv:
        return None
    if _is_claude(argv[0]):
        return 1
    program = PurePath(argv[0]).name
    if program in ("node", "bun") and len(argv) > 1 and f"/{PACKAGE}/" in argv[1]:
        return 2
    verb = FETCHERS.get(program)
    if verb is None or (verb and argv[1:2] != (verb,)):
        return None
    return _behind_package(argv, 2 if verb else 1)


def _behind_package(argv: tuple[str, ...], start: int) -> int | None:
    """Where the arguments begin behind a fetcher's flags and the package's name."""
    named = False
    for index in range(start, len(argv)):
        word = argv[index].removeprefix("--package=")
        if word == PACKAGE or word.startswith(PACKAGE + "@"):
            named = named or argv[index] != word or argv[index - 1] in ("-p", "--package")
            if not named:
                behind = index + 1
                return behind + 1 if argv[behind : behind + 1] == ("--",) else behind
        elif named and argv[index] == "claude":
            return index + 1
        elif not word.startswith("-"):
            return None
    return None


def _is_claude(program: str) -> bool:
    """Whether a program is Claude Code, by its name or by where its name leads."""
    names = ("claude", "claude.exe")
    if PurePath(program).name in names:
        return True
    path = shutil.which(program)
    real = os.path.realpath(path) if path else ""
    return PurePath(real).name in names or f"/{PACKAGE}/" in real
