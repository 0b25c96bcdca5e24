"""Counting what an agent does, and saying when it is too much.

Owns the windows, the streak of denials and the one trip that stands.  A trip stands until it is
reset; nothing is forgotten by itself but what is older than its window.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from agentwatch.breaker.limits import Limits
from agentwatch.breaker.values import Act, Key, Limit, Meter, Trip, Way

REMEMBERED = 5_000
"""Actions that are known by name; older ones are only counted."""

SUBJECTS = 5_000
"""Folders, hosts and tools that are counted apart; the oldest go first."""

SAMPLE = 8

KEPT = 60.0
"""Seconds of what has no limit, for showing."""

_WORDS = {
    Meter.DELETIONS: "deletion",
    Meter.MESSAGES: "message",
    Meter.KIND: "action of the kind “{}”",
    Meter.FOLDER: "action in the folder {}",
    Meter.HOST: "action that reaches {}",
    Meter.TOOL: "call of the tool {}",
    Meter.QUESTIONS: "question",
    Meter.DENIALS: "denial in a row",
    Meter.PROCESSES: "new process",
    Meter.OUTSIDE: "file changed or deleted outside the workspace",
    Meter.COVERED: "file deleted in the workspace by approved programs",
}


@dataclass(slots=True)
class _Window:
    """What came lately: when, how much, and by which name."""

    items: deque[tuple[float, int, str]] = field(default_factory=deque)
    total: int = 0

    def add(self, now: float, amount: int, name: str) -> None:
        last = self.items[-1] if self.items else None
        if last and not name and not last[2] and now - last[0] < 1:  # thousands, from one build
            self.items[-1] = (last[0], last[1] + amount, "")
        else:
            self.items.append((now, amount, name))
        self.total += amount

    def cut(self, before: float) -> None:
        while self.items and self.items[0][0] <= before:
            self.total -= self.items.popleft()[1]


@dataclass(slots=True)
class _Known:
    act: Act
    at: float
    way: Way


class Breaker:
    """The counts of one session."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.trip: Trip | None = None
        self._windows: dict[Key, _Window] = {}
        self._known: dict[str, _Known] = {}
        self._totals: Counter[Meter] = Counter()
        self._trips = 0
        self._tree: deque[tuple[float, int]] = deque()
        self._denied: deque[float] = deque()
        self._last_no = float("-inf")
        self._lately: deque[str] = deque(maxlen=SAMPLE)

    def weigh(self, act: Act, now: float) -> Trip | None:
        """The trip that this action brings about, if it does; it is counted by `count`."""
        if self.trip is not None:
            return None
        for key, amount in act.counted():
            limit = self.limits.of(key[0])
            if limit is not None and self._in(key, limit, now) + amount >= limit.count:
                return self._tripped(key, limit, self._in(key, limit, now) + amount, now, act)
        return None

    def count(self, act: Act, name: str, way: Way, now: float) -> None:
        """It has happened, waits to, or was denied; `name` is the action's id, if it has one."""
        for key, amount in act.counted() if way is not Way.DENIED else ():
            self._totals[key[0]] += amount
            self._add(key, amount, name, now)
        if not name:
            self._lately.append(act.summary)
        else:
            self._known[name] = _Known(act, now, way)
            if len(self._known) > REMEMBERED:
                self._known.pop(next(iter(self._known)))

    def decided(self, name: str, way: Way, now: float) -> Trip | None:
        """An action was answered; the trip that a streak of denials brings about."""
        known = self._known.get(name)
        if known is None:
            return None
        known.way = way
        if way is not Way.DENIED:
            self._denied.clear()
            return None
        # What was asked before the last no was no try to get around it.
        again, self._last_no = known.at > self._last_no, now
        limit = self.limits.of(Meter.DENIALS)
        if not again or limit is None:
            return None
        self._totals[Meter.DENIALS] += 1
        self._denied.append(now)
        while self._denied and self._denied[0] <= now - limit.seconds:
            self._denied.popleft()
        if self.trip is None and len(self._denied) >= limit.count:
            return self._tripped((Meter.DENIALS, ""), limit, len(self._denied), now, known.act)
        return None

    def tree(self, processes: int, now: float) -> Trip | None:
        """The tree was counted; the trip that its growth brings about."""
        limit = self.limits.of(Meter.PROCESSES)
        if limit is None:
            return None
        while self._tree and self._tree[0][0] <= now - limit.seconds:
            self._tree.popleft()
        self._tree.append((now, processes))
        grown = self._grown()
        if self.trip is None and grown >= limit.count:
            return self._tripped((Meter.PROCESSES, ""), limit, grown, now, None)
        return None

    def stop(self, meter: str, subject: str, words: str, limit: str = "", count: int = 0) -> Trip:
        """Trip for a reason that is not counted here: a budget, a fault."""
        if self.trip is None:
            self._trips += 1
            self.trip = Trip(self._trips, meter, subject, count, limit, words)
        return self.trip

    def burst(self, waiting: Iterable[str]) -> list[str]:
        """Those that wait for the reason that tripped: all that wait, where it names none."""
        names = list(waiting)
        trip = self.trip
        if trip is None:
            return []
        if trip.meter not in set(Meter):
            return names
        key = (Meter(trip.meter), trip.subject)
        counted = [name for name in names if name in self._known and self._has(name, key)]
        return counted or names

    def reset(self) -> None:
        """Begin to count anew; what is in the book by name stays."""
        self.trip = None
        self._windows.clear()
        self._lately.clear()
        self._tree.clear()
        self._denied.clear()

    def meters(self, now: float) -> list[tuple[Meter, str, int, Limit | None, int]]:
        """Every meter: the fullest of what it is about, how full, its limit, and all in all."""
        found = []
        for meter in Meter:
            limit = self.limits.of(meter)
            subject, full = self._fullest(meter, limit or Limit(1, KEPT), now)
            found.append((meter, subject, full, limit, self._totals[meter]))
        return found

    def _fullest(self, meter: Meter, limit: Limit, now: float) -> tuple[str, int]:
        if meter is Meter.PROCESSES:
            return "", self._grown()
        if meter is Meter.DENIALS:
            return "", sum(at > now - limit.seconds for at in self._denied)
        counts = ((self._in(key, limit, now), key[1]) for key in self._windows if key[0] is meter)
        full, subject = max(counts, default=(0, ""))
        return subject, full

    def _grown(self) -> int:
        return self._tree[-1][1] - min(count for _, count in self._tree) if self._tree else 0

    def _in(self, key: Key, limit: Limit, now: float) -> int:
        window = self._windows.get(key)
        if window is None:
            return 0
        window.cut(now - limit.seconds)
        return window.total

    def _add(self, key: Key, amount: int, name: str, now: float) -> None:
        window = self._windows.pop(key, None) or _Window()
        self._windows[key] = window  # the last used last: nobody's new folders push it out
        limit = self.limits.of(key[0])
        window.cut(now - (limit.seconds if limit else KEPT))
        window.add(now, amount, name)
        if len(self._windows) > SUBJECTS:
            self._windows.pop(next(iter(self._windows)))

    def _has(self, name: str, key: Key) -> bool:
        return any(found == key for found, _ in self._known[name].act.counted())

    def _tripped(self, key: Key, limit: Limit, count: int, now: float, act: Act | None) -> Trip:
        self._trips += 1
        window = self._windows.get(key, _Window())
        known = [self._known[name] for _, _, name in window.items if name in self._known]
        ways = Counter(one.way for one in known)
        begun = window.items[0][0] if window.items else now
        if key[0] in (Meter.PROCESSES, Meter.DENIALS):
            begun = self._tree[0][0] if key[0] is Meter.PROCESSES else self._denied[0]
        shown = [one.act.summary for one in known] or (list(self._lately) if act else [])
        sample = (*shown, *((act.summary,) if act else ()))[-SAMPLE:]
        self.trip = Trip(
            number=self._trips,
            meter=key[0],
            subject=key[1],
            count=count,
            limit=str(limit),
            words=_sentence(key, count, max(now - begun, 0.0), ways),
            ways=tuple((way.value, ways[way]) for way in Way if ways[way]),
            sample=sample,
        )
        return self.trip


def _sentence(key: Key, count: int, span: float, ways: Counter[Way]) -> str:
    """One sentence: "the 12th deletion in 3 s, so far 3 allowed by grant"."""
    meter, subject = key
    if meter is Meter.BYTES:
        what = f"{count / (1 << 20):.0f} MiB deleted or overwritten"
    else:
        what = f"the {_ordinal(count)} {_WORDS[meter].format(subject)}"
    said = [f"{number} {way}" for way in Way if (number := ways[way])]
    so_far = f", so far {', '.join(said)}" if said else ""
    return f"{what} in {max(span, 1):.0f} s{so_far}"


def _ordinal(number: int) -> str:
    last = 0 if number % 100 in (11, 12, 13) else number % 10
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"
