"""The agent's own question about what a person has approved just now: answered once, for them.

Owns which approvals may answer such a question, each for exactly the call it was given for and
once.  Never decides: without an approval by a person, or in any doubt, the agent asks its person
itself.  Only Codex asks so, and only about its patches is it sound: see `agents.codex_again`.

What does not work: a folder on the way may be replaced by a link between the look and the writing,
as with every edit that is not held below; the kernel gate judges the file that is opened.
"""

from __future__ import annotations

import os

from agentwatch.agents import codex_again
from agentwatch.agents.codex_again import Patch
from agentwatch.model import Action, Json, Verdict
from agentwatch.signing import by_person

AGENT = "codex"
MOST = 64
"""Approvals that are kept, the last ones: the agent asks at once, or not at all."""
SESSIONS = 256
"""Conversations that are told apart; beyond that no question is answered."""


class Again:
    """What was approved in one session and may be asked about once more."""

    def __init__(self) -> None:
        self._approved: dict[Patch, Action] = {}
        self._unclear: set[str] = set()

    def called(self, agent: str, event: Json) -> None:
        """Note a tool call before it is asked about."""
        if agent == AGENT and len(self._unclear) < SESSIONS and codex_again.holds_patch(event):
            self._unclear.add(str(event.get("session_id")))

    def approved(self, agent: str, event: Json, action: Action) -> None:
        """Keep an approval, if a person gave it for a patch of the agent's."""
        made = action.decision
        if agent != AGENT or made is None or made.verdict is not Verdict.ALLOW:
            return
        patch = codex_again.proposed(event, dict(action.proposal.params))
        if patch is None or not by_person(made.by):
            return
        self._approved[patch] = action
        if len(self._approved) > MOST:
            self._approved.pop(next(iter(self._approved)))

    def taken(self, agent: str, event: Json) -> Action | None:
        """The approval that answers the agent's question, which it does this once; or None."""
        patch = codex_again.asked(event) if agent == AGENT else None
        if patch is None or len(self._unclear) >= SESSIONS or patch.session in self._unclear:
            return None
        action = self._approved.pop(patch, None)
        if action is None or any(_leads_elsewhere(path) for path in action.proposal.paths):
            return None
        return action


def _leads_elsewhere(path: str) -> bool:
    """Whether a path is another file than its words say."""
    return os.path.realpath(path) != os.path.normpath(path)
