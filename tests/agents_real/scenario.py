"""What a scripted model says: turns of text and tool calls, the same for every API.

Owns the choice of the turn.  Nothing is remembered between requests: the conversation an agent
sends back says how far it has come, so a request repeated by the agent gets the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call of the model's."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer of the model's."""

    calls: Sequence[Call] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Scripts by the word that the conversation's first message must hold."""

    scripts: Mapping[str, Sequence[Turn]] = field(default_factory=dict)

    def turn(self, opening: str, spoken: int) -> Turn:
        """What to say after `spoken` answers in a conversation with this first message."""
        for word, script in self.scripts.items():
            if word in opening:
                return script[spoken] if spoken < len(script) else Turn(text="All done.")
        return Turn(text="ok")


def play(*turns: Turn) -> Scenario:
    """A scenario of one conversation, which starts with the word GO."""
    return Scenario({"GO": turns})


def call(tool: str, **arguments: Any) -> Turn:
    """A turn of one tool call."""
    return Turn(calls=(Call(tool, arguments),), text=f"I will use {tool}.")
