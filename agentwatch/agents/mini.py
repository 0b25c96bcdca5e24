"""mini-swe-agent: it has no hook, so that the kernel gate alone can hold what it does.

Owns what is known of it: its own folders, and which flags leave its own question out.

What does not work, each tried with 2.4.6:
- There is no hook; its own question before each command is left out by `-y` and by its settings.
  The end of its input is no yes to it: the session is over then.
- Every action is `sh -c COMMAND` of its one process, which the kernel gate sees as it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agentwatch.agents.base import About, Prepared, Start
from agentwatch.model import Json, Proposal
from agentwatch.wire import WireError

ABOUT = About(
    name="mini",
    programs=("mini", "mini-swe-agent"),
    packages=("mini-swe-agent", "minisweagent"),
    tested="2.4.6",
    channel="none of its own: the kernel gate holds what its processes do",
    misses=("everything, unless the kernel gate is on: it has no hook",),
)

NO_HOOK_NOTE = (
    "mini-swe-agent has no hook. With the gate every command is asked about; without it only "
    "the kill covers it."
)
TWICE_NOTE = (
    "mini-swe-agent asks before each command too; with the gate on, -y leaves that to agentwatch."
)
YOLO_NOTE = "mini-swe-agent itself asks nothing in this mode."
YOLO = ("-y", "--yolo")


@dataclass(frozen=True, slots=True)
class MiniSwe:
    """mini-swe-agent, its own arguments beginning at `first` of the command."""

    first: int = 1

    @property
    def about(self) -> About:
        """What is known of it."""
        return ABOUT

    def prepare(self, start: Start) -> Prepared:
        """The start as it stands, with what a person should know of it."""
        yolo = not set(start.argv[self.first :]).isdisjoint(YOLO)
        return Prepared(
            name=ABOUT.name,
            argv=start.argv,
            own=_own(start.env),
            notes=(NO_HOOK_NOTE, YOLO_NOTE if yolo else TWICE_NOTE),
        )

    def proposal(
        self,
        event: Json,  # noqa: ARG002 - the shape of an agent
        *,
        pid: int | None,  # noqa: ARG002 - likewise
        parents: tuple[str, ...],  # noqa: ARG002 - likewise
    ) -> Proposal:
        """It has no hook, so that none of its can speak."""
        raise WireError("mini-swe-agent has no hook")


def _own(env: Mapping[str, str]) -> tuple[str, ...]:
    """Where it keeps its settings and what it remembers."""
    home = Path(env.get("HOME") or Path.home())
    config = Path(env.get("XDG_CONFIG_HOME") or home / ".config")
    data = Path(env.get("XDG_DATA_HOME") or home / ".local/share")
    named = env.get("MSWEA_GLOBAL_CONFIG_DIR")
    return (named or str(config / "mini-swe-agent"), str(data / "mini-swe-agent"))
