"""A rule of the user's for always, made from an action and written at the user's own word.

Owns what is shown before it is written, and the order: recorded, then written.  The control socket
serves nobody inside the containment, so no agent comes here.
"""

from __future__ import annotations

from agentwatch import wire
from agentwatch.errors import AgentwatchError
from agentwatch.grants.writing import Draft, draft, drafts
from agentwatch.model import Action, Json
from agentwatch.rules import Decide, adding, user_file
from agentwatch.supervisor.session import Supervised


def offered(session: Supervised, action: str) -> list[Json]:
    """Every rule that may be made from an action, as it would be written."""
    found = session.gate.find(action)
    cut, setting = session.beforehand.seen(found)
    return [_shown(session, found, one) for one in drafts(found, cut, setting)]


def write(session: Supervised, message: Json, by: str) -> Json:
    """Write the one that was shown; raises AgentwatchError where it would be another."""
    found = session.gate.find(str(message.get("action")))
    cut, setting = session.beforehand.seen(found)
    made = draft(found, str(message.get("scope")), cut, setting)
    shown, text = message.get("shown"), message.get("toml")
    if not isinstance(shown, str) or text != made.text:
        raise wire.WireError("a rule is written only as it was shown")
    adding.tried(made.text)
    said = {"action": found.id, "digest": found.digest, "toml": made.text, "by": by}
    session.record_or_raise("rule-added", {**said, "file": str(user_file())})
    try:
        path = adding.add(made.text, shown)
    except AgentwatchError as error:
        session.note("rule-not-added", {**said, "why": error.what})
        raise
    return {"id": made.id, "file": str(path), "toml": made.text}


def _shown(session: Supervised, action: Action, made: Draft) -> Json:
    """One rule as a person sees it before it is written."""
    _, digest = adding.now()
    ruling = session.beforehand.on(action.proposal, action.reversibility)
    stricter = ruling is not None and ruling.decide is not Decide.ALLOW
    return {
        "scope": made.scope,
        "covers": made.words,
        "id": made.id,
        "toml": made.text,
        "file": str(user_file()),
        "shown": digest,
        "still": ruling.rule if stricter and ruling is not None else None,
    }
