"""The guard: the process the user started, which owns the terminal and sees the kill key.

`command` gives the argv that turns a process into it, `main` is what it then runs.  Standard
library only, in an interpreter without site-packages: nothing that an agent's project, a plugin or
a broken dependency brings along can keep the kill key from working.
"""

from __future__ import annotations

from agentwatch.guard.ending import head
from agentwatch.guard.entry import command, main
from agentwatch.guard.keys import KeyFilter
from agentwatch.guard.modes import Modes
from agentwatch.guard.terminal import Terminal

__all__ = ["KeyFilter", "Modes", "Terminal", "command", "head", "main"]
