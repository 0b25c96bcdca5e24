"""The gate itself: reads every message between a client and a server, holds those to be asked.

Owns which request is on its way and which one waits.  A response passes only to a request that
was passed on; a message that cannot be read is passed on to nobody.
"""

from __future__ import annotations

import asyncio

from agentwatch.channels import rpc
from agentwatch.channels.asking import Editable, Session
from agentwatch.channels.mcp import calls
from agentwatch.channels.mcp.pins import Pins
from agentwatch.channels.pipes import Peer
from agentwatch.channels.room import Room
from agentwatch.channels.rpc import Id, Malformed, Message
from agentwatch.model import Json, Proposal
from agentwatch.wire import WireError

MAX_ASKED = 1000
"""Requests of a server that its client may leave unanswered."""
MAX_SENT = 10_000
"""Requests that a server may leave unanswered."""


class McpGate:
    """What lies between one client and one server."""

    def __init__(
        self, session: Session, server: str, pins: Pins, *, client: Peer, program: Peer
    ) -> None:
        self._session = session
        self._server = server
        self._pins = pins
        self._client = client
        self._program = program
        self._sent: dict[Id, str] = {}
        """The client's requests that the server has: what they asked for."""
        self._asked: dict[Id, str] = {}
        """The server's requests that the client has."""
        self._held: dict[tuple[Peer, Id], asyncio.Task[None]] = {}
        self._news: set[asyncio.Task[None]] = set()
        self._room = Room()
        if pins.trouble:
            session.alarm(f"MCP server {server}: {pins.trouble}")

    async def near(self) -> None:
        """Serve the client until it hangs up; then nothing of its waits any longer."""
        try:
            async for line in self._client.lines():
                await self._client_said(line)
        except WireError as error:
            self._refused("the client", error.what)
            await self._client.say(rpc.error(None, rpc.INVALID_REQUEST, error.what))
        finally:
            for task in [*self._held.values(), *self._news]:
                task.cancel()
            self._program.hang_up()

    async def far(self) -> None:
        """Pass on what the server says, until it ends."""
        try:
            async for line in self._program.lines():
                await self._server_said(line)
        except WireError as error:
            self._refused("the server", error.what)

    async def _client_said(self, line: bytes) -> None:
        try:
            message = rpc.read(line)
            await self._sort(message)
        except Malformed as error:
            self._refused("the client", error.what)
            code = rpc.PARSE_ERROR if error.id is None else rpc.INVALID_REQUEST
            await self._client.say(rpc.error(error.id, code, f"agentwatch: {error.what}"))

    async def _sort(self, message: Message) -> None:
        if message.answers:
            await self._client_answered(message)
        elif message.id is None:
            await self._notified(message)
        elif message.id in self._sent or (self._client, message.id) in self._held:
            raise Malformed("a request has the id of one that is under way", message.id)
        elif len(self._sent) >= MAX_SENT:
            raise Malformed(f"{MAX_SENT} requests wait for the server already", message.id)
        elif message.method in calls.PASSES:
            await self._forward(message)
        else:
            proposal, reasons = self._proposal(message)
            await self._hold(self._client, message, proposal, reasons)

    def _proposal(self, message: Message) -> tuple[Proposal, tuple[str, ...]]:
        if message.method == calls.CALL:
            return calls.of_call(message, self._server, self._pins)
        if message.method == calls.READ:
            return calls.of_read(message, self._server), ()
        return calls.of_unknown(message, self._server), ()

    async def _forward(self, message: Message) -> None:
        if message.id is not None:
            self._sent[message.id] = str(message.method)
        await self._program.say(message.data)

    async def _client_answered(self, message: Message) -> None:
        if message.id is not None and self._asked.pop(message.id, None) is not None:
            await self._program.say(message.data)
        else:
            self._refused("the client", "it answered a question that nobody asked")

    async def _notified(self, message: Message) -> None:
        if message.method == "notifications/cancelled":
            number = message.params.get("requestId")
            if isinstance(number, str | int):
                task = self._held.get((self._client, number))
                if task is not None:  # the server never heard of it
                    task.cancel()
                    return
        if message.method in calls.NEWS:
            await self._forward(message)
            return
        if full := self._room.enter(message):
            self._refused("the client", full)
            return
        task = asyncio.create_task(self._ask_to_notify(message))
        self._news.add(task)
        task.add_done_callback(self._news.discard)
        task.add_done_callback(lambda _: self._room.leave(message))

    async def _ask_to_notify(self, message: Message) -> None:
        answered = await self._session.ask(calls.of_unknown(message, self._server))
        if answered.allowed:
            await self._forward(message)

    async def _server_said(self, line: bytes) -> None:
        try:
            message = rpc.read(line)
        except Malformed as error:
            self._refused("the server", error.what)
            return
        if message.answers:
            await self._server_answered(message)
        elif message.id is None:
            await self._client.say(message.data)
        elif message.id in self._asked or (self._program, message.id) in self._held:
            self._refused("the server", "a request has the id of one that is under way")
        elif len(self._asked) >= MAX_ASKED:
            self._refused("the server", f"{MAX_ASKED} of its requests wait for an answer already")
        elif message.method in calls.SERVER_PASSES:
            self._session.note("mcp", {"server": self._server, "request": message.method})
            await self._pass_on(message)
        else:
            proposal = calls.of_server(message, self._server)
            await self._hold(self._program, message, proposal, ())

    async def _pass_on(self, message: Message) -> None:
        if message.id is not None:
            self._asked[message.id] = str(message.method)
        await self._client.say(message.data)

    async def _server_answered(self, message: Message) -> None:
        method = self._sent.pop(message.id, None) if message.id is not None else None
        if method is None:
            self._refused("the server", "it answered a request that was not passed on")
            return
        if method == calls.LIST:
            self._learn(message)
        await self._client.say(message.data)

    def _learn(self, message: Message) -> None:
        tools = message.result.get("tools")
        try:
            self._pins.learn(tools if isinstance(tools, list) else [])
        except OSError as error:
            self._session.alarm(f"the tools of {self._server} could not be pinned: {error}")

    async def _hold(
        self, by: Peer, message: Message, proposal: Proposal, reasons: tuple[str, ...]
    ) -> None:
        """Ask, while everything else goes on."""
        number = message.id
        if number is None:
            return
        if full := self._room.enter(message):
            await self._no(by, message, full)
            return
        # As the card says it: what the server tells from here on was not shown to anybody.
        told = self._pins.told(str(message.params.get("name")))
        task = asyncio.create_task(self._ask(by, message, proposal, reasons, told))
        self._held[by, number] = task
        task.add_done_callback(lambda _: self._held.pop((by, number), None))
        task.add_done_callback(lambda _: self._room.leave(message))

    async def _ask(
        self,
        by: Peer,
        message: Message,
        proposal: Proposal,
        reasons: tuple[str, ...],
        shown: Json | None,
    ) -> None:
        name = str(message.params.get("name"))
        editable = self._editable(message) if by is self._client else None
        answered = await self._session.ask(proposal, *reasons, editable=editable)
        if not answered.allowed:
            await self._no(by, message, f"by {answered.by}: {answered.why}")
            return
        if answered.given is not None:
            try:
                message = calls.with_input(message, answered.given)
            except (Malformed, ValueError) as error:
                await self._no(by, message, f"it was changed into what cannot be sent: {error}")
                return
        if message.method == calls.CALL and shown and answered.by.startswith("person:"):
            self._accept(name, shown)
        # Before anything is awaited: what is on its way is no longer held, and can be answered.
        if message.id is not None:
            self._held.pop((by, message.id), None)
        await (self._forward(message) if by is self._client else self._pass_on(message))

    def _editable(self, message: Message) -> Editable | None:
        """How a tool call is given other arguments; nothing else of the protocol is."""
        if message.method != calls.CALL:
            return None
        return Editable(lambda given: self._proposal(calls.with_input(message, given))[0])

    def _accept(self, name: str, shown: Json) -> None:
        try:
            self._pins.accept(name, shown)
        except OSError as error:
            self._session.alarm(f"the tools of {self._server} could not be pinned: {error}")

    async def _no(self, by: Peer, message: Message, why: str) -> None:
        if message.id is None:
            return
        if message.method == calls.CALL and by is self._client:
            await by.say(calls.denied(message, why))
        else:
            await by.say(rpc.error(message.id, -32000, f"agentwatch: denied: {why}"))

    def _refused(self, who: str, what: str) -> None:
        self._session.refused(f"{who} of {self._server}", what)
