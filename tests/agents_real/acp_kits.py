"""The agents that speak ACP, as the tests start them.

Owns what differs from the same agent under `agentwatch run`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from tests.agents_real import kit_claude, kit_codex, kit_gemini, kit_opencode, proofs
from tests.agents_real.api import Heard
from tests.agents_real.kit import Kit
from tests.agents_real.kit_copilot import COPILOT
from tests.agents_real.kit_qwen import QWEN
from tests.agents_real.scenario import Act, Call


def _ready(_home: Path, _work: Path, _url: str) -> None:
    """Nothing more to settle."""


@dataclass(frozen=True)
class Speaks:
    """One agent that speaks ACP."""

    kit: Kit
    flags: tuple[str, ...] = ()
    """What makes it speak ACP."""
    ready: Callable[[Path, Path, str], None] = _ready
    """Settles what needs the model's address."""
    plans: Call | None = None
    """What its model calls to change the agent's mode."""

    def shown(self, what: str) -> None:
        """Note that a proof held, apart from what the same agent showed under `agentwatch run`."""
        words = " ".join((self.kit.program, *self.flags))
        proofs.SHOWN.append((f"{proofs.ACP}{words}", self.kit.version, what))

    @property
    def command(self) -> tuple[str, ...]:
        """How it is started."""
        return (self.kit.installed(), *self.flags)


def _codex_ready(home: Path, work: Path, url: str) -> None:
    """The adapter passes no flags on: the address stands in the settings."""
    text = kit_codex.CONFIG.format(model=kit_codex.MODEL, url=url, work=work)
    (home / ".codex/config.toml").write_text(text)


def _escalated(act: Act, heard: Heard) -> Call:
    """What Codex's own sandbox would refuse is asked for, as its models are told to do."""
    call = kit_codex.spell(act, heard)
    if act.do != "shell" or act.details["command"].startswith(("ls", "cat")):
        return call
    more = {"sandbox_permissions": "require_escalated", "justification": "a step"}
    return Call(call.tool, {**call.arguments, **more})


CLAUDE_ACP = replace(
    kit_claude.CLAUDE,
    name="claude-agent-acp",
    package="@agentclientprotocol/claude-agent-acp",
    version="0.100.0",
    program="claude-agent-acp",
    new_node=True,
)
CODEX_ACP = replace(
    kit_codex.CODEX,
    name="codex-acp",
    package="@agentclientprotocol/codex-acp",
    version="2.6.0",
    program="codex-acp",
    new_node=True,
    warms_up=False,
    spell=_escalated,
)
GEMINI = Speaks(
    kit_gemini.GEMINI, ("--acp",), plans=Call("enter_plan_mode", {"reason": "to think"})
)
CLAUDE = Speaks(CLAUDE_ACP, plans=Call("EnterPlanMode", {}))
CODEX = Speaks(CODEX_ACP, ready=_codex_ready)
OPENCODE = Speaks(kit_opencode.OPENCODE, ("acp",))
ALL = (
    GEMINI,
    OPENCODE,
    CLAUDE,
    CODEX,
    Speaks(QWEN, ("--acp",)),
    Speaks(COPILOT, ("--acp", "--stdio")),
)


def params(*core: Speaks) -> list[ParameterSet]:
    """All of them for a test; beside these, driven only where `-m more_agents` asks for them."""
    more = pytest.mark.more_agents
    return [
        pytest.param(item, id=item.kit.name, marks=() if item in core else more) for item in ALL
    ]
