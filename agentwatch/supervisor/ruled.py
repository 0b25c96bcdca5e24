"""The rules in force for one session, asked of each proposal.

Owns the shelf of rule files and the looks at whether they have changed.  Decides nothing.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from agentwatch.agents import Prepared
from agentwatch.model import Proposal, Reversibility
from agentwatch.policy.ruled import ruling
from agentwatch.rules import Ruling, Shelf
from agentwatch.supervisor.config import Config

EVERY = 1.0
"""Seconds between two looks at the files."""


class Ruled:
    """The rules of one session."""

    def __init__(self, config: Config, prepared: Prepared) -> None:
        """Read the files; raises AgentwatchError for one that is not entirely right."""
        self._config = config
        self._prepared = prepared
        self._home = os.path.realpath(config.env.get("HOME") or "/")
        self._shelf = Shelf(Path(config.workspace), map(Path, config.rules))
        self._looked = time.monotonic()

    def on(self, proposal: Proposal, reversibility: Reversibility) -> Ruling | None:
        """What the rules say; raises whatever goes wrong, and then nothing passes."""
        return ruling(
            self._shelf.book,
            proposal,
            reversibility,
            workspace=self._config.workspace,
            home=self._home,
            agent=self._prepared.name,
            could_declare=self._prepared.expects_arm,
        )

    def refresh(self) -> list[str]:
        """Look whether a file has changed; what a person should be told of it."""
        if time.monotonic() - self._looked < EVERY:
            return []
        self._looked = time.monotonic()
        return self._shelf.refresh(loosen=self._config.gated)
