"""The clients' socket: whoever watches, decides, freezes or types comes through here.

Owns the connections and their verbs.  Nobody from inside the containment is served: the peer is
checked when it connects, before a byte of it is read.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import socket
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from agentwatch import wire
from agentwatch.breaker import read_budget
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.grants import Lasting
from agentwatch.model import Json, Mode, SessionState, Verdict
from agentwatch.supervisor import always, editing, peers, undoing
from agentwatch.supervisor.entering import enter
from agentwatch.supervisor.screen import AgentTerminal
from agentwatch.supervisor.session import Supervised

BEHIND = 1024 * 1024
"""Bytes a client may be behind with reading before output is dropped for it."""

Verb = Callable[[Json], Any]


class Voice(Protocol):
    """An agent whose protocol we speak: what was said, and a way to say more."""

    def conversation(self) -> Json:
        """What was said."""

    def say(self, text: str) -> Json:
        """Say something to it; raises AgentwatchError."""

    def cancel(self) -> None:
        """Have it end its turn."""

    def leave(self) -> None:
        """End the conversation, and the agent with it."""


class Desk:
    """What every connection needs, and how many screens are open."""

    def __init__(self, session: Supervised, terminal: AgentTerminal | None) -> None:
        self.session = session
        self.terminal = terminal
        self.screens = 0
        self.had_screen = False
        self.typed: Callable[[], None] = lambda: None
        """Called when there is typing the terminal could not take at once."""
        self.voice: Voice | None = None
        """The agent to speak with, where we speak its protocol."""
        self.clients: set[ClientConnection] = set()
        self.empty = asyncio.Event()
        """Set while nobody watches."""
        self.empty.set()

    def said(self, event: Json) -> None:
        """Something was said in the conversation."""
        for client in list(self.clients):
            client.said(event)

    def output(self, data: bytes) -> None:
        """The agent printed something."""
        for client in list(self.clients):
            client.output(data)


class ClientConnection:
    """One client."""

    def __init__(self, desk: Desk, writer: asyncio.StreamWriter) -> None:
        self._desk = desk
        self._session = desk.session
        self._writer = writer
        self._peer = peers.of(writer.get_extra_info("socket"))
        self._watching = False
        self._screen = False
        self._behind = False
        self._missed = False
        self._verbs: dict[str, Verb] = {
            "session": lambda _: self._session.snapshot().to_json(),
            "pending": lambda _: [item.to_json() for item in self._session.gate.pending],
            "actions": self._actions,
            "action": lambda m: self._session.gate.find(str(m.get("action"))).to_json(),
            "decide": self._decide,
            "edit": self._edit,
            "editable": self._editable,
            "scopes": self._scopes,
            "grants": lambda _: [g.to_json() for g in self._session.beforehand.grants.standing()],
            "rules": lambda m: always.offered(self._session, str(m.get("action"))),
            "rule-add": lambda m: always.write(self._session, m, _by(m)),
            "revoke": lambda m: self._session.revoke(str(m.get("grant")), _by(m)).to_json(),
            "breaker": lambda _: self._session.breaking.status(),
            "answer-all": self._answer_all,
            "reset": self._reset,
            "add-budget": self._add_budget,
            "freeze": self._freeze,
            "resume": self._resume,
            "mode": self._mode,
            "undoing": lambda m: undoing.begin(self._session, m, _by(m)),
            "undone": lambda m: undoing.end(self._session, m, _by(m)),
            "watch": self._watch,
            "input": self._input,
            "resize": self._resize,
            "conversation": lambda _: self._need_voice().conversation(),
            "say": lambda m: self._need_voice().say(_text(m)),
            "cancel": lambda _: self._need_voice().cancel(),
            "hang-up": lambda _: self._need_voice().leave(),
        }

    async def serve(self, reader: asyncio.StreamReader) -> None:
        """Answer until the client hangs up."""
        refusal = peers.refusal(
            self._writer.get_extra_info("socket"),
            self._session.record,
            gate_pid=self._session.gate_pid,
        )
        if refusal is not None:
            self._refuse(refusal)
            return
        lines = wire.Lines()
        try:
            while data := await reader.read(65536):
                for line in lines.feed(data):
                    self._answer(wire.decode(line))
        except wire.WireError as error:
            self._session.refused(self._peer.label, error.what)
            self.send(wire.failure(None, error))
        except OSError:
            pass  # hung up hard: the same as hanging up
        finally:
            self._leave()

    def send(self, message: Mapping[str, Any]) -> None:
        """Say something to this client, if it is still there."""
        if not self._writer.is_closing():
            self._writer.write(_line(message))

    def said(self, event: Json) -> None:
        """Pass on what was said; a client that cannot follow is told to look anew."""
        if self._writer.transport.get_write_buffer_size() > BEHIND:
            self._missed = True
            return
        if self._missed:
            self._missed = False
            self.send({"event": "said", "gap": True})
        self.send(event)

    def output(self, data: bytes) -> None:
        """Pass on what the agent printed; a client that cannot follow gets the newest tail."""
        if not self._screen or self._desk.terminal is None:
            return
        queued = self._writer.transport.get_write_buffer_size()
        if queued > BEHIND:
            self._behind = True
            return
        gap, self._behind = self._behind, False
        shown = self._desk.terminal.tail if gap else data
        self.send({"event": "output", "data": _b64(shown), "gap": gap})

    def _answer(self, message: Json) -> None:
        number = message.get("id")
        verb = self._verbs.get(str(message.get("op")))
        if verb is None:
            error = wire.WireError(f"no such request: {message.get('op')!r}")
            self.send(wire.failure(number, error))
            return
        try:
            self.send({"re": number, "ok": True, "result": verb(message)})
        except AgentwatchError as error:
            self.send(wire.failure(number, error))
        except Exception as error:  # noqa: BLE001 - a fault of ours is an error, never a yes
            self.send(wire.failure(number, AgentwatchError(f"it cannot be done ({error!r})")))

    def _actions(self, message: Json) -> list[Json]:
        last = message.get("last", 100)
        count = last if isinstance(last, int) and last > 0 else 100
        gate = self._session.gate
        return [item.to_json() for item in [*gate.recent, *gate.pending][-count:]]

    def _scopes(self, message: Json) -> list[Json]:
        gate = self._session.gate
        action = gate.find(str(message.get("action")))
        return self._session.beforehand.offered(action, [*gate.recent, *gate.pending])

    def _grant(self, message: Json) -> Json:
        """Let an action pass with a grant: `scope`, and `for` or `uses`."""
        time, uses = message.get("for"), message.get("uses")
        if not isinstance(time, str | None) or not isinstance(uses, int | None):
            raise wire.WireError("a grant is for a time like 10m and a number of uses")
        action, digest = str(message.get("action")), str(message.get("digest"))
        scope, lasting = str(message.get("scope")), Lasting.read(time, uses)
        by, how = _by(message), self._peer.label
        decided, grant = self._session.grant(action, digest, scope, lasting, by, how)
        return {**decided.to_json(), "grant": grant.to_json()}

    def _decide(self, message: Json) -> Json:
        if "scope" in message:
            if message.get("verdict") != Verdict.ALLOW:
                raise wire.WireError("only what is allowed can be granted")
            return self._grant(message)
        action = self._session.decide(
            str(message.get("action")),
            str(message.get("digest")),
            _verdict(message),
            _by(message),
            str(message.get("because") or "")[:2000],
            self._peer.label,
        )
        return action.to_json()

    def _answer_all(self, message: Json) -> Json:
        """One answer to all that wait because of the breaker; a yes needs their digest."""
        digest, verdict = str(message.get("digest")), _verdict(message)
        return self._session.breaking.answer(verdict, digest, _by(message), self._peer.label)

    def _reset(self, message: Json) -> Json:
        """Let the breaker count anew, and what it froze go on."""
        breaking = self._session.breaking
        if breaking.trip is not None and self._session.state is SessionState.FROZEN:
            self._session.resume(_by(message))
        else:
            breaking.reset(_by(message))
        return breaking.status()

    def _add_budget(self, message: Json) -> Json:
        """Raise budgets: `more` holds each as `actions=50`."""
        more = message.get("more")
        if not isinstance(more, list) or not more:
            raise wire.WireError("more is a list like ['actions=50']")
        for resource, value in read_budget(map(str, more)).items():
            self._session.breaking.add(resource, value, _by(message))
        return self._session.breaking.status()

    def _editable(self, message: Json) -> Json:
        """What a call is given now; raises where it cannot be given another input."""
        named = str(message.get("action")), str(message.get("digest"))
        found, editable = editing.possible(self._session, *named)
        return {"input": editable.read(found.proposal)}

    def _edit(self, message: Json) -> Json:
        """Change what a call is given; what waits then in its place is not approved by this."""
        action, digest = str(message.get("action")), str(message.get("digest"))
        given = message.get("input")
        if not isinstance(given, dict):
            raise wire.WireError("an input is an object")
        return editing.edit(self._session, action, digest, given, _by(message)).to_json()

    def _freeze(self, message: Json) -> Json:
        self._session.freeze(_by(message))
        return self._session.snapshot().to_json()

    def _resume(self, message: Json) -> Json:
        self._session.resume(_by(message))
        return self._session.snapshot().to_json()

    def _mode(self, message: Json) -> Json:
        try:
            mode = Mode(str(message.get("mode")))
        except ValueError as error:
            raise wire.WireError(f"a mode is one of {', '.join(Mode)}") from error
        enter(self._session, mode, _by(message))
        return self._session.snapshot().to_json()

    def _watch(self, message: Json) -> Json:
        if not self._watching:
            self._watching = True
            self._session.listeners.add(self.send)
            self._desk.clients.add(self)
            self._desk.empty.clear()
            if message.get("screen") is True:
                self._screen = self._desk.had_screen = True
                self._desk.screens += 1
        session, terminal = self._session, self._desk.terminal
        return {
            "session": session.snapshot().to_json(),
            "pending": [item.to_json() for item in session.gate.pending],
            "recent": [item.to_json() for item in session.gate.recent[-100:]],
            "output": _b64(terminal.tail if terminal else b""),
            "receipt": session.receipt.to_json() if session.receipt else None,
            "grants": [item.to_json() for item in session.beforehand.grants.standing()],
            "breaker": session.breaking.status(),
            "conversation": self._desk.voice.conversation() if self._desk.voice else None,
        }

    def _input(self, message: Json) -> None:
        terminal = self._need_terminal()
        try:
            data = base64.b64decode(str(message.get("data")), validate=True)
        except binascii.Error as error:
            raise wire.WireError("input is base64") from error
        terminal.write(data)
        self._desk.typed()

    def _resize(self, message: Json) -> None:
        rows, cols = message.get("rows"), message.get("cols")
        if not isinstance(rows, int) or not isinstance(cols, int):
            raise wire.WireError("a size is rows and cols, both whole numbers")
        self._need_terminal().resize(rows, cols)

    def _need_voice(self) -> Voice:
        if self._desk.voice is None:
            raise AgentwatchError("this agent is not spoken with here", code=ExitCode.NO)
        return self._desk.voice

    def _need_terminal(self) -> AgentTerminal:
        if self._desk.terminal is None:
            raise AgentwatchError("this agent has no terminal of ours", code=ExitCode.NO)
        return self._desk.terminal

    def _refuse(self, why: str) -> None:
        what = f"it may not give orders: {why}"
        self._session.refused(self._peer.label, what, alarm=why == peers.INSIDE)
        hint = "decisions are made outside the agent, in another terminal"
        self.send(wire.failure(None, AgentwatchError(f"refused: {why}", hint, ExitCode.NO)))

    def _leave(self) -> None:
        self._session.listeners.discard(self.send)
        self._desk.clients.discard(self)
        if not self._desk.clients:
            self._desk.empty.set()
        if self._screen:
            self._desk.screens -= 1


async def listen(desk: Desk) -> asyncio.Server:
    """Open the clients' socket."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(asyncio.CancelledError):  # the supervisor is leaving
                await ClientConnection(desk, writer).serve(reader)
        finally:
            writer.close()

    path = str(desk.session.places.control_socket)
    return await asyncio.start_unix_server(serve, path, backlog=socket.SOMAXCONN)


def _line(message: Mapping[str, Any]) -> bytes:
    """A message to a client: a list of many actions may be longer than one agent's message."""
    return wire.encode(message, limit=wire.MAX_ANSWER)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _text(message: Json) -> str:
    text = message.get("text")
    if not isinstance(text, str):
        raise wire.WireError("what is said is a text")
    return text


def _verdict(message: Json) -> Verdict:
    try:
        return Verdict(str(message.get("verdict")))
    except ValueError as error:
        raise wire.WireError("a verdict is allow or deny") from error


def _by(message: Json) -> str:
    """Who decided, as the record says it: a person, through the face that names itself."""
    face = str(message.get("face") or "client")
    return f"person:{face[:20] if face.isalnum() else 'client'}"
