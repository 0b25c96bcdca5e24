"""What a person sees and decides: a proposal, the numbered action, the decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from agentwatch.model.filestate import FileState
from agentwatch.model.plain import Json, digest_of, plain
from agentwatch.model.words import ActionState, Evidence, Kind, Origin, Reversibility, Verdict


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
    how: str = ""
    """The client it came through, as the kernel named it: `name(pid)`; empty for no person."""

    def to_json(self) -> Json:
        """The shape scripts read."""
        return plain(self)

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
    files: tuple[FileState, ...] = ()
    """The files that it stands on, as they were when it was shown."""


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
    evidence: Evidence | None = None
    """What was said of it against what was seen of it."""
    edited: str | None = None
    """The action that a person changed into this one; its arguments are theirs, not the agent's."""

    @property
    def digest(self) -> str:
        """SHA-256 over everything that is shown: what an approval is bound to."""
        return digest_of(self.to_json())

    @property
    def weight(self) -> int:
        """About how many bytes it holds on to."""
        said = self.proposal
        texts = (*said.argv, *said.paths, said.command, said.url, said.diff, said.words, said.tool)
        held = sum(len(text) for text in texts if text) + 300 * len(said.files)
        return 1000 + held + len(str(said.params))

    def decided(self, decision: Decision) -> Action:
        """This action with its answer."""
        allowed = decision.verdict is Verdict.ALLOW
        state = ActionState.ALLOWED if allowed else ActionState.DENIED
        return replace(self, state=state, decision=decision)

    def to_json(self) -> Json:
        """The shape scripts and screens read; `digest` is over all but the changing fields."""
        proposal = plain(self.proposal)
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
            "evidence": self.evidence.value if self.evidence else None,
            "edited": self.edited,
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
        raw["files"] = tuple(map(FileState.from_json, raw.get("files") or ()))
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
            evidence=Evidence(data["evidence"]) if data.get("evidence") else None,
            edited=data.get("edited"),
        )
