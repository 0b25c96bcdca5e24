"""`propose` and `report`: the blocking calls, one connection each.

Owns the waiting on a socket.  Safe from any number of threads, because nothing is shared.  Never
returns without an explicit yes; leaving early, by whatever exception, hangs up, and hanging up
withdraws the question.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from agentwatch import wire
from agentwatch.channels.propose import message
from agentwatch.channels.propose.message import Approval, Asking, Denied, NotReported
from agentwatch.model import Kind


def propose(
    kind: str | Kind,
    *,
    command: str | None = None,
    argv: Sequence[str | os.PathLike[str]] = (),
    paths: Sequence[str | os.PathLike[str]] = (),
    path: str | os.PathLike[str] | None = None,
    url: str | None = None,
    host: str | None = None,
    tool: str | None = None,
    params: Mapping[str, Any] | None = None,
    diff: str | None = None,
    words: str | None = None,
    cwd: str | os.PathLike[str] | None = None,
    edits: Collection[str] = (),
    timeout: float | None = None,
) -> Approval:
    """Ask whether this one action may be done; returns when it may, raises Denied when not.

    `edits` names the fields of which another value is taken back: then it is `Approval.given` that
    was approved, where that is not None, and nothing else.
    """
    asking = message.question(
        kind,
        command=command,
        argv=argv,
        paths=paths,
        path=path,
        url=url,
        host=host,
        tool=tool,
        params=params,
        diff=diff,
        words=words,
        cwd=cwd,
        edits=edits,
    )
    return message.approval(asking, _exchange(asking, timeout))


def edits_of(kind: str | Kind, *, timeout: float | None = None, **fields: Any) -> dict[str, Any]:  # noqa: ARG001
    """The fields that may be changed, as such a question would say them; asks nothing."""
    return dict(message.question(kind, **fields).edits)


def report(approval: Approval, *, done: bool, detail: str = "") -> None:
    """Say what became of an approved action; raises NotReported, which undoes nothing."""
    try:
        asking = message.outcome(approval, done=done, detail=detail)
        message.taken(asking.ref, _exchange(asking, message.REPORT_TIMEOUT))
    except Denied as error:
        raise NotReported(error.reason) from error


def _exchange(asking: Asking, timeout: float | None) -> bytes:
    """The line that answers ours; raises Denied."""
    until = None if timeout is None else time.monotonic() + timeout
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            _patience(connection, until)
            connection.connect(asking.address.socket)
            _patience(connection, until)
            connection.sendall(asking.line)
            return _line(connection, until)
    except TimeoutError as error:
        raise message.overdue(timeout) from error
    except OSError as error:
        raise message.lost(error.strerror or error) from error
    except wire.WireError as error:
        raise message.lost(error.what) from error


def _line(connection: socket.socket, until: float | None) -> bytes:
    """The first whole line that arrives; an end of file before it raises."""
    lines = wire.Lines()
    while True:
        _patience(connection, until)
        data = connection.recv(65536)
        if not data:
            raise OSError("it hung up")
        for line in lines.feed(data):
            return line


def _patience(connection: socket.socket, until: float | None) -> None:
    """Wait no longer than until then, however slowly the bytes trickle."""
    if until is None:
        return
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
