"""What is gated in a session, in words, channel by channel.

Owns the words.  Decides nothing; says `no` where nothing holds.
"""

from __future__ import annotations

import platform

from agentwatch import __version__
from agentwatch.agents import Prepared
from agentwatch.model import KERNEL_GATE, Coverage, Json
from agentwatch.supervisor.config import Config


def of(config: Config, prepared: Prepared, *, armed: bool | None, held: bool) -> Coverage:
    """The coverage of a session, its hook seen or not, its system calls held or not."""
    if config.ungated:
        return Coverage()
    below = KERNEL_GATE if held else "no"
    return Coverage(exec=below, files=below, network=below, tools=_tools(config, prepared, armed))


def told(config: Config, prepared: Prepared, gated: Coverage) -> Json:
    """The same for the record, with what a reader must know of who gated it."""
    return {
        **gated.to_json(),
        "agent": prepared.name,
        "hook": prepared.expects_arm and config.gated,
        "agentwatch": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def _tools(config: Config, prepared: Prepared, armed: bool | None) -> str:
    """What the agent's own tool calls are gated by."""
    if config.speaks is not None:
        return config.speaks.gates
    if not prepared.expects_arm:
        return "propose"
    return f"{prepared.name} hook" if armed else "hook not seen yet"
