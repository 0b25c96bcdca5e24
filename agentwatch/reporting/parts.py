"""What a page is made of: our own words, and text that is not ours, kept apart to the end.

Owns the values; each form of the page says how it draws them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")

LONGEST = 600
"""Characters of one stretch of foreign text that stand on a page."""


@dataclass(frozen=True, slots=True)
class Theirs:
    """Text that is not ours: an agent's, a server's, a file's name."""

    text: str


Part = str | Theirs


class Mark(StrEnum):
    """What an item means at one glance."""

    NONE = ""
    GOOD = "good"
    NO = "no"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a page."""

    parts: tuple[Part, ...]
    mark: Mark = Mark.NONE


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under a heading."""

    title: str
    items: tuple[Item, ...]
    none: str = "None."
    """What is said where there is no item."""


class Ends(Generic[T]):
    """The first and the last of many, and how many there were."""

    def __init__(self, first: int = 40, last: int = 160) -> None:
        self.count = 0
        self._most_first = first
        self._most_last = last
        self._first: list[T] = []
        self._last: list[T] = []

    def add(self, item: T) -> None:
        """One more."""
        self.count += 1
        if len(self._first) < self._most_first:
            self._first.append(item)
            return
        self._last.append(item)
        if len(self._last) >= 2 * self._most_last:
            del self._last[: -self._most_last]

    @property
    def left_out(self) -> int:
        """How many are in neither end."""
        return self.count - len(self._first) - len(self._end())

    def __iter__(self) -> Iterator[T | None]:
        """Those that are kept, None where some are left out."""
        yield from self._first
        if self.left_out:
            yield None
        yield from self._end()

    def _end(self) -> list[T]:
        return self._last[-self._most_last :]
