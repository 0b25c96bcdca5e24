"""A supervisor in memory: the three methods a screen uses, and what a test wants to say."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import (
    Action,
    Coverage,
    Decision,
    Grade,
    Json,
    Kind,
    Mode,
    Proposal,
    Receipt,
    Reversibility,
    Session,
    SessionState,
    Verdict,
)
from agentwatch.paths import Places

NOW = 1_700_000_000.0


class Clock:
    """A clock that a test turns by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def session(**changes: Any) -> Session:
    values: dict[str, Any] = {
        "id": "claude-7f3a",
        "name": "claude",
        "argv": ("claude",),
        "workspace": "/home/ada/inbox-cleaner",
        "state": SessionState.RUNNING,
        "pid": 4711,
        "supervisor_pid": 4700,
        "grade": Grade.A,
        "containment": "pidns",
        "coverage": Coverage(exec="hooks", files="hooks", network="no", tools="hooks"),
        "mode": Mode.ASK,
        "pending": 0,
        "pids": 6,
        "started_at": NOW - 187,
    }
    return Session(**{**values, **changes})


def action(seq: int = 1, **changes: Any) -> Json:
    """An action's JSON; fields of the proposal and of the action alike may be given."""
    proposal: dict[str, Any] = {
        "kind": Kind.EXEC,
        "summary": "ls",
        "channel": "hooks",
        "command": "ls",
        "cwd": "/home/ada/inbox-cleaner",
        "pid": 4711,
        "parents": ("node(4709)", "claude(4705)"),
    }
    outer: dict[str, Any] = {
        "reversibility": Reversibility.IRREVERSIBLE,
        "reasons": ("No rule allows this.",),
        "outside": (),
        "seen_at": NOW - 5,
        "deadline": NOW + 595,
        "evidence": None,
    }
    for name, value in changes.items():
        (outer if name in outer or name == "id" else proposal)[name] = value
    identity = outer.pop("id", f"act-{seq}")
    made = Action(
        id=identity, session="claude-7f3a", seq=seq, proposal=Proposal(**proposal), **outer
    )
    return made.to_json()


def decided(raw: Json, verdict: Verdict, by: str = "person:tui", why: str = "") -> Json:
    return Action.from_json(raw).decided(Decision(verdict, by, why, None, NOW)).to_json()


class Supervisor:
    """Answers like one, and remembers every call."""

    def __init__(self, *pending: Json, **changes: Any) -> None:
        self.session: Json = session(**changes).to_json()
        self.pending = {item["id"]: item for item in pending}
        self.recent: list[Json] = []
        self.scopes: list[Json] = []
        self.rules: list[Json] = []
        self.grants: list[Json] = []
        self.breaker: Json = {}
        self.receipt: Json | None = None
        self.output = b""
        self.calls: list[tuple[str, Json]] = []
        self.refusal: BaseException | None = None
        self.reachable = True
        self.queue: asyncio.Queue[Json | None] = asyncio.Queue()
        self.flood: Callable[[], AsyncIterator[Json]] | None = None

    async def open(self, _places: Places) -> Supervisor:
        if not self.reachable:
            raise AgentwatchError("nobody answers", "", ExitCode.NO_SUPERVISOR)
        return self

    async def call(self, op: str, **fields: Any) -> Any:
        self.calls.append((op, fields))
        if op == "watch":
            return {
                "session": self.session,
                "pending": list(self.pending.values()),
                "recent": self.recent,
                "output": base64.b64encode(self.output).decode(),
                "receipt": self.receipt,
                "grants": self.grants,
                "breaker": self.breaker,
            }
        if self.refusal is not None:
            raise self.refusal
        lists = {"actions": self.recent, "scopes": self.scopes, "rules": self.rules}
        if op in lists:
            return lists[op]
        if op in ("breaker", "reset", "answer-all", "add-budget"):
            return self.breaker
        return self._decide(fields) if op == "decide" else self.session

    def _decide(self, fields: Json) -> Json:
        raw = self.pending.get(fields["action"])
        if raw is None:
            raise AgentwatchError("already decided", "", ExitCode.NO)
        if raw["digest"] != fields["digest"]:
            raise AgentwatchError("the action is not the one you saw", "", ExitCode.NO)
        del self.pending[fields["action"]]
        answer = decided(raw, Verdict(fields["verdict"]), why=fields.get("because") or "")
        self.queue.put_nowait({"event": "action", "action": answer})
        return answer

    async def events(self) -> AsyncIterator[Json]:
        if self.flood is not None:
            async for item in self.flood():
                yield item
        while (event := await self.queue.get()) is not None:
            yield event

    async def close(self) -> None:
        """A double has nothing to close."""

    # What a test says

    def propose(self, raw: Json) -> None:
        self.pending[raw["id"]] = raw
        self.queue.put_nowait({"event": "action", "action": raw})

    def say(self, **event: Any) -> None:
        self.queue.put_nowait(event)

    def hang_up(self) -> None:
        self.queue.put_nowait(None)

    @property
    def decisions(self) -> list[tuple[str, str]]:
        return [
            (fields["action"], fields["verdict"]) for op, fields in self.calls if op == "decide"
        ]


class Switch:
    """A kill that measures what the test wants."""

    def __init__(self, receipt: Receipt | None = None, error: Exception | None = None) -> None:
        self.receipt = receipt or killed()
        self.error = error
        self.calls: list[str] = []

    def __call__(self, places: Places, *, trigger: str, by: str) -> Receipt:
        self.calls.append(f"{places.id} {trigger} {by}")
        if self.error is not None:
            raise self.error
        return self.receipt


def killed(**changes: Any) -> Receipt:
    values: dict[str, Any] = {
        "session": "claude-7f3a",
        "trigger": "key",
        "by": "tui",
        "containment": "pidns",
        "before": 17,
        "left": (),
        "ms": {"gate": 0.1, "signal": 0.3, "empty": 4.2},
        "denied_pending": 2,
    }
    return Receipt(**{**values, **changes})


def places(folder: Path) -> Places:
    return Places("claude-7f3a", folder / "run", folder / "state")
