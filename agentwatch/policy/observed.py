"""What an observed event means: it passes silently, belongs to an allowed action, or is asked.

Owns the judgement of what is seen below the agent.  Does no I/O, and changes nothing: the caller
records first, then tells the covers what passed (`Covers.use`, `program`, `remember`).

What does not work; a pass assumes that
- a program outside the workspace, the temporary and the agent's own folders is the user's own;
- reading programs may read anything, and what they read may leave with the next request to the
  model;
- the files of the temporary folders and caches belong to nobody who would miss them;
- who lets the agent write a file of the workspace means the file, not one write of it: what
  somebody else puts into it meanwhile may be written over.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from agentwatch.covers import Ancestry, Cover, Covers, Event, Scope, becomes
from agentwatch.model import Evidence, Mode, Reversibility, Verdict
from agentwatch.policy import DRAFT, READING, Judgement, drafts
from agentwatch.policy.ground import Ground, Zone
from agentwatch.policy.reach import reach
from agentwatch.policy.reasons import quoted
from agentwatch.policy.sandboxes import comes_and_goes
from agentwatch.policy.starts import Start, snapshot, stores
from agentwatch.reading import Reading

AGENT = "agent"
"""The rule by which the agent starts its own parts: they are the agent."""
BELONGS = "cover"
"""The rule by which passes what belongs to an allowed action."""
UNDECLARED = "the agent did not declare it"
TAKEN = "that another process has hold of, which could make it do anything"

_INDEX = re.compile(r"/\.git/(?:worktrees/[^/]+/|modules/[^/]+/)?index(?:\.lock)?")
_EFFECTS = {
    "make": "creates",
    "change": "writes over",
    "delete": "deletes",
    "mode": "changes the mode of",
    "attribute": "changes an attribute of",
}


_PLAIN = {
    Zone.WORKSPACE: "a file in the workspace",
    Zone.OUTSIDE: "a file outside the workspace",
}

_ANYBODYS = {Zone.DEVICE: "device", Zone.TEMP: "temporary", Zone.CACHE: "own folder"}
"""Where anything in the tree may write, and the rule that says so."""


NOT_THE_WORLD = frozenset({"model", "name look-up", "route", "own tree", "agentwatch"})
"""Rules by which a connection passes for what it is: nobody else may follow for that."""

BY_ITSELF = NOT_THE_WORLD | {
    *(AGENT, READING, "cover", "own folder", "temporary", "device", "folder"),
    *("written before", "reached before"),
}
"""Rules by which something passes that no person decided about, now or beforehand."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Why an event passes without a question."""

    why: str
    rule: str
    cover: Cover | None = None


def any_start(cover: Cover | None) -> bool:
    """Whether every program may start under a cover, whatever it is: it belongs to it."""
    return cover is not None and cover.wide


def judge_observed(
    event: Event,
    *,
    ground: Ground,
    covers: Covers,
    ancestry: Ancestry,
    called: Collection[str] = (),
) -> Judgement:
    """Judge what a process was seen trying; raises for none that has the event's shape.

    `ancestry` begins with the event's own process; `called` are the names that the tree's own
    look-ups gave for the event's address.
    """
    cover = covers.over(ancestry)
    waiting = None if cover else covers.waiting_for(event, ancestry, called)
    agent = cover is None and covers.is_agent(ancestry)
    scene = _Scene(
        event, ground, covers, cover or waiting, agent=agent, waits=bool(waiting), called=called
    )
    passed, reasons, floor = scene.look()
    judged = _judgement(scene, passed, reasons, floor=floor)
    return replace(judged, evidence=scene.evidence(passed))


def _judgement(
    scene: _Scene, passed: Pass | None, reasons: tuple[str, ...], *, floor: bool
) -> Judgement:
    """The verdict; a locked session denies what would be asked once its rules have spoken."""
    mode, cover = scene.ground.mode, passed.cover.action if passed and passed.cover else None
    reversibility = scene.reversibility(passed)
    if floor:
        return Judgement(Verdict.DENY, reversibility, reasons, "floor", scene.outside)
    if passed is not None:
        said = (passed.why,)
        return Judgement(Verdict.ALLOW, reversibility, said, passed.rule, scene.outside, cover)
    if scene.cover is None and scene.ground.expects_hook:
        reasons = (*reasons, UNDECLARED)
    if mode is Mode.WATCH:
        why = (*reasons, "watch mode records only")
        return Judgement(Verdict.ALLOW, reversibility, why, None, scene.outside)
    return Judgement(None, reversibility, reasons, None, scene.outside)


def follow(
    judgement: Judgement,
    event: Event,
    *,
    covers: Covers,
    ancestry: Ancestry,
    action: str,
    digest: str,
    called: Collection[str] = (),
) -> None:
    """Tell the covers what was let pass, after it was recorded and before it is released.

    `action` and `digest` are those of the observed action: a program start that passed in its own
    right, or that a person allowed, begins a cover under them.
    """
    cover = covers.over(ancestry) or covers.waiting_for(event, ancestry, called)
    if judgement.cover is not None and cover is not None:
        covers.use(cover, event, ancestry, called)
    elif event.kind == "exec" and judgement.rule != AGENT:
        narrow = judgement.rule in (READING, "own folder", "temporary")
        found = snapshot(event) if narrow else ""
        notes = (found,) if found else ()
        draft = judgement.rule == DRAFT
        covers.program(action, digest, event, ancestry, reading=narrow, notes=notes, draft=draft)
    elif judgement.verdict is None:
        covers.consent(event, ancestry)
    if judgement.rule not in NOT_THE_WORLD:
        covers.remember(event)


Found = tuple[Pass | None, tuple[str, ...], bool]


class _Scene:
    """One event with all that is known around it."""

    def __init__(
        self,
        event: Event,
        ground: Ground,
        covers: Covers,
        cover: Cover | None,
        *,
        agent: bool,
        waits: bool,
        called: Collection[str],
    ) -> None:
        self.event = event
        self.ground = ground
        self.covers = covers
        self.cover = cover
        self.agent = agent
        self.waits = waits
        self.called = called
        self.outside: tuple[str, ...] = ()

    def look(self) -> Found:
        """Whether it passes and why, else the reasons to ask, and whether it never may."""
        kind = self.event.kind
        if kind == "exec":
            return self._exec()
        if kind in ("connect", "datagram"):
            return self._reach()
        if kind == "signal":
            return None, ("sends a signal to a process outside the agent's tree",), False
        effects = self._effects()
        if not effects:
            return None, (f"does something that has no class here: {quoted(kind)}",), False
        return self._files(effects)

    def evidence(self, passed: Pass | None) -> Evidence:
        """What was said of it before it was seen."""
        said = (
            Evidence.UNDECLARED if self.cover is None else self.covers.standing(self.cover.action)
        )
        if said is not Evidence.UNDECLARED:
            part = passed is not None and passed.cover is not None
            return Evidence.BOTH if part else Evidence.SEEN
        # Nobody says before that it reads, or looks after its own files.
        silent = passed is not None and passed.rule != DRAFT
        return Evidence.SEEN if silent or not self.ground.expects_hook else Evidence.UNDECLARED

    def reversibility(self, passed: Pass | None) -> Reversibility:
        """The class of the worst that it can do."""
        event = self.event
        if passed is not None and passed.rule == DRAFT:
            return Reversibility.REVERSIBLE
        if passed is not None and passed.rule in (READING, "name look-up", "route", "device"):
            return Reversibility.READ_ONLY
        if event.kind not in ("write", "rename", "mode", "link") or event.kind == "truncate":
            return Reversibility.IRREVERSIBLE
        return Reversibility.EXTERNALLY_REVERSIBLE if self.outside else Reversibility.REVERSIBLE

    def _exec(self) -> Found:
        """A program start."""
        taken = "traced" in self.event.flags
        if self._begins() if self.waits else any_start(self.cover):
            return Pass("belongs to what was allowed", BELONGS, self.cover), (), False
        start = Start(self.event, self.ground)
        spoilt, reading = start.spoilt(), start.reading()
        passed = None if taken and self.waits else self._starts(start, reading, spoilt)
        draft = self.ground.mode is Mode.DRAFT
        waits = drafts.waits(start.argv) if passed is None and draft else ""
        if passed is None and draft and not waits:
            passed = Pass(drafts.FLOWS, DRAFT, self.cover)
        if passed:
            return passed, (), False
        if taken:
            return None, (f"runs a program {TAKEN}",), self.ground.mode is not Mode.WATCH
        why = ["runs a program"]
        why += [] if reading.yes else [quoted(reading.why)]
        why += [f"it lies where the agent can write: {quoted(start.loose)}"] if start.loose else []
        why += [one for one in (spoilt, waits) if one]
        return None, tuple(why), False

    def _starts(self, start: Start, reading: Reading, spoilt: str | None) -> Pass | None:
        """Why a program that is not under a wide cover may start without a question."""
        if self.agent and start.is_agent_itself():
            return Pass("the agent starts a part of itself", AGENT)
        if not spoilt and start.is_hook():
            return Pass("agentwatch's own hook", "own folder")
        if not spoilt and reading.yes:
            held = f" (the agent may have written {quoted(start.loose)})" if start.loose else ""
            return Pass(f"{reading.why}{held}", READING, self.cover)
        if not spoilt and start.stays_temporary():
            return Pass("works on temporary files alone", "temporary", self.cover)
        if self.agent and start.makes_snapshot():
            return Pass("keeps a copy of the shell's settings", "own folder")
        hands_on = self.agent and not spoilt and start.hands_on()
        return Pass("hands on to what is asked about itself", AGENT) if hands_on else None

    def _begins(self) -> bool:
        """Whether it is the start of a declared line, which may be one that is held to reading."""
        traced = "traced" in self.event.flags
        return self.waits and not traced and bool(self.cover and self.cover.command is not None)

    def _reach(self) -> Found:
        """A connection."""
        event = self.event
        found = reach(event, self.ground, self.cover, self.called, agent=self.agent)
        if found.passes:
            return Pass(found.why, found.rule, self.cover), (), False
        wide = self.agent or (self.cover is not None and self.cover.wide)
        if wide and not found.daemon and not found.floor and self.covers.reached(event):
            return Pass(f"{found.why}, as before", "reached before", self.cover), (), False
        hosts = self.cover is not None and self.cover.scope is Scope.HOSTS
        if hosts and not found.daemon and not found.floor:
            return Pass(f"{found.why}, as declared", BELONGS, self.cover), (), False
        return None, (found.why,), found.floor

    def _effects(self) -> tuple[tuple[str, str], ...]:
        """What it does to which path."""
        event, flags = self.event, self.event.flags
        if event.kind == "write":
            makes = "create" in flags or "temporary" in flags
            return ((event.path, "make" if makes else "change"),)
        if event.kind == "rename":
            if "exchange" in flags:
                return ((event.path, "change"), (event.path2, "change"))
            over = "change" if "replace" in flags else "make"
            return ((event.path, "delete"), (event.path2, over))
        if event.kind == "link":
            made = ((event.path2, "make"),)
            return made if "symbolic" in flags else ((event.path, "change"), *made)
        if "attribute" in flags:
            return ((event.path, "attribute"),)
        single = {"delete": "delete", "truncate": "change", "mode": "mode"}
        return ((event.path, single[event.kind]),) if event.kind in single else ()

    def _files(self, effects: tuple[tuple[str, str], ...]) -> Found:
        """What is done to files: all of it must pass."""
        passed: Pass | None = None
        reasons: list[str] = []
        if "setid" in self.event.flags:
            reasons.append("gives a program its owner's rights")
        if self.event.kind == "write" and {"create", "device"} <= set(self.event.flags):
            reasons.append("creates a device")
        for path, effect in effects:
            zone, what = self.ground.zone(path, self.event.pid)
            if zone is Zone.TERMINAL and {"private", "device"} <= set(self.event.flags):
                zone = Zone.DEVICE  # a pty of the tree's own, which nobody outside can see
            if zone is Zone.OURS:
                return None, (f"touches {what}: {quoted(path)}",), True
            if zone in (Zone.OUTSIDE, Zone.PROTECTED, Zone.OWN, Zone.CACHE):
                self.outside = (*self.outside, path)
            found = self._folder(path) or self._file(path, effect, zone) or self._draft(zone)
            if found is None:
                place = what or _PLAIN.get(zone, zone.value)
                meant = becomes(path) if effect == "make" else ""
                copy = f", to take the place of {quoted(meant)}" if meant else ""
                reasons.append(f"{_EFFECTS[effect]} {place}: {quoted(path)}{copy}")
            if passed is None or passed.rule != DRAFT:  # which asks most of whoever lets it pass
                passed = found or passed
        if reasons and (unkept := getattr(self.event, "unkept", "")):
            reasons.append(f"it cannot be kept aside, and so not be taken back: {quoted(unkept)}")
        return (None, tuple(reasons), False) if reasons else (passed, (), False)

    def _file(self, path: str, effect: str, zone: Zone) -> Pass | None:
        """Whether this may be done to this path."""
        if zone in _ANYBODYS:
            return Pass(zone.value, _ANYBODYS[zone], self.cover)
        lays = self.agent and self.ground.own.lays(path, effect)
        if lays or (zone is Zone.OWN and (self.agent or self._is_fetch())):
            return Pass(zone.value, "own folder")
        cover = self.cover
        if cover is None:
            return self._again(path, zone)
        reaches = (cover.scope is Scope.FILES and not cover.draft) or (
            self._below_cover(cover, path, effect, zone) if cover.wide else False
        )
        if reaches:
            return Pass("belongs to what was allowed", BELONGS, cover)
        if zone is Zone.OWN and cover.scope is Scope.READING and path in cover.paths:
            return Pass("the copy of the shell's settings", "own folder", cover)
        git = cover.scope is Scope.READING and self._is_git() and not stores(cover.argv)
        refresh = git and zone is not Zone.OURS and _INDEX.search(path)
        return Pass("git refreshes its index", READING, cover) if refresh else None

    def _draft(self, zone: Zone) -> Pass | None:
        """Whether it flows because it can be taken back: kept aside before it happens."""
        flows = self.ground.mode is Mode.DRAFT and zone in (Zone.WORKSPACE, Zone.RECORDS)
        kept = not getattr(self.event, "unkept", "")
        return Pass(drafts.WRITES, DRAFT, self.cover) if flows and kept else None

    def _folder(self, path: str) -> Pass | None:
        """Whether it makes a folder among the user's own, or what is nothing to anybody."""
        made = self.event.kind == "write" and {"create", "folder"} <= set(self.event.flags)
        if unseen := comes_and_goes(self.event, self.covers.made):
            return Pass(unseen, "folder", self.cover)
        roots = tuple(f"{root.rstrip('/')}/" for root in (self.ground.workspace, self.ground.home))
        if made and path.startswith(roots):
            return Pass("an empty folder", "folder", self.cover)
        return None

    def _again(self, path: str, zone: Zone) -> Pass | None:
        """Whether the agent goes on with a file that a person let it write."""
        event = self.event
        if not self.agent or zone is not Zone.WORKSPACE:
            return None
        goes_on = event.kind in ("write", "truncate") and self.covers.consented(path)
        # An editor's copy: made, given the mode of what it stands for, and put in its place.
        copy = becomes(event.path)
        ends = event.kind in ("mode", "delete") or (event.kind == "rename" and event.path2 == copy)
        if goes_on or (copy and ends and self.covers.consented(event.path)):
            return Pass("goes on with a file that was allowed", "written before")
        return None

    def _is_git(self) -> bool:
        """Whether the caller is the user's own git."""
        caller = Start(self.event, self.ground)
        return caller.name == "git" and not caller.loose

    def _is_fetch(self) -> bool:
        """Whether the event is the agent's own, though it waits under a declared file or host."""
        return self.cover is not None and self.cover.scope in (Scope.FILES, Scope.HOSTS)

    def _below_cover(self, cover: Cover, path: str, effect: str, zone: Zone) -> bool:
        """Whether what was allowed reaches this far."""
        if zone in (Zone.WORKSPACE, Zone.RECORDS):
            return True
        if zone is Zone.STEERING_RECORDS:
            inside = Start(self.event, self.ground).inside(path)
            return self._is_git() and "git" in cover.programs and inside
        if zone is not Zone.OUTSIDE:
            return False
        made = self.covers.made(path, private="private" in self.event.flags)
        return made or effect == "make" or self._named(cover, path)

    def _named(self, cover: Cover, path: str) -> bool:
        """Whether the approved line names this path, or a folder above it that is not a root."""
        keep = (self.ground.home, self.ground.workspace)
        for name in cover.paths:
            holds = any(root == name or root.startswith(name + "/") for root in keep)
            if path == name or (path.startswith(name + "/") and not holds and name.count("/") > 2):
                return True
        return False
