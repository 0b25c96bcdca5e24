"""What happens to a proposal before a person has spoken: it passes, is denied, or is asked.

Owns the judgement and the class that says how hard an action is to take back.  Does no I/O.
Never lets anything pass but what is proven to only read, except in a session that only records.

The class is by what an action can do at worst: a file in the workspace can be written back
(reversible), one outside it too, but not by the workspace's own history (externally reversible).
What is deleted, sent or run cannot be taken back, and neither can a write to a file that acts on
its own: its effect may be there before anybody looks (irreversible).
"""

from __future__ import annotations

import os.path
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agentwatch.model import Evidence, Kind, Mode, Proposal, Reversibility, Verdict
from agentwatch.policy.drafts import DRAFT, flows
from agentwatch.policy.places import Places
from agentwatch.policy.reasons import reasons
from agentwatch.reading import Reading, argv_reads_only, held_argv, held_line, reads_only
from agentwatch.rules import Decide, Ruling

__all__ = ["DRAFT", "LOCKED", "READING", "Judgement", "judge"]

READING = "reading"
"""The rule by which reading passes."""
LOCKED = "locked mode: only what a rule allows"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the policy says of a proposal."""

    verdict: Verdict | None
    """None: a person is asked."""
    reversibility: Reversibility
    reasons: tuple[str, ...]
    """Why, one sentence each."""
    rule: str | None
    """The rule that decided, where one did."""
    outside: tuple[str, ...]
    """Those of its paths that lie outside the workspace."""
    cover: str | None = None
    """The allowed action that it is part of, where it passes for that reason."""
    evidence: Evidence | None = None
    """What was said of it against what was seen, where it was seen."""


def judge(
    proposal: Proposal,
    *,
    workspace: str,
    mode: Mode,
    armed: bool | None = None,
    resolve: Callable[[str], str] = os.path.normpath,
    rules: Callable[[Proposal, Reversibility], Ruling | None] = lambda *_: None,
    anybodys: Callable[[str], bool] | None = None,
) -> Judgement:
    """Judge a proposal; raises for none but what `rules` raises.

    `armed` is False while the agent's hook is expected and was not seen alive; `resolve` follows
    links, and may raise OSError or ValueError for a path it cannot follow; `rules` says what the
    person decided beforehand; `anybodys`, where all system calls are held as well, which files
    anything may write.
    """
    places = Places(proposal, workspace, resolve)
    reading = _reading(proposal, places, anybodys)
    why = [reading.why] if reading.yes else list(reasons(proposal, places, reading.why))
    reversibility = _reversibility(proposal, places, reading)
    ruling = rules(proposal, reversibility)
    draft = ""
    if mode is Mode.DRAFT and armed is not False and ruling is None and not reading.yes:
        draft = flows(proposal, places, held=anybodys is not None)
    verdict, rule, said = _verdict(mode, armed, reading, ruling)
    if draft:
        verdict, rule, said, why = Verdict.ALLOW, DRAFT, (draft,), []
        reversibility = Reversibility.REVERSIBLE
    if ruling is not None and rule is None and ruling.decide is not Decide.ALLOW:
        why = [f"{ruling.why} ({ruling.rule})", *why]
    return Judgement(verdict, reversibility, (*said, *why), rule, places.outside)


def _verdict(
    mode: Mode, armed: bool | None, reading: Reading, ruling: Ruling | None
) -> tuple[Verdict | None, str | None, tuple[str, ...]]:
    """The verdict, the rule that made it, and what there is to say of it."""
    decide = ruling.decide if ruling else None
    if mode is Mode.WATCH:
        return Verdict.ALLOW, None, ("watch mode records only",)
    if ruling and decide is Decide.DENY:
        return Verdict.DENY, ruling.rule, (ruling.why,)
    unarmed = "the agent's hook was not seen alive, so nothing passes by itself"
    if armed is not False and decide is not Decide.ASK:
        if reading.yes:
            return Verdict.ALLOW, READING, ()
        if ruling and decide is Decide.ALLOW:
            return Verdict.ALLOW, ruling.rule, (ruling.why,)
    said = (unarmed,) if armed is False else ()
    if mode is Mode.LOCKED:
        return Verdict.DENY, None, (*said, LOCKED)
    return None, None, said


def _reading(proposal: Proposal, places: Places, anybodys: Callable[[str], bool] | None) -> Reading:
    """Whether all that the proposal says it does is reading."""
    if proposal.kind not in (Kind.READ, Kind.EXEC) or proposal.diff is not None:
        return Reading(yes=False, why="")
    if proposal.url is not None or proposal.host is not None:
        return Reading(yes=False, why="")
    found = list(_lines(proposal, places, anybodys))
    if not found:
        reads = proposal.kind is Kind.READ
        return Reading(yes=reads, why="only reads" if reads else "")
    return next((answer for answer in found if not answer.yes), found[0])


def _lines(
    proposal: Proposal, places: Places, anybodys: Callable[[str], bool] | None
) -> Iterator[Reading]:
    """What is said of its command line, and of its arguments."""
    command, argv = proposal.command, proposal.argv
    if anybodys is not None:
        if command is not None:
            yield held_line(command, anybodys)
        if argv:
            yield held_argv(argv, anybodys)
        return
    found = [reads_only(command, places.inside)] if command is not None else []
    found += [argv_reads_only(argv, places.inside)] if argv else []
    for answer in found:
        if "git" in answer.programs and proposal.cwd and not places.inside(proposal.cwd):
            yield Reading(yes=False, why="git may run what a folder outside configures")
        else:
            yield answer


def _reversibility(proposal: Proposal, places: Places, reading: Reading) -> Reversibility:
    """The class of the worst thing that the proposal can do."""
    if reading.yes:
        return Reversibility.READ_ONLY
    only_files = proposal.kind in (Kind.WRITE, Kind.RENAME) and bool(proposal.paths)
    more = proposal.command is not None or proposal.argv or proposal.url or proposal.host
    if not only_files or more or places.steering:
        return Reversibility.IRREVERSIBLE
    if places.outside:
        return Reversibility.EXTERNALLY_REVERSIBLE
    return Reversibility.REVERSIBLE
