"""The agent's door: the socket on which its tree proposes actions and waits for answers.

Owns the connections and the reading of their messages.  Anything malformed, oversized, of
another version or without the token is answered with an error, recorded, and hung up on.
"""

from __future__ import annotations

import asyncio
import hmac
import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from agentwatch import agents, wire
from agentwatch.channels import arrival
from agentwatch.channels.asking import Editable
from agentwatch.errors import AgentwatchError
from agentwatch.model import Action, Json, Proposal, Verdict
from agentwatch.supervisor import peers
from agentwatch.supervisor.again import Again
from agentwatch.supervisor.session import Supervised

TRY_AGAIN = 0.2
"""Seconds until the next visitor is let in, where there was no descriptor for one."""


class Asked:
    """One question of one connection, and the way back to it."""

    def __init__(
        self,
        visitor: Visitor,
        ref: object,
        editable: Editable | None = None,
        decided: Callable[[Action], None] = lambda _action: None,
    ) -> None:
        self._visitor = visitor
        self._ref = ref
        self._decided = decided
        self.editable = editable
        """How another input makes it another call; None where none is taken."""

    def answer(self, action: Action) -> None:
        """Send the decision."""
        decision = action.decision
        if decision is None:
            raise ValueError(f"{action.id} has no decision")
        self._visitor.asked.discard(self)
        self._decided(action)
        changed = self.editable is not None and action.edited is not None
        edited = {"input": self.editable.read(action.proposal)} if self.editable and changed else {}
        self._visitor.send(
            {
                **edited,
                "re": self._ref,
                "ok": True,
                "verdict": decision.verdict.value,
                "id": action.id,
                "digest": action.digest,
                "by": decision.by,
                "why": decision.why,
            }
        )


class Visitor:
    """One connection from inside the tree."""

    def __init__(
        self,
        session: Supervised,
        token: str,
        writer: asyncio.StreamWriter,
        turn: asyncio.Lock,
        peer: peers.Peer,
        again: Again,
    ) -> None:
        self.asked: set[Asked] = set()
        self._turn = turn
        self._again = again
        self._session = session
        self._token = token
        self._ref: object = None
        self._writer = writer
        self._peer = peer
        self._verbs: dict[str, Callable[[object, Json], None]] = {
            "propose": self._propose,
            "hook": self._hook,
            "permit": self._permit,
            "armed": self._armed,
            "outcome": self._outcome,
        }

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Serve until the peer hangs up or says something that cannot be taken."""
        lines = wire.Lines()
        try:
            while data := await reader.read(65536):
                for line in lines.feed(data):
                    async with self._turn:
                        self._take(line)
                        await asyncio.sleep(0)  # whoever watches or decides comes in between
            if lines.torn:
                self._turn_away(wire.WireError("the last message was cut off"))
        except AgentwatchError as error:
            self._turn_away(error)
        except OSError:
            pass  # hung up hard: what it had waiting is withdrawn below all the same
        except Exception as error:  # noqa: BLE001 - our own fault must deny as well
            self._turn_away(wire.WireError(f"it cannot be taken ({error!r})"))
        finally:
            for asked in list(self.asked):
                self._session.withdraw(asked)
                await asyncio.sleep(0)

    def send(self, message: Mapping[str, Any]) -> None:
        """Answer, if the peer is still there."""
        if not self._writer.is_closing():
            self._writer.write(wire.encode(message))

    def _take(self, line: bytes) -> None:
        self._ref = None
        message = wire.decode(line)
        self._ref = ref = message.get("ref")
        token = message.get("token")
        if not isinstance(token, str) or not hmac.compare_digest(
            token.encode(errors="replace"), self._token.encode()
        ):
            raise wire.WireError(
                "the token is not this session's", "use AGENTWATCH_TOKEN as it was given"
            )
        verb = self._verbs.get(str(message.get("op")))
        if verb is None:
            raise wire.WireError(f"no such message: {message.get('op')!r}")
        verb(ref, message)

    def _propose(self, ref: object, message: Json) -> None:
        pid, parents = self._peer.pid, self._parents
        proposal = arrival.proposal(message, pid=pid, parents=parents)
        self._put(ref, proposal, arrival.editable(message, pid=pid, parents=parents))

    def _hook(self, ref: object, message: Json) -> None:
        agent, event = _from_agent(message)
        called = agent.about.name
        self._again.called(called, event)
        self._session.arm("a tool call")
        pid, parents = self._peer.pid, self._parents

        def remade(given: Json) -> Proposal:
            name = "tool_input" if "tool_input" in event else "args"
            return agent.proposal({**event, name: given}, pid=pid, parents=parents)

        editable = Editable(remade) if agent.about.takes_input else None
        proposal = agent.proposal(event, pid=pid, parents=parents)
        self._put(ref, proposal, editable, partial(self._again.approved, called, event))

    def _permit(self, ref: object, message: Json) -> None:
        """The agent would ask its person now: answered where they were asked about just that."""
        agent, event = _from_agent(message)
        action = self._again.taken(agent.about.name, event)
        if action is not None:
            data = {"id": action.id, "digest": action.digest, "agent": agent.about.name}
            self._session.record_or_raise("answered-again", data)
        self.send({"re": ref, "ok": True, "verdict": "allow" if action else "ask"})

    def _put(
        self,
        ref: object,
        proposal: Proposal,
        editable: Editable | None,
        decided: Callable[[Action], None] = lambda _action: None,
    ) -> None:
        asked = Asked(self, ref, editable, decided)
        self.asked.add(asked)
        self._session.propose(proposal, asked)

    def _armed(self, ref: object, message: Json) -> None:
        self._session.arm(str(message.get("detail") or ""))
        self.send({"re": ref, "ok": True})

    def _outcome(self, ref: object, message: Json) -> None:
        done = message.get("done")
        if not isinstance(done, bool):
            raise wire.WireError("an outcome says done: true or false")
        detail = str(message.get("detail") or "")[:2000]
        self._session.outcome(str(message.get("action")), {"done": done, "detail": detail})
        self.send({"re": ref, "ok": True})

    @property
    def _parents(self) -> tuple[str, ...]:
        return (self._peer.label, *self._peer.parents)

    def _turn_away(self, error: AgentwatchError) -> None:
        """Say no to the message at hand, record it and hang up."""
        self._session.refused(self._peer.label, error.what)
        self.send({**wire.failure(self._ref, error), "verdict": Verdict.DENY.value})
        self._writer.close()


def _from_agent(message: Json) -> tuple[agents.Agent, Json]:
    """Whose hook speaks, and the event it was told; raises WireError."""
    agent = agents.by_name(str(message.get("agent")))
    event = message.get("event")
    if agent is None or not isinstance(event, dict):
        raise wire.WireError("a hook's message names no agent known here")
    return agent, event


class Door:
    """The listening socket, and everybody who came through it."""

    def __init__(self, session: Supervised, token: str) -> None:
        self._session = session
        self._token = token
        # One message at a time, or a flood of them would starve everybody else.
        self._turn = asyncio.Lock()
        self._again = Again()
        self._visits: set[asyncio.Task[None]] = set()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.setblocking(False)
        peers.stamp(self._listening)
        self._listening.bind(str(session.places.agent_socket))
        self._listening.listen(socket.SOMAXCONN)
        self._task = asyncio.create_task(self._serve())

    def close(self) -> None:
        """Let nobody in any more, and hang up on everybody."""
        for task in (self._task, *self._visits):
            task.cancel()
        self._listening.close()

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(self._listening)
            except OSError:  # no descriptor is left for it: it stays in the queue
                await asyncio.sleep(TRY_AGAIN)
                continue
            visit = asyncio.create_task(self._visit(connection))
            self._visits.add(visit)
            visit.add_done_callback(self._visits.discard)

    async def _visit(self, connection: socket.socket) -> None:
        try:
            await _speaks(connection)
            peer = peers.speaking(connection, self._session.record)
            reader, writer = await asyncio.open_unix_connection(sock=connection)
        except BaseException:
            connection.close()
            raise
        try:
            visitor = Visitor(self._session, self._token, writer, self._turn, peer, self._again)
            await visitor.listen(reader)
        finally:
            writer.close()


async def _speaks(connection: socket.socket) -> None:
    """Wait until the peer has said something or hung up; only then it is known who it is."""
    loop = asyncio.get_running_loop()
    heard = asyncio.Event()
    loop.add_reader(connection, heard.set)
    try:
        await heard.wait()
    finally:
        loop.remove_reader(connection)


async def listen(session: Supervised, token: str) -> Door:
    """Open the door."""
    return Door(session, token)
