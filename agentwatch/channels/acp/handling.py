"""What an agent asks of its client, and what it is answered.

Owns the requests: permissions, and reading and writing files with our hands.  Everything else is
answered with the error that the protocol has for it.  Terminals are not offered: what we would
start for an agent would run outside of its containment.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace

from agentwatch.channels import rpc
from agentwatch.channels.acp import files
from agentwatch.channels.acp.permits import Permits
from agentwatch.channels.acp.proposing import Changes
from agentwatch.channels.asking import Session
from agentwatch.channels.rpc import Malformed, Message
from agentwatch.errors import AgentwatchError
from agentwatch.model import Json, Kind, Proposal

PERMISSION = "session/request_permission"
READ = "fs/read_text_file"
WRITE = "fs/write_text_file"


class Handling:
    """The client's side of an agent's requests."""

    def __init__(self, session: Session, permits: Permits, cwd: str, changes: Changes) -> None:
        self._session = session
        self._permits = permits
        self._cwd = cwd
        self._changes = changes

    async def answer(self, message: Message) -> Json:
        """The response to a request; never raises but for a cancelled wait."""
        try:
            if message.method == PERMISSION:
                where = str(message.params.get("sessionId"))
                return rpc.result(message.id, await self._permits.request(where, message.params))
            if message.method == READ:
                return rpc.result(message.id, {"content": await self._read(message.params)})
            if message.method == WRITE:
                await self._write(message.params)
                return rpc.result(message.id, None)
        except Malformed as error:
            self._session.refused("the agent", error.what)
            return rpc.error(message.id, rpc.INVALID_PARAMS, error.what)
        except AgentwatchError as error:
            return rpc.error(message.id, rpc.INTERNAL, error.what)
        return rpc.error(message.id, rpc.NO_METHOD, f"{message.method} is not offered here")

    async def _read(self, params: Json) -> str:
        path = self._path(params)
        line, limit = (_whole(params, name) for name in ("line", "limit"))
        answered = await self._session.ask(_proposal(Kind.READ, path, params))
        if not answered.allowed:
            raise AgentwatchError(f"denied by {answered.by}: {answered.why}")
        return files.text(path, line, limit)

    async def _write(self, params: Json) -> None:
        path, content = self._path(params), params.get("content")
        if not isinstance(content, str):
            raise Malformed("a file is to be written without content")
        judged = files.target(path)
        if self._permits.allowed_write(path, content):
            # Asked and allowed as the edit it is part of: not asked twice.
            self._session.note("acp-write", {"path": judged.path, "within": "an allowed edit"})
        else:
            change = self._changes.of_write(judged.path, content)
            proposal = _proposal(Kind.WRITE, judged.path, params)
            summary = f"{change.verb} {judged.path}"
            proposal = replace(proposal, summary=summary, diff=change.diff)
            answered = await self._session.ask(proposal)
            if not answered.allowed:
                raise AgentwatchError(f"denied by {answered.by}: {answered.why}")
        files.write(judged, content)

    def _path(self, params: Json) -> str:
        path = params.get("path")
        if not isinstance(path, str) or "\0" in path or not path:
            raise Malformed("a file has no path")
        return posixpath.join(self._cwd, path)


def _proposal(kind: Kind, path: str, params: Json) -> Proposal:
    given = {name: value for name, value in params.items() if name != "sessionId"}
    return Proposal(
        kind=kind, summary=f"{kind} {path}", channel="acp", paths=(path,), tool=kind, params=given
    )


def _whole(params: Json, name: str) -> int | None:
    value = params.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise Malformed(f"{name} is not a whole number")
