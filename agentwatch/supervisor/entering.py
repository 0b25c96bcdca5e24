"""A session enters another mode, as a person said.

Owns the one step that a client may ask for; the order within it is `modes`'s.
"""

from __future__ import annotations

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Mode, SessionState
from agentwatch.supervisor.session import Supervised


def enter(session: Supervised, mode: Mode, by: str) -> None:
    """Enter a mode, recorded first; what waits goes on waiting.  Raises AgentwatchError."""
    if session.state.over or session.state is SessionState.KILLING:
        raise AgentwatchError("the session is over", code=ExitCode.NO)
    try:
        session.modes.change(mode, by)
    finally:
        session.save()
        session.publish_session()
