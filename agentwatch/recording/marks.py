"""Which of a session's events become marks in its recording, and in what words.

Owns the words.  A question and its answer are marks, and a denial, an alarm, a freeze, a kill; what
policy let pass without a question is in the journal and is none, or nobody could step from
decision to decision.
"""

from __future__ import annotations

from agentwatch.model import ActionState, Json, Receipt, SessionState
from agentwatch.visible import shown

LONGEST = 200
"""Characters of what an action says of itself."""

STATES = {
    SessionState.FROZEN.value: "FROZEN",
    SessionState.RUNNING.value: "RESUMED",
    SessionState.KILLING.value: "KILL",
}


class Marks:
    """What was marked so far of one session."""

    def __init__(self) -> None:
        self._asked: set[str] = set()
        self._state = SessionState.RUNNING.value

    def label(self, event: Json) -> str | None:
        """The mark for an event as listeners hear it; None where it is none."""
        match event.get("event"):
            case "action":
                return self._action(event["action"])
            case "session":
                return self._session(str(event["session"]["state"]))
            case "alarm":
                return f"ALARM {shown(event['text'], LONGEST)}"
            case "receipt":
                return shown(Receipt.from_json(event["receipt"]).sentence(), LONGEST)
        return None

    def _action(self, action: Json) -> str | None:
        name, what = str(action["id"]), shown(action["summary"], LONGEST)
        if action["state"] == ActionState.PENDING:
            if name in self._asked:
                return None
            self._asked.add(name)
            return f"ASKED {name}: {what}"
        was_asked = name in self._asked
        self._asked.discard(name)
        if action["state"] == ActionState.ALLOWED and not was_asked:
            return None
        decision = action["decision"] or {}
        word = str(action["state"]).upper()
        return f"{word} {name} by {shown(decision.get('by'), LONGEST)}: {what}"

    def _session(self, state: str) -> str | None:
        if state == self._state or state not in STATES:
            return None
        self._state = state
        return STATES[state]
