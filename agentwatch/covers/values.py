"""What a cover is, and what is seen below the agent.

Owns the fields.  Decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from agentwatch.model import Evidence, FileState


class Process(Protocol):
    """One process, told from a later one with the same number."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def started(self) -> int:
        """The kernel's start time of it."""


Ancestry = Sequence[Process]
"""A process and its ancestors, nearest first, as far as they could be read."""


class Event(Protocol):
    """A held system call; every path absolute, as the kernel resolved it."""

    @property
    def kind(self) -> str:
        """exec, write, delete, rename, truncate, link, mode, connect, datagram, signal."""

    @property
    def pid(self) -> int:
        """The process that makes the call."""

    @property
    def argv(self) -> tuple[str, ...]:
        """The arguments of the new program, whole."""

    @property
    def exe(self) -> str:
        """The file the kernel will run; for anything but exec, the caller's own."""

    @property
    def path(self) -> str:
        """The object."""

    @property
    def path2(self) -> str:
        """The second name of a rename or link."""

    @property
    def flags(self) -> Collection[str]:
        """Circumstances: create, truncate, replace, symbolic, inside, …."""

    @property
    def address(self) -> str:
        """The address as text."""

    @property
    def port(self) -> int:
        """The port."""

    @property
    def family(self) -> str | None:
        """inet, inet6, unix, other."""

    @property
    def cwd(self) -> str:
        """The folder the caller is in."""


class Scope(StrEnum):
    """What sort of thing a cover is for."""

    COMMAND = "command"
    """A declared shell line, and all that it starts."""
    PROGRAM = "program"
    """A program start that was seen and allowed, and all that it starts."""
    FILES = "files"
    """The files that a declared write or edit names."""
    HOSTS = "hosts"
    """The host that a declared fetch names."""
    READING = "reading"
    """A program that only reads: what it starts must only read too."""
    DRAFT = "draft"
    """A line or program that was let start because it is held: each of its effects is judged."""


class OnUndeclared(StrEnum):
    """What happens when something consequential was not declared."""

    ASK = "ask"
    FREEZE = "freeze"
    """Everything stands still, and a person is asked."""
    KILL = "kill"


@dataclass(frozen=True, slots=True)
class Cover:
    """What one allowed action lets pass without a second question."""

    action: str
    digest: str
    """What the answer was bound to."""
    scope: Scope
    command: str | None = None
    argv: tuple[str, ...] = ()
    cwd: str | None = None
    paths: tuple[str, ...] = ()
    """Files that it names, normalised."""
    hosts: tuple[str, ...] = ()
    files: tuple[FileState, ...] = ()
    """The files that the action stands on, until the cover has begun."""
    programs: frozenset[str] = frozenset()
    """The programs that it names, so that the person knew of them."""
    draft: bool = False
    """FILES: nobody was asked, because what they change into can be taken back."""

    @property
    def wide(self) -> bool:
        """Whether programs below it may do more than read."""
        return self.scope in (Scope.COMMAND, Scope.PROGRAM)


def consequence(evidence: Evidence | None, on: OnUndeclared, *, armed: bool) -> OnUndeclared:
    """What to do about an observed action that is to be asked.

    More than asking only where the agent has a hook that is alive, and did not speak.
    """
    return on if evidence is Evidence.UNDECLARED and armed else OnUndeclared.ASK
