"""What an agent asks its editor to do, asked about before the editor hears of it.

Owns the reading of those requests into proposals: files, terminals, and whatever is not known.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace

from agentwatch.channels.acp import files
from agentwatch.channels.acp.permits import Permits
from agentwatch.channels.acp.proposing import Changes
from agentwatch.channels.asking import Answered, Session
from agentwatch.channels.rpc import Malformed, Message
from agentwatch.model import Json, Kind, Proposal

READ = "fs/read_text_file"
WRITE = "fs/write_text_file"
START = "terminal/create"
AFTERWARDS = frozenset(
    {"terminal/output", "terminal/wait_for_exit", "terminal/kill", "terminal/release"}
)
"""What is asked of a terminal that was allowed."""
TERMINALS = AFTERWARDS | {START}
ANYTIME = AFTERWARDS | {"elicitation/create", "elicitation/complete"}
"""Requests that order nothing new: an elicitation asks the person itself."""


class Errands:
    """An agent's requests to its editor."""

    def __init__(self, session: Session, permits: Permits, cwd: str, changes: Changes) -> None:
        self._session = session
        self._permits = permits
        self._cwd = cwd
        self._changes = changes

    async def ask(self, message: Message) -> Answered:
        """Whether the editor may hear of it; raises Malformed."""
        params = {name: value for name, value in message.params.items() if name != "sessionId"}
        if message.method == READ:
            path = self.path(params)
            return await self._session.ask(self._file(Kind.READ, f"read {path}", path, params))
        if message.method == WRITE:
            return await self._write(params)
        if message.method == START:
            return await self._session.ask(self._start(params))
        return await self._session.ask(
            Proposal(
                kind=Kind.TOOL,
                summary=f"ask the editor for {message.method}",
                channel="acp",
                tool=message.method,
                params=params,
            )
        )

    async def _write(self, params: Json) -> Answered:
        path, content = self.path(params), params.get("content")
        if not isinstance(content, str):
            raise Malformed("a file is to be written without content")
        if files.has(path, content):
            self._session.note("acp-write", {"path": path, "within": "it is just so already"})
            return Answered(True, "it is just so already", "gate")
        if self._permits.allowed_write(path, content):
            # Asked and allowed as the edit it is part of: not asked twice.
            self._session.note("acp-write", {"path": path, "within": "an allowed edit"})
            return Answered(True, "within an allowed edit", "gate")
        change = self._changes.of_write(path, content)
        proposal = self._file(Kind.WRITE, f"{change.verb} {path}", path, params)
        return await self._session.ask(replace(proposal, diff=change.diff))

    def _start(self, params: Json) -> Proposal:
        command, args, cwd = params.get("command"), params.get("args") or [], params.get("cwd")
        words = [command, *args] if isinstance(args, list) else [None]
        if not command or not all(isinstance(word, str) for word in words):
            raise Malformed("a terminal is to be started without a command")
        argv = tuple(map(str, words))
        return Proposal(
            kind=Kind.ASK_DAEMON,
            summary=f"have the editor run {' '.join(argv)}",
            channel="acp",
            argv=argv,
            cwd=posixpath.join(self._cwd, cwd) if isinstance(cwd, str) else self._cwd,
            tool=START,
            params=params,
        )

    def _file(self, kind: Kind, summary: str, path: str, params: Json) -> Proposal:
        return Proposal(
            kind=kind, summary=summary, channel="acp", paths=(path,), tool=kind, params=params
        )

    def path(self, params: Json) -> str:
        """The file that a request names, absolute; raises Malformed."""
        path = params.get("path")
        if not isinstance(path, str) or "\0" in path or not path:
            raise Malformed("a file has no path")
        return posixpath.join(self._cwd, path)
