"""What was declared and not seen is called so in time, and is still taken when it comes late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest

from agentwatch.covers import Covers
from agentwatch.model import Action, Evidence
from agentwatch.supervisor import evidence
from agentwatch.supervisor.evidence import GIVEN_UP, Compared


@dataclass
class Book:
    """What the covers would say."""

    said: Evidence = Evidence.DECLARED
    closed: tuple[str, ...] = ()

    def standing(self, _: str) -> Evidence:
        return self.said

    def close(self, action: str) -> None:
        self.closed += (action,)


@dataclass
class Said:
    """As much of an action as is looked at."""

    id: str
    digest: str = "d"


def look(compared: Compared, book: Book, now: float, *, over: bool = False) -> list[str]:
    """What is told."""
    found = compared.news(cast("Covers", book), now, over=over)
    return [f"{one.action} {one.evidence}" for one in found]


def opened(*names: str) -> Compared:
    compared = Compared()
    for name in names:
        compared.allowed(cast("Action", Said(name)), 0.0)
    return compared


def test_what_is_not_seen_in_time_is_said_once_and_may_still_come() -> None:
    compared, book = opened("a"), Book()
    assert look(compared, book, GIVEN_UP - 1) == []
    assert look(compared, book, GIVEN_UP) == ["a declared, not seen"]
    assert (look(compared, book, GIVEN_UP + 1), book.closed) == ([], ())
    book.said = Evidence.BOTH
    assert look(compared, book, GIVEN_UP + 2) == ["a declared and seen"]
    assert look(compared, book, GIVEN_UP + 3, over=True) == []


def test_what_the_agent_calls_over_unseen_covers_nothing_later() -> None:
    compared, book = opened("a", "b"), Book()
    compared.reported("a")
    compared.reported("never declared")
    assert look(compared, book, 1.0) == ["a declared, not seen"]
    assert book.closed == ("a",)
    assert look(compared, book, 2.0, over=True) == ["b declared, not seen"]


def test_what_was_seen_is_not_called_unseen_at_the_end() -> None:
    assert look(opened("a"), Book(Evidence.BOTH), 1.0, over=True) == ["a declared and seen"]


def test_past_the_most_the_oldest_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MOST", 1)
    compared, book = opened("a", "b"), Book()
    assert look(compared, book, 1.0) == ["a declared, not seen"]
    assert book.closed == ("a",)
