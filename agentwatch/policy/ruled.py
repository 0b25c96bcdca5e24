"""What the rules say of a proposal.

Owns the way from a proposal to what rules look at.  Follows links; decides nothing.
"""

from __future__ import annotations

import os
from datetime import datetime

from agentwatch.model import Proposal, Reversibility
from agentwatch.policy.places import steers
from agentwatch.rules import Rulebook, Ruling, Setting, steps


def ruling(
    book: Rulebook,
    proposal: Proposal,
    reversibility: Reversibility,
    *,
    workspace: str,
    home: str,
    agent: str = "",
    could_declare: bool = False,
) -> Ruling | None:
    """The ruling now; raises whatever goes wrong, and then nothing may pass.

    `could_declare` says whether the agent has a way to announce what it does.
    """
    setting = Setting(
        workspace=workspace,
        home=home,
        agent=agent,
        seen=Setting.origin(proposal.origin, could_declare=could_declare),
        reversibility=reversibility,
        now=datetime.now().astimezone(),
    )
    base = proposal.cwd or workspace
    cut = steps(proposal, base=base, home=home, follow=os.path.realpath, steers=steers)
    return book.rule(cut, setting)
