"""What a scripted model says: turns of text, tool calls and acts, the same for every API.

Owns the choice of the turn and the reading of scenario files.  An act says what is to be done
(`shell`, `write`, `edit`, `read`) and is put into each agent's own tool by its kit.  Nothing is
remembered between requests: the conversation an agent sends back says how far it has come, so a
request repeated by the agent gets the same answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "scenarios"


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call of the model's, in the agent's own words."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Act:
    """One tool call of the model's, in nobody's words."""

    do: str
    """`shell` (command), `write` (path, content), `edit` (path, old, new) or `read` (path)."""
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer of the model's."""

    calls: Sequence[Call | Act] = ()
    text: str = ""
    hears: str = ""
    """What the results of this turn's calls must hold; checked by `ModelServer.surprises`."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Scripts by the word that the conversation's opening must hold."""

    scripts: Mapping[str, Sequence[Turn]] = field(default_factory=dict)
    toolless: bool = False
    """For an agent that offers its model no tools."""

    def turn(self, opening: str, spoken: int) -> Turn:
        """What to say after `spoken` answers in a conversation with this opening."""
        script = self.script(opening)
        if script is None:
            return Turn(text="ok")
        return script[spoken] if spoken < len(script) else Turn(text="All done.")

    def script(self, opening: str) -> Sequence[Turn] | None:
        """The script of a conversation, by its opening."""
        for word, script in self.scripts.items():
            if re.search(rf"\b{word}\b", opening):
                return script
        return None


def play(*turns: Turn) -> Scenario:
    """A scenario of one conversation, which starts with the word GO."""
    return Scenario({"GO": turns})


def call(tool: str, **arguments: Any) -> Turn:
    """A turn of one tool call."""
    return Turn(calls=(Call(tool, arguments),), text=f"I will use {tool}.")


def act(do: str, *, hears: str = "", **details: Any) -> Turn:
    """A turn of one act."""
    return Turn(calls=(Act(do, details),), text=f"I will {do}.", hears=hears)


def scenario_file(name: str, *, work: Path) -> Scenario:
    """A scenario from `scenarios/NAME.json`, its `{work}` being the workspace."""
    text = (FOLDER / f"{name}.json").read_text()
    scripts = json.loads(text.replace("{work}", str(work)))
    return Scenario({word: [_turn(item) for item in script] for word, script in scripts.items()})


def _turn(data: Mapping[str, Any]) -> Turn:
    acts = [
        Act(item["do"], {name: value for name, value in item.items() if name != "do"})
        for item in data.get("acts", ())
    ]
    calls = [Call(item["tool"], item["arguments"]) for item in data.get("calls", ())]
    return Turn((*acts, *calls), data.get("text", ""), data.get("hears", ""))
