"""`apropose` and `areport`: the same two calls for asyncio.

Owns the waiting on a stream.  Never leaves a question behind: a cancelled call hangs up at once,
and hanging up withdraws it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from agentwatch import wire
from agentwatch.channels.propose import message
from agentwatch.channels.propose.message import Approval, Asking, Denied, NotReported
from agentwatch.model import Kind


async def apropose(
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
    timeout: float | None = None,  # noqa: ASYNC109 - the twin of `propose`, whose words it keeps
) -> Approval:
    """Ask whether this one action may be done; returns when it may, raises Denied when not."""
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
    return message.approval(asking, await _exchange(asking, timeout))


async def areport(approval: Approval, *, done: bool, detail: str = "") -> None:
    """Say what became of an approved action; raises NotReported, which undoes nothing."""
    try:
        asking = message.outcome(approval, done=done, detail=detail)
        message.taken(asking.ref, await _exchange(asking, message.REPORT_TIMEOUT))
    except Denied as error:
        raise NotReported(error.reason) from error


async def _exchange(asking: Asking, patience: float | None) -> bytes:
    """The line that answers ours; raises Denied."""
    try:
        async with asyncio.timeout(patience):
            return await _ask(asking)
    except TimeoutError as error:
        raise message.overdue(patience) from error
    except OSError as error:
        raise message.lost(error.strerror or error) from error
    except ValueError as error:  # a line over the reader's limit
        raise message.lost("its answer is too long") from error


async def _ask(asking: Asking) -> bytes:
    reader, writer = await asyncio.open_unix_connection(
        asking.address.socket, limit=wire.MAX_MESSAGE
    )
    try:
        writer.write(asking.line)
        await writer.drain()
        line = await reader.readline()
        if not line.endswith(b"\n"):
            raise OSError("it hung up")
        return line
    finally:
        # Not `close`, which would first try to send what is left: a withdrawal does not wait.
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
