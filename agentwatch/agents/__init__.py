"""The agents we know: which one a command starts, and how each is gated.

Owns the list.  An agent that is not known here still runs contained; it is only not asked about
its tool calls through hooks.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

import agentwatch
from agentwatch.agents import versions
from agentwatch.agents.aider import Aider
from agentwatch.agents.base import About, Agent, Found, Prepared, Start
from agentwatch.agents.claude import ClaudeCode
from agentwatch.agents.codex import Codex
from agentwatch.agents.copilot import Copilot
from agentwatch.agents.gemini import Gemini
from agentwatch.agents.installing import Installation, Installed, installation, installed
from agentwatch.agents.mini import MiniSwe
from agentwatch.agents.openclaw import OpenClaw
from agentwatch.agents.opencode import OpenCode
from agentwatch.agents.parts import parts
from agentwatch.agents.qwen import Qwen
from agentwatch.agents.recognise import first_argument, installer
from agentwatch.agents.vibe import Vibe
from agentwatch.errors import AgentwatchError

__all__ = [
    "About",
    "Agent",
    "Found",
    "Installation",
    "Installed",
    "Prepared",
    "by_name",
    "found",
    "installation",
    "installed",
    "prepare",
    "recognise",
    "spoken",
]

AGENTS: tuple[Callable[[int], Agent], ...] = (
    *(ClaudeCode, Codex, Gemini, OpenCode),
    *(Qwen, Copilot, Vibe, OpenClaw, Aider, MiniSwe),
)
"""Every known agent, made with the place where its own arguments begin in a command."""

INSTALLING = 120.0
"""Seconds in which an agent's hook must be seen where the agent is installed first."""

HOOK = Path(agentwatch.__file__).parent / "channels" / "hooks" / "client.py"


def prepare(
    argv: Sequence[str],
    env: Mapping[str, str],
    *,
    ungated: bool = False,
    hooked: bool = True,
    socket: str | None = None,
    cwd: str | None = None,
    sealed: Path = Path("/nonexistent"),
    home: Path = Path("/nonexistent"),
    answers: int = 0,
) -> Prepared:
    """How to start this command; raises AgentwatchError where a known agent cannot be gated."""
    agent = recognise(argv)
    if agent is None or ungated:
        name = agent.about.name if agent else PurePath(argv[0]).name
        return Prepared(name=name, argv=tuple(argv))
    made_of = parts(argv[0], agent.about)
    hook = (sys.executable, "-I", "-S", "-E", str(HOOK)) if hooked else ()
    start = Start(tuple(argv), env, cwd or str(Path.cwd()), hook, socket, sealed, home, answers)
    if not hooked:
        return _unhooked(agent, start, made_of)
    prepared = agent.prepare(start)
    version = versions.described(argv[0], agent.about)
    said = versions.remark(version, agent.about) if version and prepared.expects_arm else ""
    notes = (*prepared.notes, f"{agent.about.name} {said}.") if said else prepared.notes
    made_of = (*made_of, *prepared.parts)
    prepared = replace(prepared, parts=made_of, hosts=agent.about.hosts, notes=notes)
    through = installer(start.argv) if prepared.expects_arm else ""
    return _installed_first(prepared, through) if through else prepared


def _installed_first(prepared: Prepared, through: str) -> Prepared:
    """As typed, the hook alone, with time to install: a gate below would ask about all of it."""
    why = f"{through} would be asked about all it installs: install {prepared.name} first"
    return replace(
        prepared,
        unheld=prepared.unheld or why,
        arm_within=max(prepared.arm_within, INSTALLING),
        trial_within=INSTALLING,
    )


def spoken(
    name: str, argv: Sequence[str], env: Mapping[str, str], packages: Sequence[str], cwd: str
) -> Prepared:
    """What the gate below must know of an agent that we speak with; its command is not changed."""
    known = by_name(name)
    bare = Prepared(name=name, argv=tuple(argv))
    if known is None:
        return bare
    about = replace(known.about, packages=(*known.about.packages, *packages))
    found = replace(bare, parts=parts(argv[0], about), hosts=about.hosts)
    if recognise(argv) is None:
        return found
    apart = prepare(argv, env, hooked=False, cwd=cwd)
    return replace(found, own=apart.own, models=apart.models, parts=(*found.parts, *apart.parts))


def _unhooked(agent: Agent, start: Start, made_of: tuple[str, ...]) -> Prepared:
    """The command without its hook, with what is known of the agent's own places."""
    about, argv = agent.about, start.argv
    first = first_argument(about, argv) or 1
    plain = (*argv[:first], *about.plainly, *argv[first:])
    env = about.plainly_env
    bare = Prepared(about.name, plain, env_add=env, parts=made_of, hosts=about.hosts)
    try:
        known = agent.prepare(start)
    except AgentwatchError:
        return bare  # what the gate is refused for does not matter where none is put in
    return replace(bare, own=known.own, parts=(*made_of, *known.parts), models=known.models)


def recognise(argv: Sequence[str]) -> Agent | None:
    """The known agent that this command starts, None for any other."""
    for known in AGENTS:
        first = first_argument(known(1).about, tuple(argv))
        if first is not None:
            return known(first)
    return None


def by_name(name: str) -> Agent | None:
    """The known agent whose hook speaks, by the word it was started with."""
    return next((known(1) for known in AGENTS if known(1).about.name == name), None)


def found() -> list[Found]:
    """The known agents installed here."""
    return [item for known in AGENTS if (item := _installed(known(1).about))]


def _installed(about: About) -> Found | None:
    program = next((path for name in about.programs if (path := shutil.which(name))), None)
    if program is None:
        return None
    version = versions.described(program, about) or versions.told(program)
    said = versions.remark(version, about)
    return Found(about.name, version, about.channel, about.tested, about.misses, said)
