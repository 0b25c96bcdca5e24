"""aider: it has no hook, so that the kernel gate alone can hold what it does.

Owns what is known of it: its own files, its models, and how it takes a yes that nobody gave.

What does not work, each tried with 0.86.2:
- There is no hook and no plugin: files are written without a question, also without `--yes-always`.
- The end of its input is a yes to every question of its own: with nobody there (`--message` and end
  of file), and with Ctrl-D typed in its terminal, it runs the command that its model suggests.  The
  gate asks about that command all the same; a window that is closed ends the session first.
- It commits by itself; `--no-auto-commits` and its own files say otherwise, and are the user's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agentwatch.agents.base import About, Prepared, Start
from agentwatch.model import Json, Proposal
from agentwatch.wire import WireError

ABOUT = About(
    name="aider",
    programs=("aider",),
    packages=("aider-chat",),
    tested="0.86.2",
    channel="none of its own: the kernel gate holds what its processes do",
    misses=("everything, unless the kernel gate is on: it has no hook",),
)

NO_HOOK_NOTE = (
    "aider has no hook: it writes files and commits without asking. With the gate every write "
    "and command is asked about; without it only the kill covers it."
)
END_NOTE = (
    "aider takes the end of its input (Ctrl-D, or nobody there) for a yes, and then runs what its "
    "model suggests."
)


@dataclass(frozen=True, slots=True)
class Aider:
    """aider, its own arguments beginning at `first` of the command."""

    first: int = 1

    @property
    def about(self) -> About:
        """What is known of it."""
        return ABOUT

    def prepare(self, start: Start) -> Prepared:
        """The start as it stands, with what a person should know of it."""
        return Prepared(
            name=ABOUT.name,
            argv=start.argv,
            own=_own(start.env),
            notes=(NO_HOOK_NOTE, END_NOTE),
        )

    def proposal(
        self,
        event: Json,  # noqa: ARG002 - the shape of an agent
        *,
        pid: int | None,  # noqa: ARG002 - likewise
        parents: tuple[str, ...],  # noqa: ARG002 - likewise
    ) -> Proposal:
        """It has no hook, so that none of its can speak."""
        raise WireError("aider has no hook")


def _own(env: Mapping[str, str]) -> tuple[str, ...]:
    """Where it keeps its state."""
    return (str(Path(env.get("HOME") or Path.home()) / ".aider"),)
