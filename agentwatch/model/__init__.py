"""The domain's values: actions, decisions, sessions, receipts.

Owns their fields, their JSON and the digest that binds a decision to what was shown.  Imports
nothing of ours, holds no handle of the operating system, decides nothing.
"""

from agentwatch.model.action import Action, Decision, Proposal
from agentwatch.model.filestate import FileState
from agentwatch.model.plain import CHANGING, Json, canonical, digest_of
from agentwatch.model.receipt import Receipt, Survivor
from agentwatch.model.session import Coverage, Session
from agentwatch.model.words import (
    KERNEL_GATE,
    MAY_LEAVE,
    ActionState,
    Evidence,
    Grade,
    Kind,
    Mode,
    OnDetach,
    Origin,
    Reversibility,
    SessionState,
    Verdict,
)

__all__ = [
    "CHANGING",
    "KERNEL_GATE",
    "MAY_LEAVE",
    "Action",
    "ActionState",
    "Coverage",
    "Decision",
    "Evidence",
    "FileState",
    "Grade",
    "Json",
    "Kind",
    "Mode",
    "OnDetach",
    "Origin",
    "Proposal",
    "Receipt",
    "Reversibility",
    "Session",
    "SessionState",
    "Survivor",
    "Verdict",
    "canonical",
    "digest_of",
]
