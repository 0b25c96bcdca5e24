"""The domain's values: actions, decisions, sessions, receipts.

Owns their fields, their JSON and the digest that binds a decision to what was shown.  Imports
nothing of ours, holds no handle of the operating system, decides nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Self

Json = dict[str, Any]


class Kind(StrEnum):
    """What sort of thing an action does."""

    EXEC = "exec"
    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    RENAME = "rename"
    NETWORK = "network"
    TOOL = "tool"
    MESSAGE = "message"
    ASK_DAEMON = "ask-daemon"
    OTHER = "other"


class Origin(StrEnum):
    """Where our knowledge of an action comes from."""

    DECLARED = "declared"
    """The agent said it would do this."""

    OBSERVED = "observed"
    """Its processes were seen trying to."""


class Reversibility(StrEnum):
    """How hard an action is to take back; the class is ours, never the agent's."""

    READ_ONLY = "read-only"
    REVERSIBLE = "reversible"
    EXTERNALLY_REVERSIBLE = "externally-reversible"
    IRREVERSIBLE = "irreversible"


class Verdict(StrEnum):
    """The two answers an agent can get."""

    ALLOW = "allow"
    DENY = "deny"


class ActionState(StrEnum):
    """Where an action stands."""

    PENDING = "pending"
    ALLOWED = "allowed"
    DENIED = "denied"


class SessionState(StrEnum):
    """Where a session stands."""

    STARTING = "starting"
    RUNNING = "running"
    FROZEN = "frozen"
    KILLING = "killing"
    KILLED = "killed"
    EXITED = "exited"

    @property
    def over(self) -> bool:
        """Whether nothing can run or be released any more."""
        return self in (SessionState.KILLED, SessionState.EXITED)


class Mode(StrEnum):
    """What happens to a consequential action that no rule names."""

    ASK = "ask"
    WATCH = "watch"
    LOCKED = "locked"


class Grade(StrEnum):
    """What a containment promises about a kill."""

    A = "A"
    """Everything the agent started dies, also when the supervisor is lost."""

    B = "B"
    """The same, unless the agent kills our helper processes at one moment."""

    C = "C"
    """Best effort: what may slip away is named."""


class OnDetach(StrEnum):
    """What the loss of the last screen means for the agent."""

    KEEP = "keep"
    FREEZE = "freeze"
    KILL = "kill"


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer to one action, made only by the gate."""

    verdict: Verdict
    by: str
    """Who decided: `person:<client>`, `policy`, `deadline`, `gate`, `kill`."""
    why: str
    """The reason in words; sent to the agent when the verdict is deny."""
    rule: str | None
    """The rule that decided, where one did."""
    at: float
    """Seconds since the epoch."""

    def to_json(self) -> Json:
        """The shape scripts read."""
        return _plain(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read back what `to_json` wrote."""
        return cls(**{**data, "verdict": Verdict(data["verdict"])})


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a channel brings: an action as it arrived, not yet numbered or judged."""

    kind: Kind
    summary: str
    """One line of ours that says what it is; never the agent's words."""
    channel: str
    """How it arrived: `propose`, `hooks`."""
    origin: Origin = Origin.DECLARED
    proposer: str = ""
    """Who inside the agent asks (a sub-agent's name), empty for the agent itself."""
    argv: tuple[str, ...] = ()
    command: str | None = None
    """A shell command line, exactly as it would run."""
    paths: tuple[str, ...] = ()
    """Every path it names, absolute, not resolved."""
    url: str | None = None
    host: str | None = None
    cwd: str | None = None
    pid: int | None = None
    """The proposing process, as the supervisor numbers it."""
    parents: tuple[str, ...] = ()
    """Its ancestors, nearest first, as `name(pid)`."""
    tool: str | None = None
    """The agent's name for the tool."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """The tool's exact arguments."""
    diff: str | None = None
    """A unified diff, for edits and writes."""
    words: str | None = None
    """What the agent says about it: shown as the agent's words, never trusted."""


@dataclass(frozen=True, slots=True)
class Action:
    """A numbered proposal with our judgement of it; the thing a person sees and decides."""

    id: str
    session: str
    seq: int
    proposal: Proposal
    reversibility: Reversibility
    reasons: tuple[str, ...]
    """Why it is asked, allowed or denied, one sentence each."""
    outside: tuple[str, ...]
    """Those of its paths that lie outside the workspace."""
    seen_at: float
    """Seconds since the epoch."""
    deadline: float | None
    """Seconds since the epoch when an unanswered question is denied; None waits for ever."""
    state: ActionState = ActionState.PENDING
    decision: Decision | None = None
    covered_by: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 over everything that is shown: what an approval is bound to."""
        return digest_of(self.to_json())

    def decided(self, decision: Decision) -> Action:
        """This action with its answer."""
        allowed = decision.verdict is Verdict.ALLOW
        state = ActionState.ALLOWED if allowed else ActionState.DENIED
        return replace(self, state=state, decision=decision)

    def to_json(self) -> Json:
        """The shape scripts and screens read; `digest` is over all but the changing fields."""
        proposal = _plain(self.proposal)
        paths = proposal["paths"]
        data: Json = {
            "id": self.id,
            "session": self.session,
            "seq": self.seq,
            **proposal,
            "path": paths[0] if paths else None,
            "reversibility": self.reversibility.value,
            "reasons": list(self.reasons),
            "outside": list(self.outside),
            "seen_at": self.seen_at,
            "deadline": self.deadline,
            "state": self.state.value,
            "decision": self.decision.to_json() if self.decision else None,
            "covered_by": self.covered_by,
        }
        data["digest"] = digest_of(data)
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read back what `to_json` wrote; an unknown field is ignored, a missing one raises."""
        names = {item.name for item in fields(Proposal)}
        raw = {name: data[name] for name in names if name in data}
        raw["kind"] = Kind(raw["kind"])
        raw["origin"] = Origin(raw["origin"])
        for name in ("argv", "paths", "parents"):
            raw[name] = tuple(raw.get(name) or ())
        decision = data.get("decision")
        return cls(
            id=data["id"],
            session=data["session"],
            seq=data["seq"],
            proposal=Proposal(**raw),
            reversibility=Reversibility(data["reversibility"]),
            reasons=tuple(data["reasons"]),
            outside=tuple(data.get("outside") or ()),
            seen_at=data["seen_at"],
            deadline=data["deadline"],
            state=ActionState(data["state"]),
            decision=Decision.from_json(decision) if decision else None,
            covered_by=data.get("covered_by"),
        )


CHANGING = frozenset({"digest", "state", "decision", "covered_by", "deadline"})
"""Fields that may change while the thing to decide stays the same: outside the digest."""


def canonical(data: object) -> str:
    """One spelling of a JSON value: sorted keys, no spaces, non-ASCII escaped."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest_of(action: Mapping[str, Any]) -> str:
    """The digest of an action's JSON, so that a client can bind itself to what it drew."""
    shown = {key: value for key, value in action.items() if key not in CHANGING}
    return hashlib.sha256(canonical(shown).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is gated, channel by channel, in words: `no`, or what holds it."""

    exec: str = "no"
    files: str = "no"
    network: str = "no"
    tools: str = "no"

    def to_json(self) -> Json:
        """The shape scripts read."""
        return _plain(self)


@dataclass(frozen=True, slots=True)
class Session:
    """One supervised agent, as any client may see it."""

    id: str
    name: str
    argv: tuple[str, ...]
    workspace: str
    state: SessionState
    pid: int | None
    """The agent's first process, None before it starts."""
    supervisor_pid: int
    grade: Grade
    containment: str
    """The means that contains it: `pidns`, `subreaper`, `portable`."""
    coverage: Coverage
    mode: Mode
    pending: int
    pids: int
    """Processes alive inside the containment, as last counted."""
    started_at: float
    exit: int | None = None
    """The agent's exit status once it is over."""
    armed: bool | None = None
    """Whether the agent's hook was seen alive; None where none is expected."""
    notes: tuple[str, ...] = ()
    """What is not covered here, one sentence each; shown on screen."""

    def to_json(self) -> Json:
        """The shape scripts read."""
        return _plain(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read back what `to_json` wrote."""
        raw = {item.name: data[item.name] for item in fields(cls) if item.name in data}
        raw["argv"] = tuple(raw["argv"])
        raw["notes"] = tuple(raw.get("notes") or ())
        raw["state"] = SessionState(raw["state"])
        raw["grade"] = Grade(raw["grade"])
        raw["mode"] = Mode(raw["mode"])
        raw["coverage"] = Coverage(**raw["coverage"])
        return cls(**raw)


@dataclass(frozen=True, slots=True)
class Survivor:
    """A process that a kill did not reach."""

    pid: int
    started: int
    """Start time in the kernel's own units (clock ticks since boot on Linux): tells reuse."""
    command: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a kill measured: how many were there, who is left, how long it took."""

    session: str
    trigger: str
    """What asked: `key`, `cli`, `detach`, `lease`, `exit`."""
    by: str
    """Which program did it: `guard`, `tui`, `cli`, `supervisor`."""
    containment: str
    before: int
    """Processes alive inside when the kill began, by containment."""
    left: tuple[Survivor, ...]
    """Counted by a second look, not by a call's return."""
    ms: Mapping[str, float]
    """Milliseconds from the trigger: `gate` closed, `signal` sent, `empty` proven."""
    denied_pending: int = 0
    revoked_grants: int = 0
    recent: tuple[Mapping[str, Any], ...] = ()
    """The last allowed actions, each with `may_have_left`."""
    complete: bool = False
    """Whether the supervisor has added its part: what was pending, and what it had allowed."""

    @property
    def clean(self) -> bool:
        """Whether nothing survived."""
        return not self.left

    def to_json(self) -> Json:
        """The shape scripts read."""
        return _plain(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read back what `to_json` wrote."""
        raw = {item.name: data[item.name] for item in fields(cls) if item.name in data}
        left = tuple(Survivor(**item) for item in raw["left"])
        return cls(**raw | {"left": left, "recent": tuple(raw.get("recent") or ())})

    def sentence(self) -> str:
        """The one line a person reads; "→ 0" only where the containment can prove it."""
        took = f"{self.ms.get('empty', 0):.0f} ms"
        if self.clean and self.containment == "portable":
            return f"KILLED {self.before}, none found alive after {took} (best effort)"
        if self.clean:
            return f"KILLED {self.before} → 0 in {took}"
        named = ", ".join(f"{item.pid} {item.command}" for item in self.left[:5])
        return f"{len(self.left)} still alive of {self.before} after {took}: {named}"


def _plain(value: Any) -> Json:
    """A frozen value as JSON types, fields in order."""
    return {item.name: _jsonable(getattr(value, item.name)) for item in fields(value)}


def _jsonable(value: Any) -> Any:
    """JSON types for whatever our values hold."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple | list):
        return [_jsonable(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return _plain(value)
    return value
