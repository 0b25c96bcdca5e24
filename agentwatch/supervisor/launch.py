"""Starting the agent: its environment, its terminal, its containment.

Owns what the agent is given.  Never starts it before both sockets listen and the journal is
open.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from agentwatch import agents, containment
from agentwatch.agents import Prepared
from agentwatch.channels.acp import recipes
from agentwatch.containment.base import Gating, Launch, Running, Walls
from agentwatch.covers import OnUndeclared
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Grade
from agentwatch.supervisor.config import Config, Speaks
from agentwatch.supervisor.screen import AgentTerminal

OURS = ("AGENTWATCH_SOCKET", "AGENTWATCH_TOKEN", "AGENTWATCH_SESSION", "AGENTWATCH_COOKIE")


@dataclass(frozen=True, slots=True)
class Secrets:
    """What ties a process to its session; known to the agent, so it proves nothing but that."""

    token: str
    cookie: str

    @classmethod
    def new(cls) -> Secrets:
        """Fresh ones."""
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24))


NOT_HELD = (
    "NOT HELD: what its processes do without {asking} runs unseen ({why}). The kill covers them."
)

DRAFTS = (
    "Draft mode without held system calls: only files that the agent names itself flow and are "
    "kept for undo; what a command does is not known, so commands are asked about."
)

NO_HOOK = "No hook was put in, as asked: what the agent says of its actions is not heard."

UNGATED = "UNGATED: nothing is asked. Only the kill covers this agent."


def prepare(config: Config) -> Prepared:
    """The command as it must be started; raises AgentwatchError where it cannot be gated."""
    if config.speaks is not None:
        return _spoken(config)
    prepared = agents.prepare(
        config.argv,
        config.env,
        ungated=config.ungated,
        socket=str(config.places.agent_socket),
        answers=os.getpid(),
        cwd=config.cwd,
        hooked=config.hooked,
        sealed=config.places.sealed,
        home=config.places.home,
    )
    if config.on_undeclared is not OnUndeclared.ASK and not prepared.expects_arm:
        raise AgentwatchError(
            f"{prepared.name} has no hook, so nothing that it does could be declared",
            "leave out --on-undeclared",
            ExitCode.USAGE,
        )
    if config.ungated:
        return replace(prepared, notes=(UNGATED,))
    if not config.hooked:
        prepared = replace(prepared, notes=(*prepared.notes, NO_HOOK))
    return prepared


def _spoken(config: Config) -> Prepared:
    """The command of an agent whose protocol we speak ourselves: its hooks are not needed."""
    notes = [UNGATED] if config.ungated else []
    if config.speaks is Speaks.MCP:
        return Prepared(name=config.name, argv=config.argv, notes=tuple(notes))
    started = recipes.start(config.argv, config.places.sealed)
    found = started.recipe
    known = agents.spoken(
        found.name or config.name, config.argv, config.env, found.packages, config.cwd
    )
    return replace(
        known,
        argv=started.argv,
        unheld=started.unheld,
        env_add=found.environment(config.env),
        env_drop=found.env_drop,
        files=started.files,
        notes=(*notes, *found.notes),
    )


def not_held(config: Config, prepared: Prepared, why: str) -> str:
    """What a person should know of an agent whose system calls are not held."""
    asking = "asking through its hook" if prepared.expects_arm else "`propose`"
    if config.speaks is not None:
        asking = "saying so on its standard streams"
    return NOT_HELD.format(asking=asking, why=why)


def environment(config: Config, prepared: Prepared, secret: Secrets) -> dict[str, str]:
    """The agent's environment: the user's, less what would switch its gate off, plus ours."""
    dropped = {*prepared.env_drop, *OURS}
    env = {name: value for name, value in config.env.items() if name not in dropped}
    env |= dict(prepared.env_add)
    if not config.ungated:
        env["AGENTWATCH_SOCKET"] = str(config.places.agent_socket)
        env["AGENTWATCH_TOKEN"] = secret.token
    env["AGENTWATCH_SESSION"] = config.session
    env["AGENTWATCH_COOKIE"] = secret.cookie
    if config.stdio is None:
        env.setdefault("TERM", "xterm-256color")
    return env


def start(
    config: Config,
    prepared: Prepared,
    secret: Secrets,
    terminal: AgentTerminal | None,
    walls: Walls,
    gate: Gating | None = None,
    speaking: Callable[[int], tuple[int, int, int]] | None = None,
) -> Running:
    """The agent, running and contained; raises AgentwatchError with 125, 126 or 127."""
    if terminal is not None:
        stdio = (terminal.slave, terminal.slave, terminal.slave)
    elif config.stdio is not None:
        stdio = config.stdio
    else:
        raise ValueError("an agent has a terminal or descriptors of the caller's")
    if speaking is not None:
        stdio = speaking(stdio[2])
    tty = terminal is not None and speaking is None
    env = environment(config, prepared, secret)
    running = _contained(config, prepared.argv, env, stdio, tty=tty, walls=walls, gate=gate)
    if terminal is not None:
        terminal.close_slave()
    return running


def trial(config: Config, prepared: Prepared, secret: Secrets, walls: Walls) -> Running:
    """The agent's own hook set-up, contained and without a model: it should make the hook arm."""
    env = environment(config, prepared, secret)
    null = os.open(os.devnull, os.O_RDWR)
    try:
        return _contained(config, prepared.probe, env, (null, null, null), tty=False, walls=walls)
    finally:
        os.close(null)


def install(
    config: Config, argv: tuple[str, ...], secret: Secrets, walls: Walls, output: int
) -> Running:
    """An agent's installation, contained, with the user's own environment."""
    env = {name: value for name, value in config.env.items() if name not in OURS}
    env |= {"AGENTWATCH_SESSION": config.session, "AGENTWATCH_COOKIE": secret.cookie}
    null = os.open(os.devnull, os.O_RDWR)
    try:
        return _contained(config, argv, env, (null, output, output), tty=False, walls=walls)
    finally:
        os.close(null)


def _contained(
    config: Config,
    argv: tuple[str, ...],
    env: dict[str, str],
    stdio: tuple[int, int, int],
    *,
    tty: bool,
    walls: Walls,
    gate: Gating | None = None,
) -> Running:
    require = Grade(config.require) if config.require else None
    return containment.start_best(
        Launch(
            session=config.session,
            argv=argv,
            env=env,
            cwd=config.cwd,
            stdin=stdio[0],
            stdout=stdio[1],
            stderr=stdio[2],
            tty=tty,
            cookie=env["AGENTWATCH_COOKIE"],
            places=config.places,
            gate=gate,
            walls=walls,
        ),
        require=require,
        forced=config.containment,
    )
