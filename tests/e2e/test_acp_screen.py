"""A person speaks with an ACP agent on the screen: says something, approves what comes of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.e2e.person import ESCAPE, F9, Person
from tests.e2e.world import World

AGENT = Path(__file__).resolve().parents[1] / "agents_scripts" / "acp_agent.py"
TOOL = {"toolCallId": "t", "title": "look", "kind": "execute", "rawInput": {"command": "rm a"}}


def test_a_prompt_an_approval_and_the_kill(world: World) -> None:
    effects = world.folder / "effects"
    person = Person(world, "acp", "--", sys.executable, str(AGENT), str(effects))
    person.sees("the agent listens")
    person.types(json.dumps(["Hello.", ["run", TOOL], "Bye."]) + "\r")
    person.sees("1 action waits")
    person.sees("Hello")
    person.types(ESCAPE)
    person.sees("rm a")
    person.approves()
    person.sees("0 waiting")
    person.types("t")
    person.sees("Bye")
    assert '{"done": {"command": "rm a"}}' in effects.read_text()
    person.types(F9)
    person.sees("KILLED")
