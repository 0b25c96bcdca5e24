"""What is seen below the agent, put to the gate like everything else.

Owns the way from a held system call to a proposal and back.  Decides nothing: an answer comes from
the gate, and a call whose question cannot be put is refused.

What does not work: a process whose call was answered by its death is told to the gate only at the
next look, so its question may stand a moment longer.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from agentwatch.channels.kernel.acts import Deed, Family, Observed
from agentwatch.channels.kernel.gatehouse import Gatehouse, observed
from agentwatch.containment.base import Proc
from agentwatch.covers import OnUndeclared, consequence
from agentwatch.model import (
    Action,
    ActionState,
    Json,
    Kind,
    Mode,
    Origin,
    Proposal,
    SessionState,
    Verdict,
)
from agentwatch.paths import Places
from agentwatch.policy import Judgement
from agentwatch.policy.starts import called
from agentwatch.rules import Denials
from agentwatch.supervisor.below import Below, descent
from agentwatch.supervisor.session import Supervised
from agentwatch.supervisor.standing import standing_on
from agentwatch.supervisor.walls import Floor

CHANNEL = "kernel"

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/ptmx")
"""Writing to these changes nothing that lasts."""

FOLD_EVERY = 1.0
"""Seconds between two entries in the journal of what passed without a question."""

NAMED = 3
"""Names of one address that are said in one line."""

UNDECLARED = "undeclared"
"""Who freezes or kills, where it was asked for, for what was not declared."""

KILLED_FOR_IT = "the agent did what it had not declared: the session is killed, as asked"
FROZEN_FOR_IT = (
    "the agent did what it had not declared: it is frozen until somebody resumes it, as asked"
)

GRACE = 1.0
"""Seconds between a lost gate process and the alarm."""

_KINDS = {
    Deed.EXEC: Kind.EXEC,
    Deed.DELETE: Kind.DELETE,
    Deed.RENAME: Kind.RENAME,
    Deed.SIGNAL: Kind.OTHER,
}
_KEPT = frozenset(
    {
        "call",
        "exe",
        "flags",
        "comm",
        "mode",
        "attribute",
        "spelled",
        "inside_path",
        "signal",
        "target",
        "size",
        "names",
        "unkept",
    }
)
_SAID = {
    Deed.EXEC: "start",
    Deed.WRITE: "write",
    Deed.DELETE: "delete",
    Deed.RENAME: "rename",
    Deed.TRUNCATE: "cut off",
    Deed.LINK: "link",
    Deed.MODE: "change the mode of",
    Deed.CONNECT: "connect to",
    Deed.DATAGRAM: "send to",
    Deed.SIGNAL: "signal",
}


def tables(places: Places, floor: Floor) -> Json:
    """What passes and what never does, whoever is asked: the floor."""
    talk = [f"unix:{places.agent_socket}"]
    own = [str(places.runtime), str(places.state)]
    return {
        "floor": [*own, *floor.forbidden],
        "shut": [*own, *floor.unreachable],
        "allow": {"write": list(DEVICES), "connect": talk},
        "default": "ask",
    }


class Watched:
    """The questions of one gate process."""

    def __init__(
        self, session: Supervised, below: Below, house: Gatehouse, kill: Callable[[str], None]
    ) -> None:
        self._session = session
        self._below = below
        self._house = house
        self._kill = kill
        self._waiting: dict[int, _Waiting] = {}
        self._denials: Denials | None = None

    def start(self) -> None:
        """Listen from here on."""
        asyncio.get_running_loop().add_reader(self._house.fileno(), self._hear)
        self._hear()
        self._fold_again()

    def _fold_again(self) -> None:
        denials = self._session.beforehand.denials()
        if denials is not self._denials:
            self._denials = denials
            self._house.denials(denials.to_json())
        if not self._session.state.over and self.fold():
            asyncio.get_running_loop().call_later(FOLD_EVERY, self._fold_again)

    def change_mode(self, before: Mode, mode: Mode) -> None:
        """Judge by another mode; raises AgentwatchError where the gate process does not follow."""
        stricter = before if mode.looser_than(before) else mode
        self._below.change_mode(stricter)
        try:
            self._house.change_mode(mode.value, otherwise=stricter.value)
        finally:
            asyncio.get_running_loop().call_soon(self._hear)
        self._below.change_mode(mode)

    def fold(self) -> bool:
        """Put what passed meanwhile into the journal's chain; nothing more passes if it fails."""
        try:
            entries = self._below.entries()
            for entry in entries:
                self._session.record_or_raise("passed", entry)
            for old in self._below.outdated():
                self._session.record_or_raise("dropped", old)
                self._below.drop(old["file"])
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing passes unrecorded
            self._house.shut()
            self._session.alarm(f"what passed cannot be recorded ({error}): everything is asked")
            return False
        if entries:
            self._session.publish_session()
        return True

    def _hear(self) -> None:
        try:
            messages = self._house.questions()
        except ValueError as error:
            self._lost(f"the gate process said what cannot be read ({error})")
            return
        if messages is None:
            self._lost("the gate process ended")
            return
        for message in messages:
            self._take(message)

    def _lost(self, why: str) -> None:
        asyncio.get_running_loop().remove_reader(self._house.fileno())
        for waiting in list(self._waiting.values()):
            self._session.withdraw(waiting)
        # It ends with the agent's tree as well, and may be seen to before the tree is.
        asyncio.get_running_loop().call_later(GRACE, self._say_lost, why)

    def _say_lost(self, why: str) -> None:
        if not self._session.state.over:
            self._session.alarm(f"{why}: the agent's held calls fail from here on")

    def _take(self, message: Json) -> None:
        if "betrayed" in message:
            self._session.alarm(
                "a program start was changed after it was judged: the tree is killed"
            )
            self._kill("betrayal")
        elif "floor" in message:
            self._session.refused("the floor", proposal(observed(message["floor"])).summary)
        elif "gone" in message:
            waiting = self._waiting.pop(int(message["gone"]), None)
            if waiting is not None:
                self._session.withdraw(waiting)
        elif "unrecorded" in message:
            self._session.refused("the gate", f"a call that cannot be recorded: {message}")
        elif "refused" in message:
            self._session.alarm(f"the gate process did not understand us: {message['refused']}")
        elif "event" in message:
            self._ask(int(message["event"]), message)

    def _ask(self, number: int, message: Json) -> None:
        try:
            event = observed(message)
            descended = descent(event.pid)
            if not descended or descended[0].started != message["started"]:
                raise ProcessLookupError("its process is gone")  # noqa: TRY301
            said = proposal(event)
            judgement = self._session.weigh(said, self._below.judge(event, descended))
            if judgement.verdict is None:
                said = standing_on(said, self._session.config.workspace, event)
            waiting = _Waiting(self, number, event, descended, judgement)
            self._waiting[number] = waiting
            self._put(said, waiting, judgement)
        except Exception as error:  # noqa: BLE001 - whatever it was, the answer is no
            self._waiting.pop(number, None)
            self._house.answer(number, allow=False)
            self._session.refused("the gate", f"an event cannot be judged ({error!r})")

    def _put(self, said: Proposal, waiting: _Waiting, judgement: Judgement) -> None:
        """Put it to the gate, and do what a person wants done about what was not declared."""
        session = self._session
        what = OnUndeclared.ASK
        if judgement.verdict is None:
            armed = session.armed is True
            what = consequence(judgement.evidence, session.config.on_undeclared, armed=armed)
        if what is OnUndeclared.KILL:
            why = (*judgement.reasons, KILLED_FOR_IT)
            judgement = replace(judgement, verdict=Verdict.DENY, reasons=why, rule=UNDECLARED)
        session.propose(said, waiting, judgement)
        if what is OnUndeclared.KILL:
            session.alarm(KILLED_FOR_IT)
            self._kill(UNDECLARED)
        elif what is OnUndeclared.FREEZE and session.state is SessionState.RUNNING:
            session.freeze(UNDECLARED)
            session.alarm(FROZEN_FOR_IT)

    def answer(self, waiting: _Waiting, action: Action) -> None:
        """Let a held call go, or fail."""
        if self._waiting.pop(waiting.number, None) is None:
            return
        allow = action.state is ActionState.ALLOWED
        if allow:
            try:
                self._below.passed(waiting.judgement, waiting.event, waiting.descended, action)
            except Exception as error:  # noqa: BLE001 - what the covers cannot take does not pass
                allow = False
                self._session.alarm(f"an allowed call could not be followed ({error!r})")
        book = self._below.book(waiting.judgement, waiting.descended) if allow else None
        keep = None
        if allow:
            known = (waiting.judgement, waiting.event, waiting.descended)
            keep = self._below.keeping(*known, action)
        self._house.answer(waiting.number, allow=allow, book=book, keep=keep)


ANYBODYS = ("/tmp/", "/var/tmp/", "/dev/", "/proc/")
"""Where a link can be put without a question."""


class _Waiting:
    """One held call, as the gate's proposer."""

    def __init__(
        self,
        watched: Watched,
        number: int,
        event: Observed,
        descended: list[Proc],
        judgement: Judgement,
    ) -> None:
        self._watched = watched
        self.number = number
        self.event = event
        self.descended = descended
        self.judgement = judgement

    def answer(self, action: Action) -> None:
        """The gate has decided."""
        self._watched.answer(self, action)


def proposal(event: Observed) -> Proposal:
    """An event in the gate's own words."""
    paths = tuple(path for path in (event.path, event.path2) if path)
    host = _host(event)
    what = _started(event) or _whom(event) or " to ".join(paths)
    return Proposal(
        kind=_kind(event),
        summary=f"{_SAID[event.kind]} {what or event.target}",
        channel=CHANNEL,
        origin=Origin.OBSERVED,
        argv=event.argv,
        paths=() if event.kind is Deed.EXEC else paths,
        host=host,
        cwd=event.cwd or None,
        pid=event.pid,
        params=_facts(event),
    )


def _started(event: Observed) -> str:
    """A program start as it was written; with its file, where it is called by another name."""
    if not event.argv:
        return ""
    named = posixpath.basename(event.argv[0]).removeprefix("-")
    spelled = posixpath.normpath(posixpath.join(event.cwd, event.spelled))
    # By a link, which anybody may put into a temporary folder.
    linked = posixpath.basename(spelled) == named and not spelled.startswith(ANYBODYS)
    same = called(named).rstrip("0123456789.-") == called(posixpath.basename(event.path)).rstrip(
        "0123456789.-"
    )
    as_it_is = linked or same or not event.path
    return " ".join(event.argv if as_it_is else (event.path, "as", *event.argv))


def _kind(event: Observed) -> Kind:
    if event.kind in (Deed.CONNECT, Deed.DATAGRAM):
        return Kind.ASK_DAEMON if event.family is Family.UNIX else Kind.NETWORK
    return _KINDS.get(event.kind, Kind.WRITE)


def _host(event: Observed) -> str | None:
    if event.family in (Family.INET, Family.INET6):
        inner = f"[{event.address}]" if event.family is Family.INET6 else event.address
        return f"{inner}:{event.port}"
    return event.address or None


def _whom(event: Observed) -> str | None:
    """Whom an event reaches, by the names it was looked up by and always by its address."""
    host = _host(event)
    if host is None or not event.names:
        return host
    return f"{' or '.join(event.names[:NAMED])} ({host})"


def _facts(event: Observed) -> dict[str, Any]:
    """What was seen beyond the fields a proposal has."""
    facts = {name: value for name, value in event.to_json().items() if name in _KEPT}
    return facts | ({"mode": f"{facts['mode']:04o}"} if "mode" in facts else {})
