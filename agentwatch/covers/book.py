"""The book of covers: opened by an answer, begun by a process, ended with its last one.

Owns who is under which cover.  A cover is begun once; what is not in the book is not covered.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator
from dataclasses import replace

from agentwatch.covers.beside import becomes, temporary
from agentwatch.covers.naming import Names, names
from agentwatch.covers.starts import Own, listens, starts
from agentwatch.covers.values import Ancestry, Cover, Event, Process, Scope
from agentwatch.model import Action, ActionState, Evidence, Kind
from agentwatch.shell import parse, parse_argv

MOST = 2_000
"""Covers in the book; past this the oldest that never began is closed, and would be asked again."""
MOST_MADE = 200_000
"""Files that are remembered as made by the agent's tree."""
READING = "reading"
"""The rule by which reading passes: who passed by it is held to it."""
DRAFT = "draft"
"""The rule by which flows what can be taken back: likewise."""
_NARROW = {READING: Scope.READING, DRAFT: Scope.DRAFT}
CONNECTS = 16
"""Connections of one declared fetch: an address each for every family, and its redirections."""

Key = tuple[int, int]
_FILE_KINDS = frozenset({"write", "truncate", "rename", "mode"})


class Covers:
    """The covers of one session."""

    def __init__(self, *, own: Own = lambda _: False) -> None:
        self._own = own
        self._agent: Key | None = None
        self._waiting: dict[str, Cover] = {}
        self._bound: dict[Key, Cover] = {}
        self._members: dict[str, set[Key]] = {}
        self._used: dict[str, dict[tuple[str, str], int]] = {}
        self._standing: dict[str, Evidence] = {}
        self._made: dict[str, None] = {}
        self._consented: set[str] = set()
        self._hosts: set[tuple[str, int]] = set()

    def agent_is(self, agent: Ancestry) -> None:
        """Name the agent's first process: itself uncovered, and what it forks."""
        self._agent = _key(agent)

    def open(self, action: Action, *, cwd: str | None = None) -> Cover | None:
        """The cover of a declared action that was allowed; None where nothing can belong to it.

        `cwd` is the action's folder with its links followed, where the caller followed them.
        """
        if action.state is not ActionState.ALLOWED:
            return None
        self._standing[action.id] = Evidence.DECLARED
        cover = _cover(action, cwd)
        if cover is not None:
            self._make_room()
            self._waiting[action.id] = cover
        return cover

    def start(self, cover: Cover, ancestry: Ancestry) -> None:
        """A cover is begun: it is now about this process and what it starts; raises if it was."""
        if cover.action in self._members:
            raise ValueError(f"the cover of {cover.action} has begun before")
        self._waiting.pop(cover.action, None)
        self._bind(replace(cover, files=()), ancestry)

    def unbegun(self, action: str) -> Cover | None:
        """A cover of which nothing was used yet."""
        return None if self._used.get(action) else self._waiting.get(action)

    def bind(self, cover: Cover, ancestry: Ancestry) -> None:
        """A process is under a cover that has begun, by what another book of this session says."""
        self._bind(cover, ancestry)

    def rejoin(self, action: str, event: Event, process: Process) -> None:
        """An event passed under a cover that has begun, in another book of this session."""
        key = next(iter(self._members.get(action, ())), None)
        if key is not None:
            self.use(self._bound[key], event, [process])

    def program(
        self,
        action: str,
        digest: str,
        event: Event,
        ancestry: Ancestry,
        *,
        reading: bool = False,
        draft: bool = False,
        notes: tuple[str, ...] = (),
    ) -> Cover:
        """Begin the cover of a program start that was seen and allowed in its own right.

        `notes` are the files that a program that otherwise only reads is known to write.
        """
        parsed = parse_argv(event.argv)
        # What is typed into a shell, or into Python, later is nothing that anybody has seen yet.
        typed = listens(event) or any("its input" in why for why in parsed.dynamic)
        narrow = reading or draft or typed
        said = Names((), (), frozenset()) if narrow else names(parsed, event.cwd)
        cover = Cover(
            action,
            digest,
            Scope.DRAFT if draft else Scope.READING if narrow else Scope.PROGRAM,
            argv=event.argv,
            cwd=event.cwd,
            paths=said.paths + notes,
            hosts=said.hosts,
            programs=said.programs,
        )
        self._standing.setdefault(action, Evidence.UNDECLARED)
        self._bind(cover, ancestry)
        return cover

    def over(self, ancestry: Ancestry) -> Cover | None:
        """The cover that a process is under: its own, or its nearest ancestor's."""
        for key in _keys(ancestry):
            cover = self._bound.get(key)
            if cover is not None:
                return cover
            if key == self._agent:
                return None
        return None

    def is_agent(self, ancestry: Ancestry) -> bool:
        """Whether a process is the agent's own, under no cover, its descent known."""
        for key in _keys(ancestry):
            if key in self._bound:
                return False
            if key == self._agent:
                return True
        return False

    def waiting_for(
        self, event: Event, ancestry: Ancestry, called: Collection[str] = ()
    ) -> Cover | None:
        """The declared action that this event is, not begun yet, or used for its own files.

        `called` are the names that the tree's own look-ups gave for the event's address.
        """
        if not self._waiting or not self.is_agent(ancestry):
            return None
        for cover in self._waiting.values():
            if self._is(cover, event, called):
                return cover
        return None

    def use(
        self, cover: Cover, event: Event, ancestry: Ancestry, called: Collection[str] = ()
    ) -> None:
        """Note that an event passed under a cover, and whose it was."""
        self._standing[cover.action] = (
            Evidence.UNDECLARED
            if self._standing.get(cover.action) is Evidence.UNDECLARED
            else Evidence.BOTH
        )
        if cover.action in self._waiting and cover.command is not None:
            self.start(cover, ancestry)
        elif cover.action in self._waiting:
            used = self._used.setdefault(cover.action, {})
            for mark in _marks(cover, event, called):
                used[mark] = used.get(mark, 0) + 1
        else:
            self._join(cover, ancestry)

    def remember(self, event: Event) -> None:
        """Note what an event that passed has made, and whom it reached."""
        if event.kind in ("connect", "datagram") and event.address:
            self._hosts.add((event.address, event.port))
        name = event.path2 if event.kind in ("rename", "link") else event.path
        private = "private" in event.flags
        moves = event.kind == "rename" and self.made(event.path, private=private)
        makes = event.kind in ("write", "link") and "create" in event.flags
        if (moves or makes) and len(self._made) < MOST_MADE:
            self._made.setdefault(_named(name, private=private))
        if event.kind in ("delete", "rename"):
            self._made.pop(_named(event.path, private=private), None)
            meant = event.kind == "rename" and becomes(event.path) == event.path2
            stays = meant and self.consented(event.path)
            self._consented -= {event.path, event.path2}
            self._consented |= {event.path2} if stays else set()

    def consent(self, event: Event, ancestry: Ancestry) -> None:
        """Note that a person let the agent itself write this file."""
        writes = event.kind in ("write", "truncate") and self.is_agent(ancestry)
        if writes and len(self._consented) < MOST_MADE:
            self._consented.add(event.path)

    def consented(self, path: str) -> bool:
        """Whether a person let the agent itself write this file, or the one it is a copy for."""
        return path in self._consented or becomes(path) in self._consented

    def made(self, path: str, *, private: bool = False) -> bool:
        """Whether the tree was seen making this file; `private` on a mount of its own."""
        return _named(path, private=private) in self._made

    def reached(self, event: Event) -> bool:
        """Whether this address and port were allowed before in this session."""
        return (event.address, event.port) in self._hosts

    def processes(self) -> list[Key]:
        """Every process in the book, as pid and start time."""
        return list(self._bound)

    def ended(self, process: Ancestry) -> list[str]:
        """A process is gone; the actions whose last process it was, their covers ended."""
        cover = self._bound.pop(_key(process), None)
        if cover is None:
            return []
        return [cover.action] if self._leave(cover, _key(process)) else []

    def close(self, action: str) -> None:
        """End a cover: the agent says the action is over, or its last process is gone."""
        self._waiting.pop(action, None)
        self._used.pop(action, None)
        # An empty set stays: what has begun once never begins again.
        for key in self._members.get(action, ()):
            self._bound.pop(key, None)
        if action in self._members:
            self._members[action] = set()

    def standing(self, action: str) -> Evidence:
        """What was said of an action against what was seen of it."""
        return self._standing.get(action, Evidence.UNDECLARED)

    def _is(self, cover: Cover, event: Event, called: Collection[str]) -> bool:
        """Whether an event of the agent's is part of a declared action."""
        if cover.command is not None:
            same = cover.cwd is None or not event.cwd or cover.cwd == event.cwd
            return bool(
                event.kind == "exec" and same and starts(event, cover.command, own=self._own)
            )
        used = self._used.get(cover.action, {})
        marks = _marks(cover, event, called)
        most = CONNECTS if cover.scope is Scope.HOSTS else 1
        return bool(marks) and all(used.get(mark, 0) < most for mark in marks)

    def _bind(self, cover: Cover, ancestry: Ancestry) -> None:
        key = _key(ancestry)
        before = self._bound.get(key)
        if before is not None and before.action != cover.action:
            self._leave(before, key)
        self._bound[key] = cover
        self._members.setdefault(cover.action, set()).add(_key(ancestry))

    def _join(self, cover: Cover, ancestry: Ancestry) -> None:
        """A process that was seen under a cover stays there when its parents go."""
        if self._members.get(cover.action):
            self._bind(cover, ancestry)

    def _leave(self, cover: Cover, key: Key) -> bool:
        """One process fewer; whether it was the last, and the cover has ended."""
        members = self._members.get(cover.action, set())
        members.discard(key)
        if not members:
            self.close(cover.action)
        return not members

    def _make_room(self) -> None:
        while len(self._waiting) >= MOST:
            self._waiting.pop(next(iter(self._waiting)))


def _named(path: str, *, private: bool) -> str:
    """What only the tree sees may go by the name of something that everybody does."""
    return f"\0{path}" if private else path


def _marks(cover: Cover, event: Event, called: Collection[str]) -> list[tuple[str, str]]:
    """What of a cover an event uses up; empty where it is no part of it."""
    if cover.scope is Scope.HOSTS:
        reaches = event.kind in ("connect", "datagram") and event.family in ("inet", "inet6")
        known = {event.address, *called}
        return [("host", host) for host in cover.hosts if reaches and host in known]
    if cover.scope is not Scope.FILES or event.kind not in _FILE_KINDS:
        return []
    for target in cover.paths:
        if event.kind == "rename":
            if event.path2 == target and temporary(event.path, target):
                return [("rename", target)]
        elif event.path == target:
            return [(event.kind, target)]
        elif temporary(event.path, target):
            return [(event.kind, f"beside {target}")]
    return []


def _cover(action: Action, cwd: str | None) -> Cover | None:
    """What belongs to a declared action."""
    said = action.proposal
    rule = action.decision.rule if action.decision is not None else None
    folder = cwd or said.cwd
    where = posixpath.normpath(folder) if folder else None
    if said.command is not None:
        if rule in _NARROW:
            return Cover(action.id, action.digest, _NARROW[rule], said.command, cwd=where)
        found = names(parse(said.command), where)
        return Cover(
            action.id,
            action.digest,
            Scope.COMMAND,
            command=said.command,
            cwd=where,
            paths=found.paths,
            hosts=found.hosts,
            programs=found.programs,
            files=said.files,
        )
    if said.kind in (Kind.WRITE, Kind.DELETE, Kind.RENAME) and said.paths:
        paths = tuple(posixpath.normpath(path) for path in said.paths)
        draft = rule == DRAFT
        return Cover(
            action.id, action.digest, Scope.FILES, paths=paths, files=said.files, draft=draft
        )
    if said.kind is Kind.NETWORK and said.host:
        hosts = (said.host.casefold(),)
        return Cover(action.id, action.digest, Scope.HOSTS, hosts=hosts)
    return None


def _keys(ancestry: Ancestry) -> Iterator[Key]:
    return ((process.pid, process.started) for process in ancestry)


def _key(ancestry: Ancestry) -> Key:
    """The process itself; raises where nothing is known of it."""
    return (ancestry[0].pid, ancestry[0].started)
