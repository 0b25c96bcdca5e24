"""A bench for any agent: a throw-away user, gated as `agentwatch run` does it, hooks stood in for.

Owns one scripted session without a supervisor: what the agent does with its hook's answers.  For
the whole product see `supervised`.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agentwatch import agents
from agentwatch.agents import Prepared
from tests.agents_real.kit import Kit
from tests.agents_real.model_server import ModelServer, model_server
from tests.agents_real.scenario import Scenario
from tests.agents_real.stand_in import AgentSocket, Judge, allow


@dataclass(frozen=True)
class Played:
    """What became of one scripted session."""

    done: subprocess.CompletedProcess[str]
    socket: AgentSocket
    model: ModelServer
    arms: list[float]
    """Seconds from the start to each arming."""

    @property
    def heard(self) -> str:
        """Everything the model was told about its tool calls."""
        return "\n".join(self.model.result_texts())


class Bench:
    """One throw-away user with a workspace, and an agent gated as `agentwatch run` does it."""

    def __init__(self, kit: Kit, folder: Path) -> None:
        self.kit = kit
        self.program = kit.installed()
        self.home = folder / "home"
        self.work = folder / "work"
        self.address = folder / "s"
        for item in (self.home, self.work):
            item.mkdir(mode=0o700)
        (folder / "set").mkdir(mode=0o700)
        (folder / "private").mkdir(mode=0o700)
        kit.settle(self.home, self.work)

    def prepared(self, arguments: Sequence[str], env: Mapping[str, str]) -> Prepared:
        """The gated command, as the supervisor makes it."""
        return self._gated((self.program, *arguments), env)

    def _gated(self, command: Sequence[str], env: Mapping[str, str]) -> Prepared:
        prepared = agents.prepare(
            command,
            env,
            socket=str(self.address),
            cwd=str(self.work),
            sealed=self.home.parent / "set",
            home=self.home.parent / "private",
        )
        prepared.lay()
        return prepared

    def environment(self, url: str, prepared: Prepared, env: Mapping[str, str]) -> dict[str, str]:
        """The agent's environment, as the supervisor makes it."""
        whole = {**self.kit.scrubbed(self.home, url), **env}
        kept = {name: value for name, value in whole.items() if name not in prepared.env_drop}
        return {**kept, **prepared.env_add, "AGENTWATCH_TOKEN": "bench"}

    def play(
        self,
        scenario: Scenario,
        judge: Judge = allow,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        change: Callable[[list[str]], list[str]] = list,
    ) -> Played:
        """Let the agent work through a scenario; `change` may break its command line."""
        given = env or {}
        asked = AgentSocket(self.address, judge)
        with model_server(scenario, self.kit.spell) as model, asked.open():
            outside = {**self.kit.scrubbed(self.home, model.url), **given}
            prepared = self._gated(self.kit.command(model.url, *arguments), outside)
            began = time.monotonic()
            done = subprocess.run(
                change(list(prepared.argv)),
                env=self.environment(model.url, prepared, given),
                cwd=self.work,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=90,
                check=False,
            )
        return Played(done, asked, model, [when - began for when in asked.armed])

    def made(self, name: str = "ran") -> bool:
        """Whether a tool call left its mark in the workspace."""
        return (self.work / name).exists()
