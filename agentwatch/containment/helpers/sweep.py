"""Signalling everything below a process, found by looking at /proc.

Owns the sweeps that kill, stop and continue a tree.  A process is signalled through a handle that
was opened before a look at it showed a parent of ours: never by a number that somebody else may
have by then.

What does not work: one way through the tree proves nothing while processes come and go.  A kill
is over when two in a row find nobody; a tree stands still when a census says so.  A freeze of a
thousand takes as long as its system calls made from C: a handle, a signal and one look at each.
A process that a debugger holds while many others are frozen is stopped once more by that.
"""

from __future__ import annotations

import select
import signal
import sys
import time
from collections.abc import Callable, Collection

from . import grip, tree

DYING = 0.05
"""Seconds to sleep, at most, until the killed are dead and the next look is worth its time."""

FEW = 20
"""With more of them the list of all processes is quicker than asking each for its children."""

STOPPING = 0.0002
"""Seconds that those who were struck get a processor for, to take the signal in."""

QUIET = 3
"""Looks in a row that find nobody, where others come and go too fast for one that proves it."""


class Walk:
    """One way through a tree, from its root to its leaves; looks at each, and signals nobody."""

    def __init__(self, root: int, keep: frozenset[int]) -> None:
        self.family = {root}
        """Whose children are ours: those met so far."""
        self.met: list[tuple[int, int]] = []
        """The living, with their start times, parents before their children."""
        todo = [tree.children(root)]
        while todo:
            for pid in todo.pop():
                if pid in self.family:
                    continue
                below = self._pass(pid) if pid in keep else self.meet(pid)
                if below is not None:
                    self.family.add(pid)
                    todo.append(below)

    def meet(self, pid: int) -> list[int] | None:
        """Do to one process what is to be done; its children, None when it is none of ours."""
        found = tree.stat(pid)
        if found is None or found.parent not in self.family:
            return None
        if tree.mode(pid, found) != tree.DEAD:
            self.met.append((pid, found.started))
        return _children(pid, found)

    def _pass(self, pid: int) -> list[int] | None:
        """The children of one that is left alone; none if its number is a stranger's by now."""
        below = tree.children(pid)
        found = tree.stat(pid) if below else None
        if found is not None and found.parent not in self.family:
            return None
        return below


class Stop(Walk):
    """Stop everybody who runs, parents before their children; at most so many of them."""

    def __init__(self, root: int, keep: frozenset[int], most: int = sys.maxsize) -> None:
        self.struck: set[int] = set()
        self.stood: dict[int, int] = {}
        """Who stood still already: pid to start time."""
        self._most = most
        super().__init__(root, keep)

    def meet(self, pid: int) -> list[int] | None:
        """Stop it, then see whom it had started by then."""
        if len(self.struck) >= self._most:
            return None
        mode, found = _stop(pid, self.family)
        if found is None or not mode:
            return None
        if mode == tree.RUNNING:
            self.struck.add(pid)
        elif mode == tree.STILL:
            self.stood[pid] = found.started
        return _children(pid, found)


class Kill(Walk):
    """Kill everybody alive: taken hold of first, then struck with nothing in between.

    Whoever dies needs a processor for it: a look between two blows would wait for that.
    """

    def __init__(self, root: int, keep: frozenset[int]) -> None:
        self.struck: list[int] = []
        self.at = 0.0
        """On the monotonic clock, when the first blow fell; 0 if none did."""
        self._held: list[int] = []
        self._fresh = 0
        try:
            super().__init__(root, keep)
            self._strike()
        except BaseException:
            self.close()
            raise

    def meet(self, pid: int) -> list[int] | None:
        """Take hold of it, and see its children while it has any."""
        if self._fresh == grip.GRIP:
            self._strike()
            self.close()
        handle, found = grip.take(pid)
        if found is None or found.parent not in self.family:
            grip.let_go(handle)
            return None
        if tree.mode(pid, found) == tree.DEAD:
            grip.let_go(handle)
            return []
        self._held.append(handle)
        self._fresh += 1
        self.struck.append(pid)
        return _children(pid, found)

    def _strike(self) -> None:
        self.at = self.at or (time.monotonic() if self._held else 0.0)
        for handle in self._held:
            grip.send(handle, signal.SIGKILL)
        self._fresh = 0

    def see(self) -> None:
        """Sleep until those struck last are dead: looking on would keep them from a processor."""
        until = time.monotonic() + DYING
        for handle in reversed(self._held):
            wait = until - time.monotonic()
            if wait <= 0:
                return
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            poll.poll(wait * 1000)

    def close(self) -> None:
        """Let go of who is held."""
        while self._held:
            grip.let_go(self._held.pop())


class Census:
    """Everybody below a process, by the list of all processes; who runs is stopped.

    Numbers are given out upwards and listed upwards, so that nobody can fork out of its sight.
    Who was seen standing or dead, and who is none of ours, is not read again.
    """

    def __init__(
        self, root: int, keep: frozenset[int], struck: set[int], unseen: Collection[int] = ()
    ) -> None:
        """`struck` were stopped before, and of those `unseen` without a look at how they stood."""
        self.running = False
        """Whether the last look met somebody who ran."""
        self.stood: dict[int, int] = {}
        """Who stood before anybody had struck it: pid to start time."""
        self.standing: set[int] = set()
        self._unseen = frozenset(unseen)
        self._family = {root, *keep, *struck}
        self._settled = {root, *keep}
        self.strangers = {0}
        """Who is none of ours."""
        self._struck = struck

    def look(self) -> bool:
        """Look at who is new or ran, and stop who runs; whether all were told and stand still."""
        if self.running:  # they may have set others going since
            self._settled -= self.standing
            self.standing.clear()
            self.running = False
        known = self._settled | self.strangers
        unknown: dict[int, tree.Stat] = {}
        met = True
        for pid in tree.pids():
            if pid not in known:
                met &= self._meet(pid, unknown)
        told = [self._tell(pid, unknown) for pid in unknown]
        return met and all(told) and not self.running

    def _meet(self, pid: int, unknown: dict[int, tree.Stat]) -> bool:
        """Look at one, and stop it if it is ours and runs; False when it is gone."""
        if pid in self._struck and (raw := tree.stopped(pid)):
            self._settled.add(pid)
            self.standing.add(pid)
            if tree.stop_waits(raw) and pid in self._unseen and (found := tree.told(raw)):
                self.stood[pid] = found.started
            return True
        mode, found = _stop(pid, self._family)
        if found is None:
            return False
        if mode:
            self._judge(pid, found, mode)
        else:
            unknown[pid] = found
        return True

    def _judge(self, pid: int, found: tree.Stat, mode: str) -> None:
        """Note how it stands with one of ours."""
        self._family.add(pid)
        # one that sleeps in a frozen cgroup takes its stop when that thaws
        asleep = pid in self._struck and found.state == "S"
        if mode == tree.RUNNING and not (asleep and tree.stops_next(f"/proc/{pid}/status")):
            self._struck.add(pid)
            self.running = True
            return
        self._settled.add(pid)
        if mode != tree.DEAD:
            self.standing.add(pid)
            if pid not in self._struck:
                self.stood[pid] = found.started

    def _tell(self, pid: int, unknown: dict[int, tree.Stat]) -> bool:
        """Follow its parents to somebody known; False when they lead to nobody."""
        chain: list[int] = []
        while pid in unknown and pid not in self._family and pid not in self.strangers:
            chain.append(pid)
            pid = unknown[pid].parent
            if len(chain) > len(unknown):
                return False
        if pid in self.strangers:
            self.strangers.update(chain)
        elif pid in self._family:
            for one in chain:
                self._judge(one, unknown[one], tree.mode(one, unknown[one]))
        else:
            return False
        return True


def hold(root: int, keep: frozenset[int], until: float) -> dict[int, int] | None:
    """Stop everybody until they all stand still; who stood before, None if that has no end."""
    first = Stop(root, keep, FEW)
    unseen: set[int] = set()
    if len(first.struck) >= FEW:
        unseen = grip.stop_children(first.family, keep | first.family)
        time.sleep(STOPPING)
    census = Census(root, keep, first.struck | unseen, unseen)
    if len(first.struck) < FEW:  # twice met nowhere in the tree: of those, only who is new counts
        there = set(tree.pids())
        census.strangers |= there - Stop(root, keep).family - Stop(root, keep).family
    quiet = looks = 0
    while quiet < QUIET and not census.look():
        looks += 1
        if census.running:
            time.sleep(STOPPING)
        # after the first look it may just have been a stranger who went while he was looked at
        idle = not census.running and looks > 1
        idle = idle and not Stop(root, keep | census.standing, FEW).struck
        quiet = quiet + 1 if idle else 0
        if time.monotonic() > until:
            return None
    return {**first.stood, **census.stood}


def go_on(root: int, keep: frozenset[int]) -> None:
    """Continue everybody who stands still, children before their parents.

    A shell that runs before its job would see that it was stopped.
    """
    for pid, started in reversed(Walk(root, keep).met):
        handle, found = grip.take(pid)
        if found and found.started == started and tree.mode(pid, found) == tree.STILL:
            grip.send(handle, signal.SIGCONT)
        grip.let_go(handle)


def kill(root: int, keep: frozenset[int]) -> Kill:
    """Strike once and wait a moment for the dying."""
    blow = Kill(root, keep)
    blow.see()
    blow.close()
    return blow


def clear(root: int, keep: frozenset[int], until: float, reap: Callable[[], object]) -> None:
    """Kill until two looks in a row find nobody, or the monotonic clock says `until`."""
    quiet = 0
    while quiet < 2 and time.monotonic() < until:
        quiet = 0 if kill(root, keep).struck else quiet + 1
        reap()


def _stop(pid: int, family: set[int]) -> tuple[str, tree.Stat | None]:
    """Stop one if it is of the family and runs; how it was found, without a mode if it is not."""
    handle, found = grip.take(pid)
    if found is None:
        return "", None
    try:
        if found.parent not in family:
            return "", found
        mode = tree.mode(pid, found)
        if mode == tree.RUNNING:
            grip.send(handle, signal.SIGSTOP)
        return mode, found
    finally:
        grip.let_go(handle)


def _children(pid: int, found: tree.Stat) -> list[int] | None:
    """Its children; None when its number may have been another's meanwhile."""
    below = tree.children(pid, found.threads)
    if below:
        again = tree.stat(pid)
        if again is None or again.started != found.started:
            return None
    return below
