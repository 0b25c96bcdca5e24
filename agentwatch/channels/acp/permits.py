"""Permission requests become actions, and what was told afterwards is held against the answer.

Owns the joining of a request with the tool call it is about, the question to the gate, the answer
in the agent's options, and the alarms: a call that ran without having been asked about, one that
ran although it was denied, one that became another after it was allowed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from agentwatch.channels.acp import options, titles
from agentwatch.channels.acp.calls import Call, Calls
from agentwatch.channels.acp.proposing import Changes, acting, consequential, hunks, of_call, same
from agentwatch.channels.asking import Answered, Session
from agentwatch.channels.rpc import Malformed
from agentwatch.model import Json, Proposal
from agentwatch.visible import shown

WHOLE = 150_000
"""Characters of a diff that is surely complete."""

NO_REASON = "a person said no"
"""How the gate words a denial without a reason."""

LONG = 4000
"""Characters of an alarm that are recorded: the call itself is told elsewhere."""

NAMED = 300
"""Characters by which a denied action is named to the agent: it is said in a person's name."""

SESSIONS = 100
"""Sessions of one agent whose calls are remembered."""

ALARMS = 20
"""Alarms about single calls; further ones are only recorded, or an agent could drown the rest."""


class Permits:
    """The questions and answers of one agent's sessions."""

    def __init__(
        self,
        session: Session,
        cwd: str,
        changes: Changes,
        complete: Callable[[Call], None] = titles.said,
    ) -> None:
        self._session = session
        self._complete = complete
        self._changes = changes
        self._cwd = cwd
        self._base = os.path.realpath(cwd)
        self._calls: dict[str, Calls] = {}
        self._allowed: dict[str, Proposal] = {}
        self._alarms = 0
        self._reasons: dict[str, list[str]] = {}

    def heard(self, where: str, update: Mapping[str, Any]) -> Call:
        """A message about a tool call; raises Malformed."""
        call = self._hear(where, update)
        self._check(where, call)
        return call

    async def request(self, where: str, params: Json) -> Json:
        """The result of a permission request; raises Malformed."""
        told = params.get("toolCall")
        if not isinstance(told, dict):
            raise Malformed("a permission request names no tool call")
        call = self._hear(where, told)
        proposal, reasons = of_call(call, self._cwd, self._changes)
        shown = acting(call, proposal)
        call.asked = True
        answered = await self._session.ask(proposal, *reasons)
        now, _ = of_call(call, self._cwd, self._changes)
        as_shown = acting(call, now) == shown and self.find(where, call.id) is call
        chosen = options.choose(params.get("options"), allow=answered.allowed and as_shown)
        call.denied = not chosen.allows
        if chosen.allows:
            self._allowed[f"{where}\0{call.id}"] = proposal
        elif not answered.allowed:
            self._because(where, answered, proposal)
        else:
            why = f"the agent made it another meanwhile: {now.summary}"
            if as_shown:
                why = "the agent offers no answer that allows just this once"
            self._session.alarm(f"{answered.action} was allowed but not released: {why}")
        return chosen.result

    def _hear(self, where: str, told: Mapping[str, Any]) -> Call:
        call = self._calls.setdefault(where, Calls()).hear(told)
        while len(self._calls) > SESSIONS:
            del self._calls[next(name for name in self._calls if name != where)]
        self._complete(call)
        return call

    def find(self, where: str, number: str) -> Call | None:
        """A call of a session by its id."""
        return self._calls.get(where, Calls()).find(number)

    def reasons(self, where: str) -> str:
        """What people gave as their reasons to deny since this was last asked, for the agent."""
        return "\n".join(self._reasons.pop(where, ()))

    def _because(self, where: str, answered: Answered, proposal: Proposal) -> None:
        """The protocol's answer has no room for a reason: keep it, to be said afterwards."""
        if answered.by.startswith("person:") and answered.why != NO_REASON:
            said = f"I did not allow you to {shown(proposal.summary, NAMED)}: {answered.why}"
            self._reasons.setdefault(where, []).append(said)

    def allowed_write(self, path: str, content: str) -> bool:
        """Whether this very write is an edit that was allowed; serves once."""
        real = os.path.realpath(path)
        diff = self._changes.of_write(real, content).diff
        for name, proposal in self._allowed.items():
            # A diff that is cut would be the same for another end of the file.
            whole = proposal.diff is not None and len(proposal.diff) < WHOLE
            if whole and self._named(proposal) == real and hunks(proposal.diff) == hunks(diff):
                del self._allowed[name]
                return True
        return False

    def _named(self, proposal: Proposal) -> str | None:
        """The one file that was named, if it was named without a link: links may lead elsewhere."""
        if len(proposal.paths) != 1:
            return None
        path = os.path.normpath(proposal.paths[0])
        inside = path.startswith(f"{self._cwd}/")
        return self._base + path[len(self._cwd) :] if inside else path

    def ended(self, where: str) -> None:
        """A turn is over: what began and was never asked about has run."""
        for call in self._calls.get(where, Calls()).open():
            self._judge(where, call)

    def _check(self, where: str, call: Call) -> None:
        if call.over:
            self._judge(where, call)
        allowed = self._allowed.get(f"{where}\0{call.id}")
        if allowed is not None and not call.reported:
            now, _ = of_call(call, self._cwd, self._changes)
            if call.given is not None and not same(now, allowed):
                what = f"became another after it was allowed: now it is to {now.summary}"
                self._report(call, what)
            if call.over:
                del self._allowed[f"{where}\0{call.id}"]

    def _judge(self, where: str, call: Call) -> None:
        """Look at a call that has run."""
        if call.reported or (call.asked and not call.denied):
            return
        proposal, _ = of_call(call, self._cwd, self._changes)
        if call.denied:
            if call.text("status") == "completed":
                self._report(call, f"was denied, and the agent says it is done: {proposal.summary}")
            return
        if self._session.passes(proposal):
            if not call.reported:
                call.reported = True
                self._session.note("acp-unasked", _record(where, proposal))
        elif not consequential(proposal) or not self._session.seen(proposal):
            self._report(call, f"was not asked about by the agent: {_told(proposal)}")

    def _report(self, call: Call, what: str) -> None:
        call.reported = True
        self._alarms += 1
        self._session.note("acp-alarm", {"call": call.id[:LONG], "what": what[:LONG]})
        if self._alarms <= ALARMS:
            self._session.alarm(f"a tool call {what}")
        elif self._alarms == ALARMS + 1:
            self._session.alarm("more tool calls went round the gate: see the record")


def _told(proposal: Proposal) -> str:
    """A call in words, its title where it says nothing else."""
    if proposal.params or proposal.paths or proposal.command or proposal.argv:
        return proposal.summary
    return f"{proposal.summary} ({proposal.words or 'untitled'})"


def _record(where: str, proposal: Proposal) -> Json:
    return {"session": where, "summary": proposal.summary, "params": dict(proposal.params)}
