"""How a channel asks: one proposal in, one answer out, wherever the gate is.

Owns the shape of the question and of its answer.  A channel that runs in the supervisor asks its
gate; one that runs inside a session asks through the agent's socket.  Cancelling the wait
withdraws the question.  Whatever goes wrong on the way is a no.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from agentwatch.model import Json, Proposal


def params_of(proposal: Proposal) -> Json:
    """The input of a proposal whose input is its parameters."""
    return dict(proposal.params)


@dataclass(frozen=True, slots=True)
class Editable:
    """How a person may change what is asked: whoever asks carries another input back."""

    remade: Callable[[Json], Proposal]
    """Its proposal, were its input another; raises AgentwatchError for one that cannot be."""
    read: Callable[[Proposal], Json] = params_of
    """The input in a proposal."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a proposal."""

    allowed: bool
    why: str
    """The reason in words; for the agent when it is a no."""
    by: str
    action: str = ""
    """The action's id, empty where it never became one."""
    given: Json | None = None
    """The input that was approved where a person changed it: this alone may be used then."""


class Session(Protocol):
    """What a channel needs of the session it belongs to."""

    async def ask(
        self, proposal: Proposal, *reasons: str, editable: Editable | None = None
    ) -> Answered:
        """Put a proposal to the gate and wait; never raises but for a cancelled wait.

        `reasons` are further ones to ask: with any, no rule lets it pass by itself.  With
        `editable` the answer may be to another input, `Answered.given`.
        """

    def passes(self, proposal: Proposal) -> bool:
        """Whether it would pass without a question; asks nobody and records nothing."""

    def seen(self, proposal: Proposal) -> bool:
        """Whether another gate of this session saw it, or holds whatever it does."""

    def note(self, kind: str, data: Json) -> None:
        """Record what needs no answer."""

    def refused(self, who: str, what: str) -> None:
        """Record a message that was turned away."""

    def reported(self, where: str, usage: Json) -> None:
        """What the agent says that a conversation has used up."""

    def alarm(self, text: str) -> None:
        """Something a person should look at now."""
