"""The demo: the main job on a scripted agent, in a throw-away folder, offline.

Owns the folder and what is started in it.  `inbox` is the mail, `agent` and `helper` are what
goes wrong with it, `person` plays the one who approves, denies and kills, `outcome` counts what
is left.  Everything in it is real: the messages are files, and deleted means gone.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agentwatch.demo import inbox


@dataclass(frozen=True, slots=True)
class Tempo:
    """How fast the agent and its helper are, in seconds a step."""

    pace: float
    helper_every: float


WATCHABLE = Tempo(pace=1.2, helper_every=2.0)
"""Slow enough for a person to read a card, fast enough to worry them."""

UNATTENDED = Tempo(pace=0.15, helper_every=0.4)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A folder with an inbox, and how to start the agent on it."""

    folder: Path
    maildir: Path
    argv: tuple[str, ...]
    env: Mapping[str, str]
    tempo: Tempo


def prepare(tempo: Tempo) -> Prepared:
    """Make the folder and the inbox; nothing is started yet."""
    # Not named after us: what lies in `agentwatch-…` folders is judged as ours, not as mail.
    folder = Path(tempfile.mkdtemp(prefix="inbox-demo-")).resolve()
    maildir = inbox.make(folder)
    speed = ("--pace", str(tempo.pace), "--helper-every", str(tempo.helper_every))
    argv = (sys.executable, "-m", "agentwatch.demo.agent", str(maildir), *speed)
    ours = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (ours, os.environ.get("PYTHONPATH"))))
    return Prepared(folder, maildir, argv, {**os.environ, "PYTHONPATH": path}, tempo)
