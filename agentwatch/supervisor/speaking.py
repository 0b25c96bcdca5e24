"""An agent that speaks a protocol on its standard streams, and us at the other end of them.

Owns those pipes and the descriptor of whoever is to speak with the agent through us.  A fault in
here ends the session: an agent that nobody gates any longer must not go on.

What does not work: an agent that closes its streams and lives on hears and says nothing more, but
what it does without asking was never gated here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Protocol

from agentwatch.agents import changes
from agentwatch.channels.acp import recipes
from agentwatch.channels.acp.client import AcpClient
from agentwatch.channels.acp.proxy import AcpProxy, Ways
from agentwatch.channels.mcp import McpGate, Pins
from agentwatch.channels.pipes import Peer
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json
from agentwatch.supervisor.asking import Asks
from agentwatch.supervisor.config import Config, Speaks
from agentwatch.supervisor.control import Desk

GRACE = 5.0
"""Seconds an agent may take to end by itself once nobody speaks with it any more."""

DRAIN = 2.0
"""Seconds to pass on what an agent said last."""

log = logging.getLogger("agentwatch")


class Speaker(Protocol):
    """One protocol between the agent and whoever speaks with it."""

    async def near(self) -> None:
        """Serve whoever speaks with the agent, until they leave."""

    async def far(self) -> None:
        """Serve the agent, until it says nothing more."""


class Speaking:
    """The agent's standard streams, and the protocol on them."""

    def __init__(self, config: Config, desk: Desk, kill: Callable[[str], None]) -> None:
        self._config = config
        self._session = desk.session
        self._kill = kill
        self._agents = os.pipe(), os.pipe()
        self._near = config.near
        self._tasks: list[asyncio.Task[None]] = []
        self._peers: list[Peer] = []
        self._desk = desk

    def stdio(self, error: int) -> tuple[int, int, int]:
        """The agent's standard streams, its standard error being what is handed in."""
        (reads, _), (_, writes) = self._agents
        return reads, writes, error

    async def start(self) -> None:
        """The agent has its own copies now: begin to speak."""
        (reads, ours_out), (ours_in, writes) = self._agents
        os.close(reads)
        os.close(writes)
        agent = await Peer.of_pipes(ours_in, ours_out)
        self._peers.append(agent)
        client = None
        if self._near is not None:
            client = await Peer.of_socket(self._near)
            self._peers.append(client)
        speaker = self._speaker(agent, client)
        self._tasks = [
            asyncio.create_task(self._guarded(speaker.far(), "")),
            asyncio.create_task(self._guarded(speaker.near(), "client-gone")),
        ]
        if self._config.lifeline is not None:
            loop = asyncio.get_running_loop()
            loop.add_reader(self._config.lifeline, self._cut, self._config.lifeline)

    async def finish(self) -> None:
        """The agent is over: pass on what it said last, and hang up."""
        if not self._tasks:
            return
        far, *others = self._tasks
        for task in others:
            task.cancel()
        await asyncio.wait([far], timeout=DRAIN)
        far.cancel()
        await asyncio.wait(self._tasks)
        for peer in self._peers:
            peer.hang_up()
            peer.close()

    def _speaker(self, agent: Peer, client: Peer | None) -> Speaker:
        asks = Asks(self._session)
        if self._config.speaks is Speaks.ACP:
            return self._client(asks, agent)
        if client is None:
            raise AgentwatchError("nobody is there to speak with the agent")
        if self._config.speaks is Speaks.ACP_PROXY:
            return self._proxy(asks, client, agent)
        folder = self._config.places.state.parent.parent / "mcp"
        pins = Pins(folder, self._config.far)
        return McpGate(asks, self._config.name, pins, client=client, program=agent)

    def _client(self, asks: Asks, agent: Peer) -> AcpClient:
        """Us as the agent's client; whoever watches hears what is said, and may speak."""
        client = AcpClient(
            asks,
            agent,
            recipes.recipe_of(self._config.argv),
            cwd=self._config.cwd,
            changes=changes,
            tell=self._desk.said,
            files=self._config.hands,
        )
        self._desk.voice = _Voice(client, agent, self._grace)
        return client

    def _proxy(self, asks: Asks, editor: Peer, agent: Peer) -> AcpProxy:
        """An editor as the agent's client; whoever watches may read the conversation."""
        config = self._config
        recipe = recipes.recipe_of(config.argv)
        ways = Ways(config.session, recipe, config.cwd, config.hands)
        proxy = AcpProxy(
            asks, ways, editor=editor, agent=agent, changes=changes, tell=self._desk.said
        )
        self._desk.voice = _Overheard(proxy)
        return proxy

    def _grace(self) -> None:
        """Nobody will speak with the agent any more: let it end, or end it."""
        self._tasks.append(asyncio.create_task(self._guarded(asyncio.sleep(0), "client-gone")))

    async def _guarded(self, work: Awaitable[None], then: str) -> None:
        """Do it; what breaks in it ends the session, and so does its end where `then` says so."""
        try:
            await work
        except asyncio.CancelledError:
            raise
        except Exception as error:
            log.exception("the conversation broke")
            self._session.alarm(f"the conversation with the agent broke ({error!r})")
            self._kill("fault")
            return
        if then:
            await asyncio.sleep(GRACE)
            self._kill(then)

    def _cut(self, lifeline: int) -> None:
        """Whoever held the other end is gone: so is everybody's wish that the agent goes on."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            if os.read(lifeline, 1):
                return
        loop.remove_reader(lifeline)
        self._kill("client-gone")


class _Voice:
    """The agent as whoever watches may speak with it."""

    def __init__(self, client: AcpClient, agent: Peer, leaving: Callable[[], None]) -> None:
        self._client = client
        self._agent = agent
        self._leaving = leaving
        self._cancelling: set[asyncio.Task[None]] = set()

    def conversation(self) -> Json:
        return self._client.conversation()

    def say(self, text: str) -> Json:
        return self._client.say(text)

    def cancel(self) -> None:
        task = asyncio.create_task(self._client.cancel())
        self._cancelling.add(task)
        task.add_done_callback(self._cancelling.discard)

    def leave(self) -> None:
        self._agent.hang_up()
        self._leaving()


class _Overheard:
    """A conversation that is led elsewhere."""

    def __init__(self, proxy: AcpProxy) -> None:
        self._proxy = proxy

    def conversation(self) -> Json:
        entries = self._proxy.transcript.to_json()
        news = self._proxy.news
        return {"state": "elsewhere", "mode": news.mode, "usage": news.usage, "entries": entries}

    def say(self, text: str) -> Json:  # noqa: ARG002 - a voice's signature
        raise self._elsewhere()

    def cancel(self) -> None:
        raise self._elsewhere()

    def leave(self) -> None:
        raise self._elsewhere()

    def _elsewhere(self) -> AgentwatchError:
        return AgentwatchError(
            "the agent is spoken with in the editor", "freeze and kill work here", ExitCode.NO
        )
