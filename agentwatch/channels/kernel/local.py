"""What passes without a question, judged in the gate process by the supervisor's own code.

Owns a second book of covers that holds only those which have begun: the supervisor says which
process began which.  What begins a cover, what uses up a declared file or host, what is refused
and what is asked goes to the supervisor; nothing is decided here that it would not allow, but for
what a debugger writes to the memory of its own action: whose that is, is seen only from here.

A verdict is made anew for every call from the book as it is, so none outlives its cover.  A
process is known by its number and start time.

What does not work: the book here learns of a process that left its parents behind only from a
call of its own, as the supervisor's does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from agentwatch.covers import Cover, Covers, Scope
from agentwatch.model import FileState, Kind, Mode, Verdict
from agentwatch.policy import DRAFT, READING, Judgement
from agentwatch.policy.ground import Ground
from agentwatch.policy.observed import BELONGS, any_start, follow, judge_observed
from agentwatch.policy.own import OwnFolders
from agentwatch.rules import Denials

from .acts import Deed, Flag, Observed
from .aside import Aside
from .descent import Descent, Process, started
from .files import Held
from .ledger import Ledger
from .nearby import Nearby
from .signals import numbered

KINDS: dict[Deed, tuple[Kind, ...]] = {
    **dict.fromkeys(Deed, (Kind.WRITE,)),
    Deed.EXEC: (Kind.EXEC,),
    Deed.DELETE: (Kind.DELETE,),
    Deed.RENAME: (Kind.RENAME,),
    Deed.SIGNAL: (Kind.OTHER,),
    Deed.CONNECT: (Kind.NETWORK, Kind.ASK_DAEMON),
    Deed.DATAGRAM: (Kind.NETWORK, Kind.ASK_DAEMON),
}
"""What a rule calls them."""

SWEEP_AT = 1024
"""Processes that came into the book since the dead were last dropped from it."""

_MEMORY = re.compile(r"/proc/(?P<pid>\d+)/(?:task/\d+/)?mem")
"""What ptrace could write as well, which within one action is not held."""

_MAKERS: dict[str, Callable[[Any], Any]] = {
    "str": str,
    "int": int,
    "bool": bool,
    "str | None": lambda value: None if value is None else str(value),
    "tuple[str, ...]": lambda value: tuple(map(str, value)),
    "tuple[FileState, ...]": lambda value: tuple(map(FileState.from_json, value)),
    "frozenset[str]": lambda value: frozenset(map(str, value)),
    "Mode": Mode,
    "Scope": Scope,
    "OwnFolders": lambda value: _made(OwnFolders, value),
}


def _made(kind: type[Any], data: Mapping[str, Any]) -> Any:
    """A flat value from its JSON; raises KeyError, TypeError or ValueError for any other shape."""
    known = {item.name: _MAKERS[str(item.type)] for item in fields(kind)}
    return kind(**{name: known[name](value) for name, value in data.items()})


class Local:
    """The judge of one session's hot calls."""

    def __init__(self, data: Mapping[str, Any], agent: int, ledger: Ledger, root: int = 0) -> None:
        self._ground: Ground = _made(Ground, data["ground"])
        self._closed = str(data["closed"])
        self._covers = Covers(own=self._ground.notes)
        self._covers.agent_is([Process(agent, started(agent))])
        self._denials = Denials.from_json(data["denials"])
        self._ledger = ledger
        self._nearby = Nearby(root)
        self._aside = Aside(data["keep"], self._ground.keeps)
        self._came = 0
        self._shut = False
        self._unsettled: tuple[Cover, Observed, Descent] | None = None

    def passes(self, event: Observed, descent: Descent, held: Held | None = None) -> bool:
        """Whether it passes, and that is written down; raises OSError where it could not be.

        What it changes is kept aside where that is to be: then it must be `held`.
        """
        self.settle()
        if self._shut or os.access(self._closed, os.F_OK) or self._may_be_denied(event):
            return False
        if event.kind is Deed.EXEC:
            cover = self._covers.over(descent)
            draft = self._ground.mode is Mode.DRAFT
            if cover is None or not (cover.wide or (draft and cover.scope is Scope.DRAFT)):
                return False  # it may begin a cover
            if any_start(cover) and not draft:
                return self._starts(event, descent, cover)
        return self._judges(event, descent, held)

    def _judges(self, event: Observed, descent: Descent, held: Held | None) -> bool:
        judged = self._judged(event, descent)
        if judged.verdict is not Verdict.ALLOW and event.family and self._nearby.inside(event):
            event = event._replace(flags=(*event.flags, Flag.INSIDE))
            judged = self._judged(event, descent)
        if judged.verdict is not Verdict.ALLOW and held is not None:
            own = self._own_memory(event, descent, held)
            if own is not None:
                self._ledger.write(event, descent[0].started, BELONGS, own.action)
                return True
        if judged.verdict is not Verdict.ALLOW or judged.rule is None:
            return False
        if self._destroys(event, judged):
            return False
        if self._keeps(event, judged.rule) and not (
            held is not None
            and judged.cover is not None
            and self._aside.keep(held, judged.cover, must=judged.rule == DRAFT)
        ):
            return False
        self._ledger.write(event, descent[0].started, judged.rule, judged.cover or "")
        follow(
            judged,
            event,
            covers=self._covers,
            ancestry=descent,
            action="",
            digest="",
            called=event.names,
        )
        return True

    def _own_memory(self, event: Observed, descent: Descent, held: Held) -> Cover | None:
        """The allowed action of which a process writes to another one's memory, as gdb does."""
        found = _MEMORY.fullmatch(event.path) if Flag.PROC in event.flags else None
        own = self._covers.over(descent) if found else None
        if found is None or own is None or not own.wide:
            return None
        theirs = [
            self._covers.over(Descent(pid)) for pid in numbered(held.caller, int(found["pid"]))
        ]
        same = all(cover is not None and cover.action == own.action for cover in theirs)
        return own if theirs and same else None

    def _starts(self, event: Observed, descent: Descent, cover: Cover) -> bool:
        """A program start: the commonest of all, and judged alike whatever the program."""
        self._ledger.write(event, descent[0].started, BELONGS, cover.action)
        self._unsettled = (cover, event, descent)
        return True

    def settle(self) -> None:
        """Note the last start in the book: after its answer, before anything else is judged.

        Whatever goes wrong, nothing passes here from then on.
        """
        if self._unsettled is None:
            return
        self._shut, before = True, self._shut
        last, self._unsettled = self._unsettled, None
        self._covers.use(*last)
        self._count()
        self._shut = before

    def _count(self) -> None:
        """One process more in the book."""
        self._came += 1
        if self._came >= SWEEP_AT:
            self._sweep()

    def _judged(self, event: Observed, descent: Descent) -> Judgement:
        return judge_observed(
            event,
            ground=self._ground,
            covers=self._covers,
            ancestry=descent,
            called=event.names,
        )

    def _destroys(self, event: Observed, judged: Judgement) -> bool:
        """Whether an approved program deletes what was there before it, outside the workspace.

        The breaker is to weigh that before it happens.
        """
        if event.kind is not Deed.DELETE or judged.cover is None or judged.rule != BELONGS:
            return False
        return bool(judged.outside) and not self._covers.made(event.path)

    def _keeps(self, event: Observed, rule: str) -> bool:
        """Whether what it changes is to be kept aside."""
        draft = self._ground.mode is Mode.DRAFT and rule != READING
        return draft and self._aside.concerns(event)

    def keep(self, held: Held, how: Mapping[str, Any]) -> bool:
        """Keep aside what the supervisor let pass; False where it must be kept and cannot."""
        return self._aside.keep(held, str(how["group"]), must=how["must"] is not False)

    def retract(self, held: Held) -> None:
        """What was kept for it did not change."""
        self._aside.retract(held)

    def passed(self, event: Observed, book: Mapping[str, Any]) -> None:
        """The supervisor let an event pass: what it wrote in its book is written here too."""
        if book["cover"] is not None:
            who = Process(event.pid, int(book["started"]))
            self._covers.bind(_made(Cover, book["cover"]), [who])
            self._count()
        if book["remember"]:
            self._covers.remember(event)

    def change_mode(self, mode: str) -> None:
        """Another mode; raises ValueError for none that is known, and then nothing passes here."""
        self._shut, before = True, self._shut
        self._ground = replace(self._ground, mode=Mode(mode))
        self._shut = before

    def denied(self, denials: Mapping[str, Any]) -> None:
        """The rules have changed; what cannot be understood leaves everything to be asked."""
        self._shut, before = True, self._shut
        self._denials = Denials.from_json(denials)
        self._shut = before

    def _may_be_denied(self, event: Observed) -> bool:
        """Whether a rule might deny it, whatever it belongs to: the supervisor reads them whole."""
        if event.kind is Deed.EXEC:
            return self._denials.start(event.argv, event.exe)
        paths = (event.path, event.path2) if event.path2 else (event.path,)
        return any(self._denials.other(kind, paths) for kind in KINDS[event.kind])

    def belongs_elsewhere(self, descent: Descent, others: list[int]) -> bool:
        """Whether one of these processes may do, for an allowed action, what this one may not."""
        own = self._covers.over(descent)
        theirs = [self._covers.over(Descent(pid)) for pid in others]
        mine = own.action if own else ""
        return any(cover and cover.wide and cover.action != mine for cover in theirs)

    def shut(self) -> None:
        """From here on everything is for the supervisor."""
        self._shut = True

    def _sweep(self) -> None:
        self._came = 0
        for pid, start in self._covers.processes():
            try:
                gone = started(pid) != start
            except OSError:
                gone = True
            if gone:
                self._covers.ended([Process(pid, start)])
