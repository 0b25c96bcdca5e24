"""The values that rules are made of, and what a rule is held against.

Owns their fields.  Does no I/O, decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from agentwatch.model import Kind, Origin, Reversibility
from agentwatch.rules.patterns import Host, PathSet, Word


class Decide(StrEnum):
    """What a rule says; a stricter word wins over a milder one."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"

    @property
    def strictness(self) -> int:
        """The higher the stricter."""
        return (Decide.ALLOW, Decide.ASK, Decide.DENY).index(self)


class Seen(StrEnum):
    """Where the knowledge of an action comes from, as a rule names it."""

    DECLARED = "declared"
    OBSERVED = "observed"
    UNDECLARED = "undeclared"
    """Seen, though the agent has a way to declare and did not."""


class Day(StrEnum):
    """A day of the week."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


@dataclass(frozen=True, slots=True)
class Hours:
    """A part of the day in minutes since midnight, local time; it may cross midnight."""

    begin: int
    end: int

    def hold(self, now: datetime) -> bool:
        """Whether a time of day lies in it; the end itself does not."""
        minute = now.hour * 60 + now.minute
        if self.begin <= self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end


@dataclass(frozen=True)
class Rule:
    """One rule: every condition that it has must hold."""

    id: str
    decide: Decide
    source: str
    """The file it stands in."""
    line: int
    why: str = ""
    """What a person and the agent are told."""
    kinds: frozenset[Kind] = frozenset()
    argv: tuple[tuple[Word, ...], ...] = ()
    """The first words of a command, each with its alternatives."""
    exact: bool = False
    """Whether no word may follow."""
    flags_any: frozenset[str] = frozenset()
    flags_none: frozenset[str] = frozenset()
    flags_only: frozenset[str] | None = None
    """The options that there may be at all."""
    paths: PathSet | None = None
    hosts: tuple[Host, ...] = ()
    tools: tuple[Word, ...] = ()
    params: Mapping[str, Word] = field(default_factory=dict)
    agents: tuple[Word, ...] = ()
    workspaces: tuple[Word, ...] = ()
    """The sessions it is about, by the folder they work in."""
    origins: frozenset[Seen] = frozenset()
    reversibility: frozenset[Reversibility] = frozenset()
    hours: Hours | None = None
    days: frozenset[Day] = frozenset()
    match: tuple[str, ...] = ()
    """Command lines that it must match; `rules check` tries them."""
    not_match: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where a person finds it."""
        return f"{self.source}:{self.line}"

    @cached_property
    def first_words(self) -> frozenset[str] | None:
        """The programs it can be about, None where only a look at the whole rule tells."""
        if not self.argv or any(word.glob for word in self.argv[0]):
            return None
        return frozenset(word.text.rsplit("/", 1)[-1] for word in self.argv[0])


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known around an action, whatever it does."""

    workspace: str
    home: str
    agent: str
    """The agent's name: `claude`, `codex`; empty where it is none that we know."""
    seen: Seen
    reversibility: Reversibility
    now: datetime
    """Local time."""

    @classmethod
    def origin(cls, origin: Origin, *, could_declare: bool) -> Seen:
        """The word rules have for an action's origin."""
        if origin is Origin.DECLARED:
            return Seen.DECLARED
        return Seen.UNDECLARED if could_declare else Seen.OBSERVED


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that an action does: a simple command, a file written, a tool called."""

    kind: Kind
    argv: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    """Absolute, links followed where that could be done."""
    steering: frozenset[str] = frozenset()
    """Those of the paths that act by themselves."""
    hosts: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    """The names by which the agent's tree looked that one host up."""
    tool: str = ""
    params: Mapping[str, object] = field(default_factory=dict)
    unsure: str = ""
    """Why no rule may allow it, where that is so: what it does is not all in its words."""
    unclear: str = ""
    """Why no rule about paths may allow it: the words do not tell which files are meant."""
    reads: bool = False
    """Whether it is proven to only read, so that it needs no rule to pass."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the rules say of an action."""

    decide: Decide
    rules: tuple[Rule, ...]
    """Those that decided, one for each step where it is allowed."""

    @property
    def rule(self) -> str:
        """The rule as the record names it."""
        return ", ".join(dict.fromkeys(f"{rule.id} ({rule.place})" for rule in self.rules))

    @property
    def why(self) -> str:
        """The reason in words."""
        said = [rule.why or f"rule {rule.id} says {rule.decide}" for rule in self.rules]
        return "; ".join(dict.fromkeys(said))
