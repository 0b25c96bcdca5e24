"""A person changes what a tool call is given, before anything of it runs.

Owns the way from the changed input to the action that then waits: read as the agent's own call
would be, judged anew, and asked whatever the judgement says but a denial.  Approves nothing.

What does not work: only whoever asks can carry another input back, which hooks and plugins, MCP
calls and callers of `propose` that say so do; an ACP permission request has no room for it, and
what was seen below the agent runs as it is or not at all.
"""

from __future__ import annotations

import json
from dataclasses import replace

from agentwatch.channels.asking import Editable
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Action, Json, Verdict
from agentwatch.supervisor.session import Supervised
from agentwatch.supervisor.standing import standing_on

LONGEST = 500_000
"""Characters of an input: the agent's hook takes no longer answer than a message may be."""


def possible(session: Supervised, action: str, digest: str) -> tuple[Action, Editable]:
    """What was shown, and how another input makes it another; raises AgentwatchError."""
    session.tick()  # what is late is late, whoever is about to change it
    found = session.gate.find(action)
    asks = session.gate.asks(found.id, digest)
    editable: Editable | None = getattr(asks, "editable", None)
    if editable is None:
        raise AgentwatchError(
            "whoever asks this carries no other input back to the agent",
            f"deny it, and say what to do instead: agentwatch deny {found.id} --because …",
            ExitCode.NO,
        )
    return found, editable


def edit(session: Supervised, action: str, digest: str, given: Json, by: str) -> Action:
    """Have a changed call wait in the place of the one that was shown; raises AgentwatchError."""
    found, editable = possible(session, action, digest)
    if len(json.dumps(given)) > LONGEST:
        raise AgentwatchError("the input is too long", code=ExitCode.NO)
    if given == editable.read(found.proposal):
        raise AgentwatchError("nothing is changed", code=ExitCode.NO)
    proposal = standing_on(editable.remade(given), session.config.workspace)
    judgement = session.judge(proposal)
    if judgement.verdict is Verdict.DENY:
        why = "; ".join(judgement.reasons)
        raise AgentwatchError(f"what it became is denied: {why}", code=ExitCode.NO)
    reasons = (f"a person changed it: it was {found.id}", *judgement.reasons)
    return session.edited(found, digest, proposal, replace(judgement, reasons=reasons), by)
