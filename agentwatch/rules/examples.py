"""The examples that rules carry, tried.

Owns what an example is: a command line in a workspace of its own.  Does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from agentwatch.model import Kind, Origin, Proposal, Reversibility
from agentwatch.rules.match import holds
from agentwatch.rules.steps import steps
from agentwatch.rules.values import Rule, Seen, Setting

_SETTING = Setting(
    workspace="/home/user/work",
    home="/home/user",
    agent="",
    seen=Seen.DECLARED,
    reversibility=Reversibility.IRREVERSIBLE,
    now=datetime(2026, 1, 5, 12, 0),  # noqa: DTZ001 - rules speak of local time
)


@dataclass(frozen=True, slots=True)
class Fault:
    """An example that is not as its rule says."""

    rule: Rule
    example: str
    matches: bool

    @property
    def words(self) -> str:
        """The fault as a person reads it."""
        how = "matches, though it is under not_match" if self.matches else "does not match"
        return f"{self.rule.place}: rule {self.rule.id}: `{self.example}` {how}"


def faults(rules: Iterable[Rule]) -> list[Fault]:
    """Every example that fails."""
    found = []
    for rule in rules:
        bare = replace(
            rule, agents=(), workspaces=(), origins=frozenset(), reversibility=frozenset(),
            hours=None, days=frozenset(), hosts=(), tools=(), params={},
        )  # fmt: skip
        for wanted, lines in ((True, rule.match), (False, rule.not_match)):
            found += [
                Fault(rule, line, not wanted) for line in lines if matches(bare, line) is not wanted
            ]
    return found


def matches(rule: Rule, line: str) -> bool:
    """Whether a rule is about any command of a line."""
    said = Proposal(Kind.EXEC, "", "rules", Origin.DECLARED, command=line)
    cut = steps(
        said, base=_SETTING.workspace, home=_SETTING.home, follow=str, steers=lambda _: None
    )
    return any(holds(rule, step, _SETTING) for step in cut)
