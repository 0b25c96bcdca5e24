"""What this client knows of the session it watches.

Owns the order of the queue, the last known session, alarms and receipt, built from the answers
and events of the supervisor.  Draws nothing, asks nothing, decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from agentwatch.model import Action, ActionState, Json, Receipt, Session, digest_of
from agentwatch.tui.talk import Talk

ALARMS_KEPT = 200


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something a person must know, as the supervisor worded it."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One action as it reached us: the JSON that is drawn, and the digest of exactly that."""

    raw: Json
    action: Action
    digest: str

    @property
    def id(self) -> str:
        """Its name in every message."""
        return self.action.id

    @property
    def pending(self) -> bool:
        """Whether it still waits for an answer."""
        return self.action.state is ActionState.PENDING

    @property
    def sound(self) -> bool:
        """Whether the supervisor's own digest agrees with the one of what is drawn."""
        return self.raw.get("digest") == self.digest

    @classmethod
    def read(cls, raw: Json) -> Seen:
        """Raises where the message is not an action."""
        return cls(raw, Action.from_json(raw), digest_of(raw))


@dataclass(slots=True)
class Watched:
    """The session as last heard of."""

    session: Session | None = None
    receipt: Receipt | None = None
    alarms: list[Alarm] = field(default_factory=list)
    lost: str | None = "connecting"
    """Why nothing can be approved, None while the supervisor answers."""
    killing: bool = False
    """Whether our own kill is under way."""
    grants: list[Json] = field(default_factory=list)
    """What is granted, as the supervisor words it."""
    breaker: Json = field(default_factory=dict)
    """The breaker's counts and what it has stopped, likewise."""
    talk: Talk | None = None
    """The conversation with the agent, where it has one."""
    actions: dict[str, Seen] = field(default_factory=dict)
    """In the order they arrived; decided ones leave unless they are held on screen."""

    def begin(self, answer: Json) -> None:
        """Take the supervisor's answer to `watch`: the truth, where ours differs."""
        self.session = Session.from_json(answer["session"])
        self.take_receipt(answer.get("receipt"))
        self.grants = objects(answer.get("grants"))
        self.take_breaker(answer.get("breaker"))
        waiting = [Seen.read(raw) for raw in answer.get("pending") or []]
        known = {seen.id: seen for seen in waiting}
        kept = {name: known[name] for name in self.actions if name in known}
        self.actions = {**kept, **known}
        self.talk = Talk.read(answer.get("conversation"))
        self.lost = None

    def hear(self, event: Json) -> Seen | None:
        """Take one event; the action where it is a new one that waits."""
        match event.get("event"):
            case "action":
                return self._take_action(Seen.read(event["action"]))
            case "session":
                self.session = Session.from_json(event["session"])
            case "grants":
                self.grants = objects(event.get("grants"))
            case "breaker":
                self.take_breaker(event.get("breaker"))
            case "receipt":
                self.take_receipt(event["receipt"])
            case "said" | "spoken" if self.talk is not None:
                self.talk.hear(event)
            case "alarm":
                self.alarm(float(event.get("at") or 0), str(event.get("text")))
        return None

    def alarm(self, at: float, text: str) -> None:
        """Keep an alarm; the oldest go when there are too many."""
        self.alarms.append(Alarm(at, text))
        del self.alarms[:-ALARMS_KEPT]

    def take_breaker(self, raw: Any) -> None:
        """Keep what is said of the breaker, if it is anything."""
        self.breaker = raw if isinstance(raw, dict) else {}

    def take_receipt(self, raw: Any) -> None:
        """Keep the receipt that tells most: a second kill of an empty tree measures nothing."""
        if raw is None:
            return
        new = raw if isinstance(raw, Receipt) else Receipt.from_json(raw)
        old = self.receipt
        if old is None or new.before >= old.before or not new.clean or not old.clean:
            self.receipt = new

    @property
    def trip(self) -> Json | None:
        """Why the breaker stopped everything, if it has."""
        trip = self.breaker.get("trip")
        return trip if isinstance(trip, dict) and not self.over else None

    def waiting(self) -> list[Seen]:
        """What waits for an answer, oldest first; nothing does once the session is over."""
        if self.over:
            return []
        return [seen for seen in self.actions.values() if seen.pending]

    def rows(self, chosen: str | None, matches: Callable[[Seen], bool]) -> list[Seen]:
        """What the queue shows: what waits and matches, and the chosen one in any case."""
        return [
            seen
            for seen in self.actions.values()
            if seen.id == chosen or (seen.pending and not self.over and matches(seen))
        ]

    def forget_decided(self, held: str | None) -> None:
        """Drop what is answered, but for the one that is on screen."""
        self.actions = {
            name: seen for name, seen in self.actions.items() if seen.pending or name == held
        }

    @property
    def over(self) -> bool:
        """Whether nothing of this session can run or be released any more."""
        return self.receipt is not None or (self.session is not None and self.session.state.over)

    def _take_action(self, seen: Seen) -> Seen | None:
        if seen.id not in self.actions and not seen.pending:
            return None
        new = seen.id not in self.actions
        self.actions[seen.id] = seen
        return seen if new else None


def objects(raw: Any) -> list[Json]:
    """A list of objects, as far as it is one."""
    return [item for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []


def search_text(seen: Seen) -> str:
    """What the filter looks through: everything a row or a card shows in words."""
    proposal = seen.action.proposal
    parts = (
        seen.id,
        proposal.kind.value,
        proposal.summary,
        proposal.command or "",
        *proposal.argv,
        *proposal.paths,
        proposal.url or "",
        proposal.host or "",
        proposal.tool or "",
        proposal.proposer,
    )
    return "\n".join(parts).casefold()
