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
from agentwatch.model import Kind, Proposal

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
