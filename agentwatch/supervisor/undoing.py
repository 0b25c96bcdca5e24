"""What the supervisor does around an undo: records it before, and holds the tree still meanwhile.

Owns the two ends of it.  The putting back is done by the person's own program between them.
"""

from __future__ import annotations

from agentwatch.model import Json, SessionState
from agentwatch.supervisor.session import Supervised


def begin(session: Supervised, message: Json, by: str) -> Json:
    """A person is about to undo an action; raises where that cannot be recorded."""
    action, force = str(message.get("action")), message.get("force") is True
    session.record_or_raise("undo", {"action": action, "by": by, "force": force})
    moving = session.state is SessionState.RUNNING
    if moving:
        session.freeze("undo")
    session.drafts.look(now=True)
    return {"resume": moving}


def end(session: Supervised, message: Json, by: str) -> Json:
    """What came of it."""
    told = message.get("told")
    said = told if isinstance(told, dict) else {}
    session.note("undone", {"action": str(message.get("action")), "by": by, **said})
    if message.get("resume") is True:
        session.resume("undo")
    return session.snapshot().to_json()
