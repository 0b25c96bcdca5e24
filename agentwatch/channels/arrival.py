"""A `propose` message as it arrives at the supervisor, made into a proposal.

Owns the checking of what an agent says about itself.  Never believes a softer word than the facts
in the same message: a "read" that names a command is an exec.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Mapping
from typing import Any

from agentwatch import wire
from agentwatch.channels.asking import Editable
from agentwatch.model import Json, Kind, Proposal

_VERBS = {
    Kind.EXEC: "run",
    Kind.READ: "read",
    Kind.WRITE: "write",
    Kind.DELETE: "delete",
    Kind.RENAME: "rename",
    Kind.NETWORK: "connect to",
    Kind.TOOL: "use the tool",
    Kind.MESSAGE: "send",
    Kind.ASK_DAEMON: "ask another daemon:",
    Kind.OTHER: "do",
}


def proposal(message: Mapping[str, Any], *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
    """What a `propose` message proposes; raises WireError where a field is not what it must be."""
    argv = _texts(message, "argv")
    command = _text(message, "command")
    cwd = _text(message, "cwd")
    kind = _kind(message)
    if kind is Kind.READ and (argv or command is not None):
        kind = Kind.EXEC
    paths = tuple(posixpath.join(cwd or "/", path) for path in _texts(message, "paths"))
    url, host, tool = _text(message, "url"), _text(message, "host"), _text(message, "tool")
    told = command or shlex.join(argv) or ", ".join(paths) or url or host or tool or "(no details)"
    return Proposal(
        kind=kind,
        summary=f"{_VERBS[kind]} {told}",
        channel="propose",
        argv=argv,
        command=command,
        paths=paths,
        url=url,
        host=host,
        cwd=cwd,
        pid=pid,
        parents=parents,
        tool=tool,
        params=_object(message, "params"),
        diff=_text(message, "diff"),
        words=_text(message, "words"),
    )


EDITS = ("command", "argv", "paths", "url", "host", "tool", "params", "diff")
"""Fields of which whoever proposes may take another value back."""


def editable(
    message: Mapping[str, Any], *, pid: int | None, parents: tuple[str, ...]
) -> Editable | None:
    """How what is proposed may be changed: the fields that its `edits` names, and no others."""
    names = _texts(message, "edits")
    if odd := [name for name in names if name not in EDITS or not message.get(name)]:
        raise wire.WireError(f"edits names what is not given, or stays as it is: {odd[0]}")

    def read(proposed: Proposal) -> Json:
        values = {name: getattr(proposed, name) for name in names}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
        }

    def remade(given: Json) -> Proposal:
        if set(given) != set(names) or not all(given.values()):
            raise wire.WireError(f"what may be changed, and stays, is: {', '.join(names)}")
        return proposal({**message, **given}, pid=pid, parents=parents)

    return Editable(remade, read) if names else None


def _kind(message: Mapping[str, Any]) -> Kind:
    try:
        return Kind(str(message.get("kind")))
    except ValueError as error:
        known = " ".join(Kind)
        raise wire.WireError(
            f"no such kind: {message.get('kind')!r}", f"one of: {known}"
        ) from error


def _text(message: Mapping[str, Any], name: str) -> str | None:
    value = message.get(name)
    if value is None or isinstance(value, str):
        return value or None
    raise wire.WireError(f"{name} must be a string")


def _texts(message: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = message.get(name)
    if value is None:
        return ()
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise wire.WireError(f"{name} must be a list of strings")


def _object(message: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = message.get(name)
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise wire.WireError(f"{name} must be an object")
