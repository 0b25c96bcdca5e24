"""What the rules say of a proposal.

Owns the way from a proposal to what rules look at.  Follows links; decides nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime

from agentwatch.model import Proposal, Reversibility
from agentwatch.policy.places import steers
from agentwatch.rules import Rulebook, Ruling, Setting, Step, steps


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is the same for every action of a session."""

    workspace: str
    home: str
    agent: str = ""
    could_declare: bool = False
    """Whether the agent has a way to announce what it does."""

    def setting(self, proposal: Proposal, reversibility: Reversibility) -> Setting:
        """What is known around an action now."""
        return Setting(
            workspace=self.workspace,
            home=self.home,
            agent=self.agent,
            seen=Setting.origin(proposal.origin, could_declare=self.could_declare),
            reversibility=reversibility,
            now=datetime.now().astimezone(),
        )

    def cut(self, proposal: Proposal) -> tuple[Step, ...]:
        """The steps of an action, links followed as they are now."""
        base = proposal.cwd or self.workspace
        return steps(proposal, base=base, home=self.home, follow=os.path.realpath, steers=steers)

    def ruling(
        self, book: Rulebook, proposal: Proposal, reversibility: Reversibility
    ) -> Ruling | None:
        """What the rules say now; raises whatever goes wrong, and then nothing may pass."""
        return book.rule(self.cut(proposal), self.setting(proposal, reversibility))
