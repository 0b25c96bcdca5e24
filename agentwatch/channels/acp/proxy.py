"""Between an editor and its ACP agent: the editor speaks with the agent, the gate decides.

Owns what passes in each direction.  Permission requests are answered here and never reach the
editor: a yes given there would not be bound to what was shown here, and two questions for one
action tire people.  What the agent asks the editor to do passes the gate first.

What does not work: what the editor itself does (an editor's own tools, what a person types into
its terminal) is not the agent's and not seen; a file that the editor writes after a yes is written
by the editor, outside of the containment, over whatever the file is by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentwatch.channels import rpc
from agentwatch.channels.acp import logins
from agentwatch.channels.acp.client import VERSION
from agentwatch.channels.acp.errands import ANYTIME, TERMINALS, Errands
from agentwatch.channels.acp.handling import PERMISSION
from agentwatch.channels.acp.news import News
from agentwatch.channels.acp.options import CANCELLED
from agentwatch.channels.acp.permits import Permits
from agentwatch.channels.acp.proposing import Changes
from agentwatch.channels.acp.recipes import Recipe
from agentwatch.channels.acp.transcript import Kind, Tell, Transcript
from agentwatch.channels.asking import Session
from agentwatch.channels.pipes import Peer
from agentwatch.channels.room import Room
from agentwatch.channels.rpc import Id, Malformed, Message
from agentwatch.model import Json
from agentwatch.wire import WireError

SAY_AFTER = 1.0
"""Seconds a question waits before the editor is told where to answer it."""
OPENS = frozenset({"session/new", "session/load", "session/resume", "session/fork"})
"""Requests that open a session, into which the recipe is put."""

NEWS = frozenset(
    {"session/update", "$/cancel_request", "elicitation/complete", "authenticate/update"}
)
"""An agent's notifications that its editor hears; and those of an agent's own, with a `_`."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How this proxy goes about it."""

    name: str
    """The session's name, for the editor's person."""
    recipe: Recipe
    cwd: str
    terminals: bool
    """Whether the editor's terminals are offered to the agent."""


class AcpProxy:
    """What lies between one editor and one agent."""

    def __init__(
        self,
        session: Session,
        ways: Ways,
        *,
        editor: Peer,
        agent: Peer,
        changes: Changes,
        tell: Tell,
    ) -> None:
        self._session = session
        self._ways = ways
        self._editor = editor
        self._agent = agent
        self.transcript = Transcript(tell)
        self._permits = Permits(session, ways.cwd, changes, ways.recipe.complete)
        told = ways.recipe.tells_mode
        self.news = News(session, self._permits, self.transcript, told)
        self._errands = Errands(session, self._permits, ways.cwd, changes)
        self._sent: dict[Id, Message] = {}
        """The editor's requests that the agent has."""
        self._asked: set[Id] = set()
        """The agent's requests that the editor has."""
        self._held: dict[Id, tuple[str, asyncio.Task[None]]] = {}
        """The agent's requests that wait here, each with its session."""
        self._room = Room()

        self._loading: set[str] = set()
        """Sessions whose past the agent is telling: what was done then was asked about then."""

    async def near(self) -> None:
        """Serve the editor until it hangs up."""
        try:
            async for line in self._editor.lines():
                await self._editor_said(line)
        except WireError as error:
            self._session.refused("the editor", error.what)
            await self._editor.say(rpc.error(None, rpc.INVALID_REQUEST, error.what))
        finally:
            held = [task for _, task in self._held.values()]
            self._withdraw(None)
            await asyncio.gather(*held, return_exceptions=True)  # the agent hears their end
            self._agent.hang_up()

    async def far(self) -> None:
        """Serve the agent until it says nothing more."""
        try:
            async for line in self._agent.lines():
                await self._agent_said(line)
        except WireError as error:
            self._session.alarm(f"the agent is not heard any more: {error.what}")
        finally:
            self._withdraw(None)

    # -- the editor ----------------------------------------------------------------------------

    async def _editor_said(self, line: bytes) -> None:
        try:
            message = rpc.read(line)
            if message.answers:
                await self._editor_answered(message)
                return
        except Malformed as error:
            await self._refuse_editor(error.id, error.what)
            return
        if message.id is not None:
            if message.id in self._sent:
                what = "a request has the id of one that is under way"
                await self._refuse_editor(message.id, what)
                return
            self._sent[message.id] = message
        await self._agent.say(self._for_agent(message))

    async def _refuse_editor(self, number: Id | None, what: str) -> None:
        self._session.refused("the editor", what)
        await self._editor.say(rpc.error(number, rpc.INVALID_REQUEST, what))

    def _for_agent(self, message: Message) -> Json:
        """What the agent hears of the editor's message."""
        params = message.params
        if message.method == "session/load":
            self._loading.add(str(params.get("sessionId")))
        if message.method == "initialize":
            offered = params.get("clientCapabilities")
            offers = dict(offered) if isinstance(offered, dict) else {}
            if not self._ways.terminals:
                offers = logins.without(offers)
            params = {**params, "protocolVersion": VERSION, "clientCapabilities": offers}
        elif message.method in OPENS and self._ways.recipe.meta:
            params = {**params, "_meta": _over(params.get("_meta"), self._ways.recipe.meta)}
        elif message.method == "session/prompt":
            params = self._prompted(params)
        elif message.method in ("session/set_mode", "session/set_config_option"):
            self._mode_set(params)
        elif message.method == "session/cancel":
            self._withdraw(str(params.get("sessionId")))
        return {**message.data, "params": params} if message.params else message.data

    def _prompted(self, params: Json) -> Json:
        """Keep what the person said, and add why something was denied before."""
        blocks = params.get("prompt")
        said = [
            str(item.get("text"))
            for item in (blocks if isinstance(blocks, list) else [])
            if isinstance(item, dict) and item.get("type") == "text"
        ]
        self._session.note("prompt", {"text": "\n".join(said), "blocks": len(blocks or [])})
        self.transcript.add(Kind.PERSON, "\n".join(said))
        reasons = self._permits.reasons(str(params.get("sessionId")))
        if not reasons or not isinstance(blocks, list):
            return params
        self._session.note("prompt", {"text": reasons, "reasons": True})
        self.transcript.add(Kind.PERSON, reasons)
        return {**params, "prompt": [*blocks, {"type": "text", "text": reasons}]}

    def _mode_set(self, params: Json) -> None:
        """The person at the editor chose another mode: theirs to do, and worth a look."""
        mode = str(params.get("modeId") or params.get("value"))
        self.news.asked_for = mode
        self._session.note("acp-mode", {"mode": mode, "by": "editor"})
        if mode != self._ways.recipe.mode:
            self._session.alarm(f"the editor set the agent's {mode!r}: it may ask about less now")

    async def _editor_answered(self, message: Message) -> None:
        if message.id is None or message.id not in self._asked:
            self._session.refused("the editor", "it answered a question that nobody asked")
            return
        self._asked.discard(message.id)
        await self._agent.say(message.data)

    # -- the agent -----------------------------------------------------------------------------

    async def _agent_said(self, line: bytes) -> None:
        try:
            message = rpc.read(line)
            if message.answers:
                await self._agent_answered(message)
            elif message.id is None:
                await self._agent_told(message)
            else:
                await self._agent_asked(message, message.id)
        except Malformed as error:
            self._session.refused("the agent", error.what)
            if error.id is not None:
                await self._agent.say(rpc.error(error.id, rpc.INVALID_REQUEST, error.what))

    async def _agent_answered(self, message: Message) -> None:
        asked = self._sent.pop(message.id, None) if message.id is not None else None
        if asked is None:
            self._session.refused("the agent", "it answered a request that it was not sent")
            return
        data = message.data
        if asked.method == "initialize" and message.error is None:
            version = message.result.get("protocolVersion")
            if version != VERSION or isinstance(version, bool):
                what = f"the agent speaks version {version!r} of the protocol, not {VERSION}"
                self._session.alarm(what)
                data = rpc.error(message.id, rpc.INTERNAL, f"agentwatch: {what}")
            elif not self._ways.terminals:
                data = {**data, "result": self._harmless(message.result)}
        elif asked.method in OPENS:
            self._loading.discard(str(asked.params.get("sessionId")))
            self._opened(message.result)
        elif asked.method == "session/prompt":
            self._permits.ended(str(asked.params.get("sessionId")))
            self.transcript.add(Kind.TURN, str(message.result.get("stopReason") or "error"))
        await self._editor.say(data)

    def _harmless(self, hello: Json) -> Json:
        """The agent's hello without logins that start something in the editor's terminal."""
        kept, taken = logins.kept(hello)
        if taken:
            what = "a login that would run in the editor's terminal, outside of the containment"
            self._session.refused("the agent", what)
        return kept

    def _opened(self, result: Json) -> None:
        modes = result.get("modes")
        now = modes.get("currentModeId") if isinstance(modes, dict) else None
        if isinstance(now, str):
            self.news.mode = self.news.asked_for = now
            if self._ways.recipe.mode and now != self._ways.recipe.mode:
                self._session.alarm(
                    f"the agent is in the mode {now!r}; it asks most in {self._ways.recipe.mode!r}"
                )

    async def _agent_told(self, message: Message) -> None:
        if message.method == "session/update":
            if str(message.params.get("sessionId")) not in self._loading:
                self.news.hear(message.params)
        elif message.method == "$/cancel_request":
            number: Any = message.params.get("requestId")
            held = self._held.get(number) if isinstance(number, str | int) else None
            if held is not None:
                held[1].cancel()
                return
        elif message.method not in NEWS and not str(message.method).startswith("_"):
            # Some editors look at the method alone, and would do what a request asks for.
            self._session.refused("the agent", f"{message.method} is no notification")
            return
        await self._editor.say(message.data)

    async def _agent_asked(self, message: Message, number: Id) -> None:
        if number in self._held or number in self._asked:
            raise Malformed("a request has the id of one that is under way", number)
        if message.method in TERMINALS and not self._ways.terminals:
            what = f"{message.method} is not offered here"
            await self._agent.say(rpc.error(number, rpc.NO_METHOD, what))
            return
        if message.method in ANYTIME:
            await self._pass_on(message, number)
            return
        if full := self._room.enter(message):
            await self._agent.say(rpc.error(number, rpc.INTERNAL, full))
            return
        task = asyncio.create_task(self._hold(message, number))
        self._held[number] = str(message.params.get("sessionId")), task
        task.add_done_callback(lambda _: self._held.pop(number, None))
        task.add_done_callback(lambda _: self._room.leave(message))

    async def _hold(self, message: Message, number: Id) -> None:
        try:
            if message.method == PERMISSION:
                await self._permission(message, number)
                return
            if self._errands.done(message):
                await self._agent.say(rpc.result(number, None))
                return
            answered = await self._errands.ask(message)
        except Malformed as error:
            self._session.refused("the agent", error.what)
            await self._agent.say(rpc.error(number, rpc.INVALID_PARAMS, error.what))
            return
        except asyncio.CancelledError:
            permission = message.method == PERMISSION
            gone = rpc.result(number, CANCELLED) if permission else rpc.error(number, -32800, "")
            await self._agent.say(gone)
            raise
        if answered.allowed:
            self._held.pop(number, None)
            await self._pass_on(message, number)
        else:
            what = f"agentwatch: denied by {answered.by}: {answered.why}"
            await self._agent.say(rpc.error(number, rpc.INTERNAL, what))

    async def _permission(self, message: Message, number: Id) -> None:
        where = str(message.params.get("sessionId"))
        asking = asyncio.ensure_future(self._permits.request(where, message.params))
        try:
            done, _ = await asyncio.wait([asking], timeout=SAY_AFTER)
            if not done:
                await self._say_where(where)
            answer = await asking
            self.news.answered(message.params)
            await self._agent.say(rpc.result(number, answer))
        except asyncio.CancelledError:
            asking.cancel()
            raise

    async def _say_where(self, where: str) -> None:
        """Tell the person at the editor where the question is: the editor shows none."""
        text = (
            f"\n[agentwatch] This waits for a yes or no: open a terminal and run "
            f"`agentwatch watch {self._ways.name}`.\n"
        )
        chunk = {"sessionUpdate": "agent_thought_chunk", "content": {"type": "text", "text": text}}
        params = {"sessionId": where, "update": chunk}
        await self._editor.say(rpc.notification("session/update", params))

    async def _pass_on(self, message: Message, number: Id) -> None:
        self._asked.add(number)
        await self._editor.say(message.data)

    def _withdraw(self, where: str | None) -> None:
        """Nobody waits any more for the answers to what is held, of one session or of all."""
        for session, task in list(self._held.values()):
            if where is None or session == where:
                task.cancel()


def _over(theirs: Any, ours: Mapping[str, Any]) -> Json:
    """An object of the editor's with ours put over it, member by member."""
    merged: Json = dict(theirs) if isinstance(theirs, dict) else {}
    for name, value in ours.items():
        merged[name] = _over(merged.get(name), value) if isinstance(value, dict) else value
    return merged
