"""What an agent asks its editor to do, asked about before the editor hears of it.

Owns the reading of those requests into proposals: files, terminals, and whatever is not known.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import Any

from agentwatch.channels import rpc
from agentwatch.channels.acp import files
from agentwatch.channels.acp.permits import Permits
from agentwatch.channels.acp.proposing import Changes
from agentwatch.channels.asking import Answered, Session
from agentwatch.channels.rpc import Malformed, Message
from agentwatch.model import Json, Kind, Proposal
from agentwatch.policy.places import OURS, steers

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
_MEMBERS = frozenset(
    {"sessionId", "path", "content", "line", "limit", "_meta"}
    | {"command", "args", "env", "cwd", "outputByteLimit"}
)
"""Members of the requests that are read here: no other may be taken for one of them."""
_REFUSED = "agentwatch's own files and what processes keep are not read for an agent"


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
        if message.method in (READ, WRITE, START):
            rpc.exact(message.params, _MEMBERS, "a request")
        if message.method == READ:
            path = self.path(params)
            if _withheld(path):
                return Answered(False, _REFUSED, "gate")
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

    def done(self, message: Message) -> bool:
        """Whether a file that is to be written is just so: some tell of their own edits so.

        Then nobody is asked, and nobody writes: by then the name may lead elsewhere.
        """
        content = message.params.get("content")
        if message.method != WRITE or not isinstance(content, str):
            return False
        path = self.path(message.params)
        if not files.has(path, content):
            return False
        self._session.note("acp-write", {"path": path, "within": "it is just so already"})
        return True

    async def _write(self, params: Json) -> Answered:
        path, content = self.path(params), params.get("content")
        if not isinstance(content, str):
            raise Malformed("a file is to be written without content")
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
        argv = (*_surroundings(params.get("env")), *map(str, words))
        # Some editors start the words as they are, some hand them to a shell, unquoted.
        line = " ".join(argv)
        return Proposal(
            kind=Kind.ASK_DAEMON,
            summary=f"have the editor run {line}",
            channel="acp",
            argv=argv,
            command=line,
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


def _surroundings(env: Any) -> tuple[str, ...]:
    """The variables of a terminal, as the command that sets them; raises Malformed."""
    if not env:
        return ()
    pairs = [
        (item.get("name"), item.get("value"))
        for item in (env if isinstance(env, list) else [None])
        if isinstance(item, dict)
    ]
    if len(pairs) != len(env) or not all(isinstance(part, str) for pair in pairs for part in pair):
        raise Malformed("a terminal's variables are not names and values")
    return ("env", *(f"{name}={value}" for name, value in pairs))


def _withheld(path: str) -> bool:
    """Whether a file is there for us and the editor, but not for what is contained."""
    real = files.resolved(path)
    return real.startswith("/proc/") or OURS in (steers(path), steers(real))
