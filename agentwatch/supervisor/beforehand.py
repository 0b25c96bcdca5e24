"""What a person decided beforehand: the rules in force, and the grants that stand.

Owns both for one session, and the looks at whether rule files have changed.  Decides nothing: it
says what was decided, and the gate takes it from there.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

from agentwatch.agents import Prepared
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.grants import Grant, Grants, Lasting, Scope, scopes
from agentwatch.model import Action, Json, Mode, Proposal, Reversibility, Verdict
from agentwatch.policy import DRAFT, READING, Judgement
from agentwatch.policy.ruled import Surroundings
from agentwatch.rules import Decide, Denials, Rulebook, Ruling, Setting, Shelf, Step
from agentwatch.supervisor import clock
from agentwatch.supervisor.config import Config

EVERY = 1.0
"""Seconds between two looks at the files."""


class Beforehand:
    """The rules and grants of one session."""

    def __init__(self, config: Config, prepared: Prepared) -> None:
        """Read the files; raises AgentwatchError for one that is not entirely right."""
        self._around = Surroundings(
            workspace=config.workspace,
            home=os.path.realpath(config.env.get("HOME") or "/"),
            agent=prepared.name,
            could_declare=prepared.expects_arm,
        )
        self._shelf = Shelf(Path(config.workspace), map(Path, config.rules))
        self._denials: tuple[Rulebook, Denials] | None = None
        self._looked = time.monotonic()
        self.grants = Grants(config.session)
        self.limits = self._shelf.limits.changed(config.breaker)
        """When the breaker trips; files that change later count from the next session on."""

    def on(self, proposal: Proposal, reversibility: Reversibility) -> Ruling | None:
        """What the rules say; raises whatever goes wrong, and then nothing passes."""
        return self._around.ruling(self._shelf.book, proposal, reversibility)

    def denials(self) -> Denials:
        """What the rules in force now might deny; the same object while they stay the same."""
        if self._denials is None or self._denials[0] is not self._shelf.book:
            around, book = self._around, self._shelf.book
            self._denials = (book, Denials.of(book, around.workspace, around.home))
        return self._denials[1]

    def weigh(self, proposal: Proposal, judgement: Judgement, mode: Mode) -> Judgement:
        """What was seen below the agent, with what the rules say of it; raises as `on` does."""
        if mode is Mode.WATCH or judgement.verdict is Verdict.DENY:
            return judgement
        found = self.on(proposal, judgement.reversibility)
        if found is None:
            return judgement
        why = (f"{found.why} ({found.rule})", *judgement.reasons)
        if found.decide is Decide.DENY:
            return replace(judgement, verdict=Verdict.DENY, reasons=why, rule=found.rule)
        if found.decide is Decide.ALLOW and judgement.verdict is None:
            return replace(judgement, verdict=Verdict.ALLOW, reasons=why, rule=found.rule)
        itself = judgement.rule == READING and judgement.cover is None
        if found.decide is Decide.ASK and (itself or judgement.rule == DRAFT):
            return replace(judgement, verdict=None, reasons=why, rule=None)
        return judgement

    def granted(self, proposal: Proposal, judgement: Judgement) -> Judgement:
        """The judgement, or an allowance where a grant covers what would be asked."""
        if judgement.verdict is not None:
            return judgement
        grant = self.grants.on(
            proposal,
            self._around.cut(proposal),
            self._around.setting(proposal, judgement.reversibility),
            now=clock.now(),
            wall=time.time(),
        )
        if grant is None:
            return judgement
        why = (f"granted from {grant.action}: {grant.scope.words}", *judgement.reasons)
        rule = f"grant {grant.id}"
        return replace(judgement, verdict=Verdict.ALLOW, reasons=why, rule=rule)

    def offered(self, action: Action, recent: list[Action]) -> list[Json]:
        """What may be granted of an action, and how many of the recent ones it would have met."""
        last = [item for item in recent if item.id != action.id][-50:]
        return [
            {
                "scope": scope.name,
                "covers": scope.words,
                "would_have_matched": sum(self._meets(scope, item) for item in last),
                "of": len(last),
            }
            for scope in self._scopes(action)
        ]

    def seen(self, action: Action) -> tuple[tuple[Step, ...], Setting]:
        """An action as rules look at it now."""
        proposal = action.proposal
        return self._around.cut(proposal), self._around.setting(proposal, action.reversibility)

    def prepare(self, action: Action, name: str, lasting: Lasting, by: str) -> Grant:
        """A grant made from an action; raises AgentwatchError for a scope it does not have."""
        offered = {scope.name: scope for scope in self._scopes(action)}
        if name not in offered:
            raise AgentwatchError(
                f"{action.id} has no scope {name!r}",
                f"there are {', '.join(offered)}",
                ExitCode.USAGE,
            )
        return self.grants.make(offered[name], lasting, action=action.id, by=by, wall=time.time())

    def refresh(self, *, held: bool) -> list[str]:
        """Look whether a file has changed; what a person should be told of it.

        Only where the tree's system calls are `held` is it certain that no agent changed it.
        """
        if time.monotonic() - self._looked < EVERY:
            return []
        self._looked = time.monotonic()
        return self._shelf.refresh(loosen=held)

    def _scopes(self, action: Action) -> tuple[Scope, ...]:
        return scopes(action, workspace=self._around.workspace, home=self._around.home)

    def _meets(self, scope: Scope, action: Action) -> bool:
        cut, setting = self.seen(action)
        return scope.holds(action.proposal, cut, setting)
