"""The official SDKs of MCP and ACP, and a published MCP server, in a venv of their own.

Owns the installation and the deciding from outside, by what a question is about.  The SDKs are
the other side of our channels, written by others; agentwatch itself uses none.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agentwatch.client import Client
from agentwatch.errors import AgentwatchError
from agentwatch.paths import Places
from tests.agents_real.api import Json
from tests.agents_real.kit import Kit
from tests.e2e.world import World

SDKS = Kit(
    name="protocol-sdks",
    package="mcp",
    version="2.3.0",
    program="mcp-server-git",
    registry="pypi",
    extra=("mcp-server-git==2026.10.19", "agent-client-protocol==0.12.1"),
)
SCRIPTS = Path(__file__).with_name("sdk_scripts")

Judge = Callable[[list[Json]], dict[str, str]]
"""From what waits to what is answered: an empty text allows, a reason denies, absent waits."""


def python() -> str:
    """The interpreter that has the SDKs."""
    return str(Path(SDKS.installed()).with_name("python"))


@dataclass
class Peer:
    """A program of the other side, which starts agentwatch by itself and tells us what it saw."""

    world: World
    process: subprocess.Popen[str]
    asked: dict[str, Json] = field(default_factory=dict)
    told: list[Json] = field(default_factory=list)

    @classmethod
    def start(cls, world: World, script: str, *args: str) -> Peer:
        """Start it, its arguments before those of the gate's command line."""
        with (world.folder / "peer").open("wb") as errors:
            process = subprocess.Popen(
                [python(), str(SCRIPTS / script), *args],
                env=world.env,
                cwd=world.work,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        peer = cls(world, process)
        threading.Thread(target=peer._listen, daemon=True).start()
        return peer

    def decide(self, judge: Judge, within: float = 180.0) -> list[Json]:
        """Answer what is asked until it ends; what it told."""
        end = time.monotonic() + within
        while self.process.poll() is None:
            if time.monotonic() > end:
                self.process.kill()
                pytest.fail(f"it does not end: {self.told} {self.errors()}")
            with suppress(AgentwatchError, ValueError, OSError):
                self._answer(judge)
            time.sleep(0.02)
        assert self.process.returncode == 0, self.errors()
        return self.told

    def errors(self) -> str:
        """What it and agentwatch said on standard error."""
        return (self.world.folder / "peer").read_text()[-3000:]

    def _answer(self, judge: Judge) -> None:
        sessions = self.world.state / "agentwatch/sessions"
        for folder in sessions.iterdir() if sessions.exists() else ():
            runtime = self.world.runtime / "agentwatch" / folder.name
            if not runtime.exists():
                continue
            with Client(Places(folder.name, runtime, folder)) as client:
                waiting = client.call("pending")
                self.asked |= {item["id"]: item for item in waiting}
                answers = judge(waiting)
                for item in waiting:
                    because = answers.get(item["id"])
                    if because is not None:
                        client.call(
                            "decide",
                            action=item["id"],
                            digest=item["digest"],
                            verdict="deny" if because else "allow",
                            because=because,
                        )

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.told.append(json.loads(line))
