"""The words of the domain: every closed list of names that values and messages use."""

from __future__ import annotations

from enum import StrEnum


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


MAY_LEAVE = frozenset({Kind.EXEC, Kind.NETWORK, Kind.TOOL, Kind.MESSAGE, Kind.ASK_DAEMON})
"""Kinds of action that may have an effect outside this machine."""

KERNEL_GATE = "kernel gate"
"""What gates a channel where system calls are held."""


class Origin(StrEnum):
    """Where our knowledge of an action comes from."""

    DECLARED = "declared"
    """The agent said it would do this."""

    OBSERVED = "observed"
    """Its processes were seen trying to."""


class Evidence(StrEnum):
    """What the agent said of an action against what was seen of it."""

    DECLARED = "declared"
    """It said so; nothing was seen of it so far, or nothing of it can be seen."""

    BOTH = "declared and seen"

    UNSEEN = "declared, not seen"
    """It said so, was allowed, and nothing came of it."""

    UNDECLARED = "not declared"
    """It was seen doing so, and could have said so before."""

    SEEN = "seen"
    """It was seen; nobody expects such a thing to be said before."""


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
    """It waits for a person."""
    DRAFT = "draft"
    """It waits, unless it stays in the workspace and can be taken back."""
    WATCH = "watch"
    """It is recorded, and passes."""
    LOCKED = "locked"
    """It is denied."""

    def looser_than(self, other: Mode) -> bool:
        """Whether something may pass here that does not pass there."""
        return _LOOSER.index(self) > _LOOSER.index(other)


_LOOSER = (Mode.LOCKED, Mode.ASK, Mode.DRAFT, Mode.WATCH)


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
