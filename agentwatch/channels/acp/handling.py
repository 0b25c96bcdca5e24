"""What an agent asks of its client, and what it is answered when that is us.

Owns the requests: permissions, and reading and writing files with our hands.  Everything else is
answered with the error that the protocol has for it.  Terminals are not offered: what we would
start for an agent would run outside of its containment.
"""

from __future__ import annotations

from dataclasses import replace

from agentwatch.channels import rpc
from agentwatch.channels.acp import files
from agentwatch.channels.acp.errands import READ, WRITE, Errands
from agentwatch.channels.acp.permits import Permits
from agentwatch.channels.asking import Session
from agentwatch.channels.rpc import Malformed, Message
from agentwatch.errors import AgentwatchError
from agentwatch.model import Json

PERMISSION = "session/request_permission"


class Handling:
    """The client's side of an agent's requests."""

    def __init__(
        self, session: Session, permits: Permits, errands: Errands, *, files: bool
    ) -> None:
        self._files = files
        self._session = session
        self._permits = permits
        self._errands = errands

    async def answer(self, message: Message) -> Json:
        """The response to a request; never raises but for a cancelled wait."""
        try:
            if message.method == PERMISSION:
                where = str(message.params.get("sessionId"))
                return rpc.result(message.id, await self._permits.request(where, message.params))
            if message.method == READ and self._files:
                return rpc.result(message.id, {"content": await self._read(message)})
            done = self._errands.done(message)
            if done or (message.method == WRITE and self._files):
                if not done:
                    await self._write(message)
                return rpc.result(message.id, None)
        except Malformed as error:
            self._session.refused("the agent", error.what)
            return rpc.error(message.id, rpc.INVALID_PARAMS, error.what)
        except AgentwatchError as error:
            return rpc.error(message.id, rpc.INTERNAL, error.what)
        return rpc.error(message.id, rpc.NO_METHOD, f"{message.method} is not offered here")

    async def _read(self, message: Message) -> str:
        path = files.resolved(self._errands.path(message.params))
        line, limit = (_whole(message.params, name) for name in ("line", "limit"))
        await self._ask(message, path)
        return files.text(path, line, limit)

    async def _write(self, message: Message) -> None:
        judged = files.target(self._errands.path(message.params))
        await self._ask(message, judged.path)
        files.write(judged, str(message.params.get("content")))

    async def _ask(self, message: Message, path: str) -> None:
        """Ask about the very file that would be read or written, not about a link to it."""
        asked = replace(message, params={**message.params, "path": path})
        answered = await self._errands.ask(asked)
        if not answered.allowed:
            raise AgentwatchError(f"denied by {answered.by}: {answered.why}")


def _whole(params: Json, name: str) -> int | None:
    value = params.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise Malformed(f"{name} is not a whole number")
