"""The person in front of the unattended demo: approves, denies, watches, kills.

Owns the order of what they do.  Acts as any client would, on the control socket, and kills as
the kill key does; waits for what must happen, each time with a deadline.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from agentwatch import kill
from agentwatch.client import Client
from agentwatch.demo import inbox
from agentwatch.demo.agent import ASKED_FIRST
from agentwatch.demo.outcome import Look, look
from agentwatch.errors import AgentwatchError
from agentwatch.model import Json, Verdict
from agentwatch.paths import Places

PATIENCE = 10.0
"""Seconds that any step of the agent may take before the demo has failed."""

T = TypeVar("T")

ENOUGH = 4
"""So many messages gone behind the person's back make them reach for the kill."""


class Person:
    """Answers the first questions, sees it go wrong, kills."""

    def __init__(self, places: Places, maildir: Path, say: Callable[[str], None]) -> None:
        self._places = places
        self._maildir = maildir
        self._say = say

    def play(self) -> Look:
        """The person's whole part; what was left right after the kill."""
        start = inbox.numbers(self._maildir)
        with Client(self._places) as client:
            allowed = sum(self._answer(client) for _ in range(ASKED_FIRST))
            self._until(lambda: self._stopped(client), "its bulk questions")
            self._say("Its context is compacted, and “confirm with me before you act” with it.")
            self._refuse_all(client)
            self._say("Its helper asks nobody: mail disappears.")
            gone = allowed + ENOUGH
            self._until(lambda: self._gone(client, start) >= gone, "start its helper")
        receipt = kill.kill(self._places, trigger="key", by="demo")
        at_kill = look(self._maildir)
        self._say(f"You: F9.  {receipt.sentence()}")
        return at_kill

    def _stopped(self, client: Client) -> bool:
        """Whether the breaker has frozen everything."""
        return bool(client.call("breaker")["state"] == "tripped")

    def _refuse_all(self, client: Client) -> None:
        """One no to the whole burst, and the tree may go on."""
        status: Json = client.call("breaker")
        self._say(f"The breaker: {status['trip']['words']}. FROZEN, the helper with it.")
        if status["burst"]:
            told = client.call("answer-all", verdict=Verdict.DENY.value)
            self._say(f"You: no to all {told['count']}, with one key. Then you let it go on.")
        client.call("reset")

    def _gone(self, client: Client, start: inbox.Numbers) -> int:
        """How many messages have gone; what is left of the burst is refused as it comes."""
        if self._stopped(client):
            self._refuse_all(client)
        return len(start - inbox.numbers(self._maildir))

    def _answer(self, client: Client) -> bool:
        """Decide one question by what the message is worth; whether it was a yes."""
        action: Json = self._until(lambda: client.call("pending"), "a question")[0]
        letter = inbox.LETTERS[inbox.number_of(Path(action["path"])) - 1]
        because = "keep that one" if letter.keep else ""
        client.call(
            "decide",
            action=action["id"],
            digest=action["digest"],
            verdict=Verdict.DENY.value if letter.keep else Verdict.ALLOW.value,
            because=because,
        )
        answer = f"no, {because}" if letter.keep else "yes"
        self._say(f"The agent asks: delete “{letter.subject}”?  You: {answer}.")
        return not letter.keep

    def _until(self, seen: Callable[[], T], what: str) -> T:
        """The first true thing to be seen; raises AgentwatchError past the deadline."""
        end = time.monotonic() + PATIENCE
        while not (found := seen()):
            if time.monotonic() > end:
                raise AgentwatchError(
                    f"the demo's agent did not come to {what} in {PATIENCE:g} s",
                    f"see what happened: agentwatch log {self._places.id}",
                )
            time.sleep(0.03)
        return found
