"""What is said on the agent's socket, without any I/O: the question, the answer, the outcome.

Owns the values and errors of the agent's side and the reading of answers.  Never reads an answer
kindly: what is not exactly a yes is `Denied`.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from agentwatch import wire
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json, Kind, Verdict

Path = str | os.PathLike[str]

REPORT_TIMEOUT = 5.0
"""Seconds to wait until an outcome is taken: the action is over, nothing waits for it."""


class Denied(AgentwatchError):
    """The answer is no: a person's, a rule's, or that of something that went wrong."""

    def __init__(self, reason: str, *, hint: str = "", action: str = "", by: str = "") -> None:
        super().__init__(reason, hint, ExitCode.NO)
        self.reason = reason
        self.action = action
        """The action's id, empty where the question never became one."""
        self.by = by
        """Who said no, empty where nobody could be asked."""


class NotSupervised(Denied):
    """There is no session in the environment, so nobody could say yes."""

    def __init__(self, missing: str) -> None:
        super().__init__(
            f"not supervised: {missing} is not set",
            hint="start it with `agentwatch run -- COMMAND`",
        )


class NotReported(AgentwatchError):
    """An outcome did not reach the supervisor; the action itself is over."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the outcome was not reported: {why}", code=ExitCode.NO)


@dataclass(frozen=True, slots=True)
class Approval:
    """A yes, to exactly one action."""

    id: str
    digest: str
    by: str
    why: str
    given: Mapping[str, Any] | None = None
    """The fields named by `edits` as a person changed them, each whole: do this, not what was
    asked.  None where it was approved as asked."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the supervisor listens, and what proves that we belong to its session."""

    socket: str
    token: str

    @classmethod
    def from_environment(cls) -> Self:
        """The session this process was started in; raises NotSupervised."""
        found = {}
        for name in ("AGENTWATCH_SOCKET", "AGENTWATCH_TOKEN"):
            if not (value := os.environ.get(name)):
                raise NotSupervised(name)
            found[name] = value
        return cls(found["AGENTWATCH_SOCKET"], found["AGENTWATCH_TOKEN"])


@dataclass(frozen=True, slots=True)
class Asking:
    """One message on its way: where to, the line, and the reference its answer must bear."""

    address: Address
    ref: str
    line: bytes
    edits: Mapping[str, Any] = field(default_factory=dict)
    """The fields of which another value is taken back, as they are asked about."""


def question(
    kind: str | Kind,
    *,
    command: str | None = None,
    argv: Sequence[Path] = (),
    paths: Sequence[Path] = (),
    path: Path | None = None,
    url: str | None = None,
    host: str | None = None,
    tool: str | None = None,
    params: Mapping[str, Any] | None = None,
    diff: str | None = None,
    words: str | None = None,
    cwd: Path | None = None,
    edits: Collection[str] = (),
) -> Asking:
    """A proposal ready to be sent; raises Denied where it cannot be said.

    `edits` names the fields of which whoever asks takes another value back.
    """
    address = Address.from_environment()
    for name, value in (("argv", argv), ("paths", paths), ("edits", edits)):
        if isinstance(value, str):
            raise Denied(f"{name} must be a sequence of strings, not one string")
    try:
        here = os.path.abspath(cwd) if cwd is not None else os.getcwd()  # noqa: PTH100, PTH109
        named = [*([path] if path is not None else []), *paths]
        fields: Json = {
            "kind": Kind(kind).value,
            "command": command,
            "argv": [os.fspath(item) for item in argv],
            # Joined, not resolved: what `..` means is for the supervisor to find out.
            "paths": [os.path.join(here, item) for item in named],  # noqa: PTH118
            "url": url,
            "host": host,
            "cwd": here,
            "tool": tool,
            "params": dict(params or {}),
            "diff": diff,
            "words": words,
        }
        taken_back = {"paths" if name == "path" else name for name in edits}
        if odd := sorted(name for name in taken_back if not fields.get(name)):
            raise Denied(f"edits names {odd[0]}, which is not given")
        if taken_back:
            fields["edits"] = sorted(taken_back)
        asking = _asking(address, "propose", fields)
        said = json.loads(asking.line)
        return replace(asking, edits={name: said[name] for name in taken_back})
    except (OSError, TypeError, ValueError, RecursionError) as error:
        raise Denied(f"the action cannot be said: {error}") from error
    except wire.WireError as error:
        raise Denied(error.what, hint=error.hint) from error


def outcome(approval: Approval, *, done: bool, detail: str) -> Asking:
    """What became of an approved action, ready to be sent; raises NotSupervised."""
    address = Address.from_environment()
    fields = {"action": approval.id, "done": done, "detail": detail[:2000]}
    return _asking(address, "outcome", fields)


def _asking(address: Address, op: str, fields: Json) -> Asking:
    ref = secrets.token_hex(8)
    line = wire.encode({"op": op, "token": address.token, "ref": ref, **fields})
    return Asking(address, ref, line)


def approval(asking: Asking, line: bytes) -> Approval:
    """The yes that a line of answer is; raises Denied for whatever else it may be."""
    answer = _answer(asking.ref, line)
    verdict, by, why = answer.get("verdict"), answer.get("by"), answer.get("why")
    action, digest = answer.get("id"), answer.get("digest")
    if verdict != Verdict.ALLOW:
        raise Denied(_text(why) or "denied without a reason", action=_text(action), by=_text(by))
    if not (isinstance(action, str) and action and isinstance(digest, str) and digest):
        raise Denied("the answer says allow, but not what is allowed")
    given = answer.get("input")
    if given is not None and not _fits(given, asking.edits):
        raise Denied("it was changed into what cannot be taken back", action=action, by=_text(by))
    return Approval(action, digest, _text(by), _text(why), given)


def _fits(given: object, asked: Mapping[str, Any]) -> bool:
    """Whether a change has the fields that may be changed, each of its own type."""
    if not isinstance(given, dict) or not asked or set(given) != set(asked):
        return False
    return all(type(given[name]) is type(value) and given[name] for name, value in asked.items())


def taken(ref: str, line: bytes) -> None:
    """Check that an outcome was taken; raises Denied for any other answer."""
    _answer(ref, line)


def lost(why: object) -> Denied:
    """The no that a connection's failure is."""
    return Denied(f"the supervisor did not answer: {why}")


def overdue(timeout: float | None) -> Denied:
    """The no that a time-out is; hanging up has withdrawn the question."""
    return Denied(f"nobody answered within {timeout or 0:g} s")


def _answer(ref: str, line: bytes) -> Json:
    """The answer to our message, if it is ok; raises Denied."""
    try:
        answer = wire.decode(line)
    except wire.WireError as error:
        raise Denied(f"the answer cannot be read: {error.what}", hint=error.hint) from error
    if answer.get("ok") is not True:
        error_said = answer.get("error")
        said = error_said if isinstance(error_said, dict) else {}
        what = _text(said.get("what")) or "the supervisor refused without a reason"
        raise Denied(what, hint=_text(said.get("hint")))
    if answer.get("re") != ref:
        raise Denied("the answer is to another question")
    return answer


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
