"""The report for scripts.

Owns the shape of its JSON; everything in it is as the record has it, nothing is made visible.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from agentwatch.journal import Entry
from agentwatch.model import Json
from agentwatch.reporting.gather import Gathered, Question
from agentwatch.reporting.parts import Ends
from agentwatch.reporting.record import sound

T = TypeVar("T")

OURS_ALONE = frozenset({"cookie"})
"""What ties a process to its session; a report is handed to others."""


def to_json(found: Gathered) -> Json:
    """One session's report."""
    verified = found.verified
    return {
        "session": found.places.id,
        "argv": found.begun.get("argv"),
        "workspace": found.begun.get("workspace"),
        "mode": found.begun.get("mode"),
        "grade": found.started.get("grade"),
        "containment": found.started.get("means"),
        "coverage": found.coverage,
        "not_covered": list(found.notes),
        "first_record": found.first,
        "last_record": found.last,
        "ended": found.ended or None,
        "decisions": dict(found.verdicts),
        "compared": dict(found.compared),
        "rules": dict(found.rules),
        "grants": list(found.grants.values()),
        "receipt": found.receipt,
        "may_have_left": _ends(found.may_have_left, _entry),
        "reached_below": dict(found.passed.hosts),
        "questions": _ends(found.questions, _question),
        "undeclared": _ends(found.undeclared, _entry),
        "alarms": _ends(found.alarms, _entry),
        "timeline": _ends(found.timeline, _entry),
        "recording": found.recording,
        "verified": verified.to_json() if verified else None,
        "head": found.head,
        "sound": sound(found),
    }


def _ends(ends: Ends[T], say: Callable[[T], Json]) -> Json:
    kept: list[Any] = [say(item) for item in ends if item is not None]
    return {"count": ends.count, "left_out": ends.left_out, "items": kept}


def _entry(entry: Entry) -> Json:
    data = {name: value for name, value in entry.data.items() if name not in OURS_ALONE}
    return {"seq": entry.seq, "t": entry.t, "type": entry.type, "data": data}


def _question(question: Question) -> Json:
    return {"asked": question.asked, "answered": question.answered, "action": question.action}
