"""What a session leaves behind that a person must look at after a kill.

Says which of the actions that passed last may have had an effect outside this machine; it cannot
know whether they had.
"""

from __future__ import annotations

from collections.abc import Iterable

from agentwatch.model import MAY_LEAVE, Action, ActionState, Json, Reversibility

MOST = 10
"""Actions named."""


def recently_passed(decided: Iterable[Action]) -> list[Json]:
    """The last actions that passed and changed something, oldest first."""
    passed = [
        action
        for action in decided
        if action.state is ActionState.ALLOWED
        and action.reversibility is not Reversibility.READ_ONLY
    ]
    return [
        {
            "id": action.id,
            "kind": action.proposal.kind.value,
            "summary": action.proposal.summary,
            "reversibility": action.reversibility.value,
            # A draft is held: what of it leaves is an action of its own.
            "may_have_left": action.proposal.kind in MAY_LEAVE
            and action.reversibility is not Reversibility.REVERSIBLE,
        }
        for action in passed[-MOST:]
    ]
