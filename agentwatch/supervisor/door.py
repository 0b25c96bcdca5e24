"""The agent's door: the socket on which its tree proposes actions and waits for answers.

Owns the connections and the reading of their messages.  Anything malformed, oversized, of
another version or without the token is answered with an error, recorded, and hung up on.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
from collections.abc import Callable, Mapping
from typing import Any

from agentwatch import agents, wire
from agentwatch.channels import arrival
from agentwatch.errors import AgentwatchError
from agentwatch.model import Action, Json, Proposal, Verdict
from agentwatch.supervisor import peers
from agentwatch.supervisor.session import Supervised


class Asked:
    """One question of one connection, and the way back to it."""

    def __init__(self, visitor: Visitor, ref: object) -> None:
        self._visitor = visitor
        self._ref = ref

    def answer(self, action: Action) -> None:
        """Send the decision."""
        decision = action.decision
        if decision is None:
            raise ValueError(f"{action.id} has no decision")
        self._visitor.asked.discard(self)
        self._visitor.send(
            {
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
        self, session: Supervised, token: str, writer: asyncio.StreamWriter, turn: asyncio.Lock
    ) -> None:
        self.asked: set[Asked] = set()
        self._turn = turn
        self._session = session
        self._token = token
        self._ref: object = None
        self._writer = writer
        self._peer = peers.of(writer.get_extra_info("socket"), session.record)
        self._verbs: dict[str, Callable[[object, Json], None]] = {
            "propose": self._propose,
            "hook": self._hook,
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
        self._put(ref, arrival.proposal(message, pid=self._peer.pid, parents=self._parents))

    def _hook(self, ref: object, message: Json) -> None:
        agent = agents.by_name(str(message.get("agent")))
        event = message.get("event")
        if agent is None or not isinstance(event, dict):
            raise wire.WireError("a hook's message names no agent known here")
        self._session.arm("a tool call")
        self._put(ref, agent.proposal(event, pid=self._peer.pid, parents=self._parents))

    def _put(self, ref: object, proposal: Proposal) -> None:
        asked = Asked(self, ref)
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


async def listen(session: Supervised, token: str) -> asyncio.Server:
    """Open the door; one message at a time, or a flood of them would starve everybody else."""
    turn = asyncio.Lock()

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(asyncio.CancelledError):  # the supervisor is leaving
                await Visitor(session, token, writer, turn).listen(reader)
        finally:
            writer.close()

    path = str(session.places.agent_socket)
    return await asyncio.start_unix_server(visit, path, backlog=socket.SOMAXCONN)
