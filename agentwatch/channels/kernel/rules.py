"""The judgements that need nobody: what passes and what never does, by tables the supervisor gave.

Owns the tables and the covers, and matching one event against them.  Pure: the caller hands in
what has to be looked up.  What no table names is asked; nothing passes by being unknown.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .acts import Deed, Family, Flag, Observed

ALLOW = "allow"
DENY = "deny"
ASK = "ask"

MOST_TOLD = 1000
"""Refusals by the floor that the supervisor hears of."""

_TWO_NAMES = (Deed.RENAME, Deed.LINK)
_MOVING = (Deed.RENAME, Deed.DELETE)
_REACHING = (Deed.CONNECT, Deed.DATAGRAM)


@dataclass(frozen=True, slots=True)
class Cover:
    """What passes below one process because a person allowed the action that started it."""

    id: str
    root: int
    kinds: frozenset[str]
    prefixes: tuple[str, ...]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Cover:
        """As the supervisor sends it; raises KeyError, TypeError or ValueError."""
        kinds = frozenset(Deed(kind).value for kind in data["kinds"])
        return cls(str(data["id"]), int(data["root"]), kinds, _prefixes(data["prefixes"]))


class Told:
    """What never passes is told of once for each path, and not for ever."""

    def __init__(self) -> None:
        self._told: set[object] = set()

    def first(self, event: Observed) -> bool:
        """Whether it should be told; a program start that is asked again never is."""
        what = (event.kind, event.path, event.path2)
        if event.kind is Deed.EXEC or what in self._told or len(self._told) >= MOST_TOLD:
            return False
        self._told.add(what)
        return True


class Rules:
    """What is known to pass, and what is known to be refused."""

    def __init__(self) -> None:
        self._floor: tuple[str, ...] = ()
        self._shut: tuple[str, ...] = ()
        self._allow: dict[str, tuple[str, ...]] = {}
        self._exact: set[object] = set()
        self._default = ASK
        self._covers: dict[str, Cover] = {}

    def load(self, data: Mapping[str, Any]) -> None:
        """Replace the tables; raises KeyError, TypeError or ValueError, and then changes nothing.

        `floor`: prefixes nobody may change.  `shut`: nobody may connect to (the floor, where it is
        not given).  `allow`: kind to prefixes (for reaching somebody:
        `127.0.0.1:80`, `127.0.0.1`, `unix:/path`).  `default`: what the rest gets.
        """
        floor = _prefixes(data.get("floor", ()))
        shut = _prefixes(data.get("shut", floor))
        allow = {Deed(kind).value: _prefixes(items) for kind, items in data["allow"].items()}
        default = str(data.get("default", ASK))
        if default not in (ALLOW, DENY, ASK):
            raise ValueError(f"no such answer: {default}")
        self._floor, self._shut = floor, shut
        self._allow, self._default = allow, default

    def cover(self, cover: Cover) -> None:
        """Let an action's own processes work."""
        self._covers[cover.id] = cover

    def uncover(self, name: str) -> None:
        """The action is over."""
        self._covers.pop(name, None)

    def remember(self, event: Observed) -> None:
        """Let exactly this pass from now on."""
        if len(self._exact) < 100_000:
            self._exact.add(_key(event))

    def judge(  # noqa: PLR0911 - one reason a line
        self, event: Observed, below: Callable[[int, int], bool]
    ) -> str:
        """allow, deny or ask; `below` says whether a process descends from another."""
        names = _names(event)
        if Flag.LOST in event.flags:
            return DENY
        if event.kind in _REACHING:
            return self._reaching(event, below)
        if Flag.PIPE in event.flags:
            return ALLOW
        if event.kind is not Deed.EXEC and any(_within(name, self._floor) for name in names):
            return DENY
        if event.kind in _MOVING and _above(names, self._floor):
            return DENY
        if Flag.PRIVATE in event.flags:
            return self._default
        allowed = self._allow.get(event.kind.value, ())
        if allowed and names and all(_within(name, allowed) for name in names):
            return ALLOW
        if (self._exact and _key(event) in self._exact) or self._covered(event, names, below):
            return ALLOW
        return self._default

    def _reaching(self, event: Observed, below: Callable[[int, int], bool]) -> str:
        names: list[str] = []
        if event.family is None:  # a connected socket's own datagram
            return ALLOW
        if event.family is Family.UNIX:
            ours = event.path and _within(event.path, self._shut)
            if ours and f"unix:{event.path}" not in self._allow.get(event.kind.value, ()):
                return DENY
            kind = "unix:@" if Flag.ABSTRACT in event.flags else "unix:"
            names = [kind + event.path]
        elif event.family in (Family.INET, Family.INET6):
            names = [event.address, f"{event.address}:{event.port}"]
        allowed = self._allow.get(event.kind.value, ())
        known = self._exact and _key(event) in self._exact
        if known or any(_within(name, allowed) for name in names):
            return ALLOW
        return ALLOW if self._covered(event, names, below) else self._default

    def _covered(
        self, event: Observed, names: Iterable[str], below: Callable[[int, int], bool]
    ) -> bool:
        return bool(self._covers) and any(
            event.kind.value in cover.kinds
            and all(_within(name, cover.prefixes) for name in names)
            and below(event.pid, cover.root)
            for cover in self._covers.values()
        )


def _names(event: Observed) -> tuple[str, ...]:
    if event.kind in _TWO_NAMES:
        return (event.path, event.path2)
    return (event.path,)


def _within(name: str, prefixes: tuple[str, ...]) -> bool:
    """Whether a name is one of them, or lies below one."""
    return name in prefixes or name.startswith(_slashed(prefixes))


@functools.lru_cache
def _slashed(prefixes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(prefix.rstrip("/") + "/" for prefix in prefixes)


def _above(names: tuple[str, ...], floor: tuple[str, ...]) -> bool:
    """Whether one of the names is a folder above what nobody may change."""
    return any(item.startswith(name.rstrip("/") + "/") for name in names for item in floor)


def _prefixes(items: Iterable[Any]) -> tuple[str, ...]:
    found = tuple(str(item) for item in items)
    if "" in found:
        raise ValueError("an empty prefix would be everything")
    return found


def _key(event: Observed) -> object:
    return (
        event.kind,
        event.path,
        event.path2,
        event.exe if event.kind is Deed.EXEC else "",
        event.argv,
        event.cwd,
        event.flags,
        event.mode,
        event.attribute,
        event.address,
        event.port,
        event.target,
        event.signal,
    )
