"""Having an agent installed before it starts, where a fetcher would do both in one.

Owns the step: contained, killed like an agent, over before the agent begins.  Decides nothing; an
agent that cannot be found afterwards is started as it was typed, and why is said.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from dataclasses import replace

from agentwatch import agents, halt
from agentwatch.agents import Installation, Installed, Prepared
from agentwatch.channels.acp import recipes
from agentwatch.containment.base import Running, Walls
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.supervisor import launch, walls
from agentwatch.supervisor.config import Config, Hold, Speaks
from agentwatch.supervisor.session import Supervised

PATIENCE = 600.0
"""Seconds that an installation may take."""

BEAT = 0.1
MOST = 1 << 20
"""Bytes of what it says that are kept, the last ones."""

BEFORE = "{through} installs {name} first: contained, not asked about; its own program is held."
SAID = (
    "{through} installed {name} before the start: what it and the packages' install scripts did "
    "then was contained and not asked about. {name} was started as {program}."
)
FAILED = "{through} was to install {name} first, but {why}: it is started as typed."


def asked(config: Config) -> Installation | None:
    """What is installed before the start, where the agent could be held then."""
    if config.ungated or config.kernel is Hold.NEVER or config.speaks is Speaks.MCP:
        return None
    if config.speaks is None:
        known = agents.recognise(config.argv)
        return agents.installation(config.argv, known.about) if known else None
    recipe = recipes.recipe_of(config.argv)
    agent = agents.by_name(recipe.name)
    if agent is None:
        return None
    about = agent.about
    packages = (*recipe.packages, *about.packages)
    about = replace(about, programs=recipe.names, packages=packages)
    return agents.installation(config.argv, about)


async def first(session: Supervised, secret: launch.Secrets) -> Prepared:
    """Install the agent where that is asked for; how it is started then."""
    config, prepared = session.config, session.prepared
    wanted = asked(config)
    if wanted is None:
        return prepared
    halt.refuse()
    session.record_or_raise("installing", {"argv": list(wanted.argv)})
    floor = walls.look_up(config, gated=False).walls
    found = await _installed(session, wanted, secret, floor)
    name = prepared.name
    if isinstance(found, str):
        why = FAILED.format(through=wanted.through, name=name, why=found)
        session.add_notes("not-installed", (why,))
        return prepared
    argv = (found.program, *wanted.rest)
    direct = launch.prepare(replace(config, argv=argv))
    said = SAID.format(through=wanted.through, name=name, program=found.program)
    session.add_notes("installed", (said,))
    return replace(direct, env_add={**direct.env_add, "PATH": found.path})


async def _installed(
    session: Supervised, wanted: Installation, secret: launch.Secrets, floor: Walls
) -> Installed | str:
    """Where the agent lies now, or why that is not known; raises where it was killed meanwhile."""
    reads, writes = os.pipe()
    os.set_blocking(reads, False)
    try:
        try:
            running = launch.install(session.config, wanted.argv, secret, floor, writes)
        except AgentwatchError as error:
            return error.what
        finally:
            os.close(writes)
        session.running = running
        try:
            said, status = await _output(running, reads)
        finally:
            running.close()
    finally:
        os.close(reads)
    if session.places.closed.exists():
        session.note("ended", {"state": "killed", "exit": int(ExitCode.KILLED)})
        session.seal()
        raise AgentwatchError("killed before the agent was started", code=ExitCode.KILLED)
    if status is None:
        return f"that did not come to an end within {PATIENCE:g} s"
    found = agents.installed(said, wanted)
    asks = "; without -y it asks before it installs" if "--no" in wanted.argv else ""
    return found or f"its program was not found afterwards (status {status}{asks})"


async def _output(running: Running, reads: int) -> tuple[bytes, int | None]:
    """What an installation says until it ends, and its status; None where it takes too long."""
    said, status = b"", None
    end = time.monotonic() + PATIENCE
    while status is None and time.monotonic() < end:
        running.beat()
        await asyncio.sleep(BEAT)
        status = running.poll()
        with contextlib.suppress(BlockingIOError):
            while data := os.read(reads, MOST):
                said = (said + data)[-MOST:]
    return said, status


def told(config: Config) -> str:
    """What a person should hear before a start that may take its time; empty for any other."""
    wanted = asked(config)
    return BEFORE.format(through=wanted.through, name=wanted.about.name) if wanted else ""
