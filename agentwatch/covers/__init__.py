"""Covers: one answer for an action and for all that belongs to it.

Owns which process, file or connection belongs to which allowed action, by digest, once.  Does no
I/O: processes are handed in as they were read.  What a cover lets pass is the policy's; here is
only what it is.

What does not work:
- A process that leaves its parents behind before anything of it was seen (two forks, the first
  one gone) belongs to no cover any more.  It is asked about; it never counts as the agent.
- The environment of a covered start is the agent's own choice.
"""

from __future__ import annotations

from agentwatch.covers.beside import becomes
from agentwatch.covers.book import Covers
from agentwatch.covers.naming import names
from agentwatch.covers.starts import hands_on, prepares, prepares_only, shell_line, starts
from agentwatch.covers.values import (
    Ancestry,
    Cover,
    Event,
    OnUndeclared,
    Process,
    Scope,
    consequence,
)

__all__ = [
    "Ancestry",
    "Cover",
    "Covers",
    "Event",
    "OnUndeclared",
    "Process",
    "Scope",
    "becomes",
    "consequence",
    "hands_on",
    "names",
    "prepares",
    "prepares_only",
    "shell_line",
    "starts",
]
