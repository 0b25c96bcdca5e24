"""The client of one ACP agent: starts a session with it, passes prompts on, hears what it does.

Owns the order of things: hello, session, the mode that asks most, then prompts, one turn after
another.  A version that is not ours, or a hello that makes no sense, ends it before any prompt.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from agentwatch.channels import rpc
from agentwatch.channels.acp.errands import Errands
from agentwatch.channels.acp.handling import PERMISSION, Handling
from agentwatch.channels.acp.news import News, modes_of
from agentwatch.channels.acp.options import CANCELLED
from agentwatch.channels.acp.permits import Permits
from agentwatch.channels.acp.proposing import Changes
from agentwatch.channels.acp.recipes import Recipe
from agentwatch.channels.acp.transcript import Kind, Transcript
from agentwatch.channels.asking import Session
from agentwatch.channels.pipes import Peer
from agentwatch.channels.room import Room
from agentwatch.channels.rpc import Id, Malformed, Message
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json
from agentwatch.wire import WireError

VERSION = 1
HELLO_WITHIN = 120.0
"""Seconds to the answer to our hello: a fetcher may have to fetch the agent first."""
MAX_QUEUED = 100
"""Prompts that may wait for their turn."""
AUTHENTICATION = -32000


class State(StrEnum):
    """Where the conversation stands."""

    STARTING = "starting"
    READY = "ready"
    WORKING = "working"
    STUCK = "stuck"
    """It could not be begun; the last note says why."""
    OVER = "over"


class AcpClient:
    """Us, as the client of an agent."""

    def __init__(
        self,
        session: Session,
        agent: Peer,
        recipe: Recipe,
        *,
        cwd: str,
        changes: Changes,
        tell: Callable[[Json], None],
        files: bool,
    ) -> None:
        self._session = session
        self._agent = agent
        self._recipe = recipe
        self._cwd = cwd
        self._tell = tell
        self._files = files
        self._transcript = Transcript(tell)
        permits = Permits(session, cwd, changes, recipe.complete)
        self._permits = permits
        self._news = News(session, permits, self._transcript, recipe.tells_mode)
        self._handling = Handling(
            session, permits, Errands(session, permits, cwd, changes), files=files
        )
        self._asked: dict[Id, asyncio.Future[Message]] = {}
        self._held: dict[Id, asyncio.Task[None]] = {}
        self._room = Room()
        self._number = 0
        self._where = ""
        self._prompts: deque[str] = deque()
        self._some = asyncio.Event()
        self.state = State.STARTING
        self._about: Json = {}
        self._stop: str | None = None
        self._deaf = ""
        """Why it cannot be spoken to; empty as long as it can."""
        self._cancelled = False

    # -- for whoever speaks with the agent ---------------------------------------------------

    def conversation(self) -> Json:
        """Everything that is kept of it."""
        return {
            "state": self.state.value,
            "agent": self._about,
            "mode": self._news.mode,
            "usage": self._news.usage,
            "waiting": len(self._prompts),
            "stop": self._stop,
            "entries": self._transcript.to_json(),
        }

    def say(self, text: str) -> Json:
        """A prompt; said when the agent is ready for it.  Raises AgentwatchError."""
        if not text.strip():
            raise AgentwatchError("there is nothing to say", code=ExitCode.USAGE)
        if self.state in (State.STUCK, State.OVER):
            why = self._deaf or "it hung up"
            raise AgentwatchError(
                f"the agent cannot be spoken to any more: {why}", code=ExitCode.NO
            )
        if len(self._prompts) >= MAX_QUEUED:
            raise AgentwatchError(f"{MAX_QUEUED} prompts wait already", code=ExitCode.NO)
        self._prompts.append(text)
        self._some.set()
        return {"waiting": len(self._prompts)}

    async def cancel(self) -> None:
        """Ask the agent to end its turn; what waits for an answer is withdrawn first."""
        self._prompts.clear()
        self._cancelled = True
        for task in list(self._held.values()):
            task.cancel()
        if self._where:
            await self._agent.say(rpc.notification("session/cancel", {"sessionId": self._where}))

    # -- the speaker ---------------------------------------------------------------------------

    async def near(self) -> None:
        """Begin, then say one prompt after another."""
        try:
            await self._begin()
        except (AgentwatchError, TimeoutError) as error:
            self._stuck(str(error) or f"no answer within {HELLO_WITHIN:g} s")
            await asyncio.Event().wait()
        while True:
            self._some.clear()
            while self._prompts:
                await self._turn(self._prompts.popleft())
            await self._some.wait()

    async def far(self) -> None:
        """Serve the agent until it says nothing more."""
        try:
            async for line in self._agent.lines():
                await self._take(line)
        except WireError as error:
            self._session.alarm(f"the agent is not heard any more: {error.what}")
        finally:
            for task in list(self._held.values()):
                task.cancel()
            for waiting in self._asked.values():
                if not waiting.done():
                    waiting.set_exception(AgentwatchError("the agent hung up"))
            self._enter(State.OVER)

    # -- the order of things -------------------------------------------------------------------

    async def _begin(self) -> None:
        files = {"readTextFile": self._files, "writeTextFile": self._files}
        hello = {
            "protocolVersion": VERSION,
            "clientCapabilities": {"fs": files, "terminal": False},
            "clientInfo": {"name": "agentwatch", "title": "agentwatch", "version": "1"},
        }
        said = await asyncio.wait_for(self._call("initialize", hello), HELLO_WITHIN)
        version = said.get("protocolVersion")
        if version != VERSION or isinstance(version, bool):
            raise AgentwatchError(f"it speaks version {version!r} of the protocol, not {VERSION}")
        about = said.get("agentInfo")
        self._about = about if isinstance(about, dict) else {}
        params: Json = {"cwd": self._cwd, "mcpServers": []}
        if self._recipe.meta:
            params["_meta"] = dict(self._recipe.meta)
        opened = await asyncio.wait_for(self._call("session/new", params), HELLO_WITHIN)
        where = opened.get("sessionId")
        if not isinstance(where, str) or not where:
            raise AgentwatchError("it opened a session without a name")
        self._where = where
        await self._choose_mode(opened)
        self._session.note("acp-session", {"agent": self._about, "mode": self._news.mode})
        self._enter(State.READY)

    async def _choose_mode(self, opened: Json) -> None:
        """The mode that asks most, where the agent has it and is in another."""
        modes = opened.get("modes")
        told = modes if isinstance(modes, dict) else {}
        now = told.get("currentModeId") or next(iter(modes_of(opened.get("configOptions"))), "")
        self._news.mode = self._news.asked_for = str(now or "")
        available = told.get("availableModes")
        known = {
            item.get("id")
            for item in (available if isinstance(available, list) else [])
            if isinstance(item, dict)
        }
        wanted = self._recipe.mode
        if wanted and wanted in known and wanted != now:
            self._news.asked_for = wanted
            await self._call("session/set_mode", {"sessionId": self._where, "modeId": wanted})
            self._news.mode = wanted
        elif wanted and now and wanted != now:
            self._session.alarm(f"the agent is in the mode {now!r}, not in {wanted!r}")

    async def _turn(self, text: str) -> None:
        """One prompt and all that comes of it."""
        self._session.note("prompt", {"text": text})
        self._transcript.add(Kind.PERSON, text)
        self._enter(State.WORKING)
        self._cancelled = False
        try:
            self._stop = await self._prompt(text)
            while not self._cancelled and (reasons := self._permits.reasons(self._where)):
                self._session.note("prompt", {"text": reasons, "reasons": True})
                self._transcript.add(Kind.PERSON, reasons)
                self._stop = await self._prompt(reasons)
        except AgentwatchError as error:
            self._stop = "error"
            self._transcript.add(Kind.NOTE, error.what)
        self._permits.ended(self._where)
        self._session.note("turn", {"stop": self._stop})
        self._transcript.add(Kind.TURN, self._stop)
        if self.state is State.WORKING:
            self._enter(State.READY)

    async def _prompt(self, text: str) -> str:
        """Say it and wait; why the agent stopped."""
        block = [{"type": "text", "text": text}]
        said = await self._call("session/prompt", {"sessionId": self._where, "prompt": block})
        return str(said.get("stopReason") or "unknown")

    def _enter(self, state: State) -> None:
        if self.state is not State.OVER:
            self.state = state
            news = {"mode": self._news.mode, "usage": self._news.usage, "stop": self._stop}
            self._tell({"event": "spoken", "state": state.value, **news})

    def _stuck(self, why: str) -> None:
        self._deaf = why
        self._transcript.add(Kind.NOTE, f"The agent cannot be spoken to: {why}")
        self._session.alarm(f"the agent cannot be spoken to: {why}")
        self._enter(State.STUCK)

    # -- messages ------------------------------------------------------------------------------

    async def _call(self, method: str, params: Json) -> Json:
        """The result of a request to the agent; raises AgentwatchError for an error."""
        self._number += 1
        number = self._number
        waiting: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._asked[number] = waiting
        try:
            if self.state is State.OVER:
                raise AgentwatchError("the agent hung up")
            await self._agent.say(rpc.request(number, method, params))
            message = await waiting
        finally:
            del self._asked[number]
        error = message.error
        if error is None:
            return message.result
        what = str(error.get("message") or "an error without words")
        if error.get("code") == AUTHENTICATION:
            raise AgentwatchError(f"{what}: log in with the agent's own program first")
        raise AgentwatchError(what)

    async def _take(self, line: bytes) -> None:
        try:
            message = rpc.read(line)
            if message.answers:
                waiting = self._asked.get(message.id) if message.id is not None else None
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
            elif message.id is None:
                self._notified(message)
            else:
                await self._requested(message)
        except Malformed as error:
            self._session.refused("the agent", error.what)
            if error.id is not None:
                await self._agent.say(rpc.error(error.id, rpc.INVALID_REQUEST, error.what))

    def _notified(self, message: Message) -> None:
        if message.method == "session/update":
            usage = self._news.usage
            self._news.hear(message.params)
            if self._news.usage != usage:
                self._enter(self.state)
        elif message.method == "$/cancel_request":
            number: Any = message.params.get("requestId")
            task = self._held.get(number) if isinstance(number, str | int) else None
            if task is not None:
                task.cancel()

    async def _requested(self, message: Message) -> None:
        number = message.id
        if number is None:
            return
        if number in self._held:
            raise Malformed("a request has the id of one that is under way", number)
        if full := self._room.enter(message):
            await self._agent.say(rpc.error(number, rpc.INTERNAL, full))
            return
        task = asyncio.create_task(self._answer(message))
        self._held[number] = task
        task.add_done_callback(lambda _: self._held.pop(number, None))
        task.add_done_callback(lambda _: self._room.leave(message))

    async def _answer(self, message: Message) -> None:
        try:
            answer = await self._handling.answer(message)
        except asyncio.CancelledError:
            permission = message.method == PERMISSION
            answer = (
                rpc.result(message.id, CANCELLED)
                if permission
                else rpc.error(message.id, -32800, "cancelled")
            )
            await self._agent.say(answer)
            raise
        if message.method == PERMISSION:
            self._news.answered(message.params)
        await self._agent.say(answer)
