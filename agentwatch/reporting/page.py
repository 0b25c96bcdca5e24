"""What stands on a report's page, and in which order.

Owns the sections and our words in them.  Draws nothing: every form of the page is made from this.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from agentwatch.grants.values import spoken
from agentwatch.journal import Entry
from agentwatch.model import ActionState, Json, Receipt
from agentwatch.reporting.gather import Gathered, Question
from agentwatch.reporting.parts import Ends, Item, Mark, Part, Section, Theirs
from agentwatch.reporting.record import about_the_record
from agentwatch.reporting.words import counted, told
from agentwatch.visible import clock

STEPS = {
    "gate": "gate shut",
    "signal": "first signal",
    "freeze": "everything still",
    "empty": "last process gone",
    "look": "second look done",
}
"""The steps of a kill, by their names in the receipt."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """One report."""

    title: str
    sections: tuple[Section, ...]


def page(found: Gathered) -> Page:
    """The page of one session."""
    sections = tuple(_safely(title, make, found) for title, make in SECTIONS.items())
    return Page(f"agentwatch report: {found.places.id}", sections)


def _safely(title: str, make: Callable[[Gathered], Section], found: Gathered) -> Section:
    """A section; a record that was changed may hold anything, and hides no other section."""
    try:
        return replace(make(found), title=title)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        what = Theirs(f"{type(error).__name__}: {error}")
        return Section(title, (Item(("its records make no sense: ", what), Mark.BAD),))


def utc(milliseconds: int | None, *, day: bool = False) -> str:
    """A moment as an incident review wants it."""
    if milliseconds is None:
        return "unknown"
    form = "%Y-%m-%d %H:%M:%S UTC" if day else "%H:%M:%S"
    return clock(milliseconds // 1000, form, utc=True)


def _what_ran(found: Gathered) -> Section:
    begun, started, seen = found.begun, found.started, found.coverage
    argv = [str(word) for word in begun.get("argv") or ()]
    items = [
        _fact("command", Theirs(shlex.join(argv))),
        _fact("workspace", Theirs(str(begun.get("workspace", "unknown")))),
        _fact("mode at the start", Theirs(str(begun.get("mode", "unknown")))),
        _fact("first record", utc(found.first, day=True)),
        _fact("last record", utc(found.last, day=True)),
        _end(found),
        _fact(
            "containment",
            "grade ",
            Theirs(str(started.get("grade", "unknown"))),
            ", by ",
            Theirs(str(started.get("means", "unknown"))),
        ),
    ]
    if begun.get("ungated"):
        items.append(Item(("UNGATED: nothing was asked, only the kill covered it",), Mark.BAD))
    for name, label in (
        ("agent", "agent"),
        ("agentwatch", "agentwatch"),
        ("python", "python"),
        ("system", "system"),
    ):
        if seen.get(name):
            items.append(_fact(label, Theirs(str(seen[name]))))
    return Section("", tuple(items))


def _end(found: Gathered) -> Item:
    if not found.ended:
        return Item(("it had not ended when this was written, or its end was not recorded",))
    status, state = found.ended.get("exit"), found.ended.get("state")
    took = spoken(((found.last or 0) - (found.first or 0)) / 1000)
    mark = Mark.NONE if state == "exited" else Mark.WARN
    return Item(("end: ", Theirs(str(state)), f", exit status {status}, after {took}"), mark)


def _coverage(found: Gathered) -> Section:
    channels = [
        _fact(f"{name} gated by", Theirs(str(found.coverage[name])))
        for name in ("exec", "files", "network", "tools")
        if name in found.coverage
    ]
    if not channels:
        channels = [Item(("what was gated is not in this record",))]
    notes = [
        Item(("NOT COVERED, or to be known: ", Theirs(note)), Mark.WARN) for note in found.notes
    ]
    return Section("", (*channels, *notes))


def _numbers(found: Gathered) -> Section:
    decisions = sum(found.verdicts.values())
    items = [_fact("decisions", str(decisions))]
    items += [
        Item((f"{counted(count, 'time')} ", Theirs(said)))
        for said, count in found.verdicts.most_common(20)
    ]
    items += [
        Item((f"{counted(count, 'time')} ", Theirs(said), ", as was found afterwards"))
        for said, count in found.compared.most_common()
    ]
    items.append(_fact("questions put to a person", str(found.questions.count)))
    items.append(_fact("alarms", str(found.alarms.count)))
    items.append(_fact("messages or peers refused", str(found.types["refused"])))
    passed = ", ".join(f"{count} {kind}" for kind, count in found.passed.kinds.most_common())
    if passed:
        items.append(_fact("calls that passed below, within what was allowed", Theirs(passed)))
    return Section("", tuple(items))


def _receipt(found: Gathered) -> Section:
    none = "The session was not killed."
    if found.receipt is None:
        return Section("", (), none)
    try:
        receipt = Receipt.from_json(found.receipt)
    except (KeyError, TypeError, ValueError):
        return Section("", (Item(("its receipt cannot be read",), Mark.BAD),))
    mark = Mark.GOOD if receipt.clean else Mark.BAD
    items = [
        Item((Theirs(receipt.sentence()),), mark),
        _fact("asked for by", Theirs(f"{receipt.trigger} ({receipt.by})")),
        _fact("alive before", str(receipt.before)),
        _fact("left", str(len(receipt.left))),
        *(Item((f"STILL ALIVE: {left.pid} ", Theirs(left.command)), Mark.BAD)
          for left in receipt.left[:50]),
        _fact("questions denied by it", str(receipt.denied_pending)),
        _fact("grants ended by it", str(receipt.revoked_grants)),
    ]  # fmt: skip
    for name, took in sorted(receipt.ms.items(), key=lambda step: float(step[1])):
        items.append(_fact(f"{STEPS.get(name, name)}, after", f"{float(took):.1f} ms"))
    return Section("", tuple(items), none)


def _may_have_left(found: Gathered) -> Section:
    """Allowed, not reading, and of a kind that can reach beyond this machine.

    A start only where the connections it may have made were not held.
    """

    def say(entry: Entry) -> Item:
        data = entry.data
        risk = Theirs(f"{data.get('kind')}, {data.get('reversibility')}")
        return Item((f"{utc(entry.t)} ", Theirs(str(data.get("summary"))), " (", risk, ")"))

    hosts = [
        Item((f"reached below, {counted(count, 'time')}: ", Theirs(host)))
        for host, count in found.passed.hosts.most_common(50)
    ]
    none = "None: connections were held, and there was none." if found.connections_held else "None."
    return Section("", (*_each(found.may_have_left, say), *hosts), none)


def _question(question: Question) -> Item:
    data: Json = question.action
    head: tuple[Part, ...] = (f"{utc(question.asked)} ", Theirs(str(data.get("id"))), " asked: ")
    asked = (*head, Theirs(str(data.get("summary"))))
    made = data.get("decision")
    if question.answered is None or not isinstance(made, dict):
        return Item((*asked, ". No answer is recorded."), Mark.WARN)
    took = f", after {max(0, question.answered - question.asked) / 1000:.1f} s"
    allowed = data.get("state") == ActionState.ALLOWED
    word = ". ALLOWED by " if allowed else ". DENIED by "
    answer = (word, Theirs(str(made.get("by"))), took, ": ", Theirs(str(made.get("why"))))
    return Item((*asked, *answer), Mark.GOOD if allowed else Mark.NO)


def _undeclared(entry: Entry) -> Item:
    data = entry.data
    allowed = data.get("state") == ActionState.ALLOWED
    word = "ALLOWED " if allowed else "DENIED "
    return Item(
        (f"{utc(entry.t)} {word}", Theirs(str(data.get("summary")))),
        Mark.WARN if allowed else Mark.NONE,
    )


def _alarm(entry: Entry) -> Item:
    return Item((f"{utc(entry.t)} ", *told(entry)), Mark.BAD)


def _leverage(found: Gathered) -> Section:
    """What was decided beforehand: rules and grants."""
    items = [
        Item((f"{counted(n, 'time')} rule ", Theirs(rule)))
        for rule, n in found.rules.most_common(100)
    ]
    for grant in found.grants.values():
        made = utc(_milliseconds(grant.get("made_at")))
        items.append(
            Item(
                (
                    f"{made} grant ", Theirs(str(grant.get("id"))), " by ",
                    Theirs(str(grant.get("by"))), ": ", Theirs(str(grant.get("covers"))),
                    ", ", Theirs(str(grant.get("state"))),
                )
            )
        )  # fmt: skip
    return Section("", tuple(items))


def _moment(entry: Entry) -> Item:
    mark = MARKS.get(entry.type, Mark.NONE)
    return Item((f"{utc(entry.t)} no. {entry.seq} ", Theirs(entry.type), " ", *told(entry)), mark)


def _milliseconds(seconds: Any) -> int | None:
    return round(seconds * 1000) if isinstance(seconds, int | float) else None


def _each(ends: Ends[T], say: Callable[[T], Item]) -> tuple[Item, ...]:
    """Every one that is kept, and how many are not where they would stand."""
    left = f"{ends.left_out} more in between; they are in the record: agentwatch log"
    return tuple(Item((left,)) if item is None else say(item) for item in ends)


def _fact(name: str, *value: Part) -> Item:
    return Item((f"{name}: ", *value))


MARKS = {
    "alarm": Mark.BAD,
    "kill": Mark.WARN,
    "frozen": Mark.WARN,
    "refused": Mark.WARN,
    "tripped": Mark.WARN,
    "voided": Mark.WARN,
    "left-behind": Mark.WARN,
}
"""Moments of the timeline that a reader should see first."""

SECTIONS: dict[str, Callable[[Gathered], Section]] = {
    "What ran": _what_ran,
    "What was covered, and what was not": _coverage,
    "In numbers": _numbers,
    "The kill": _receipt,
    "May have left the machine": _may_have_left,
    "Questions and answers": lambda found: Section("", _each(found.questions, _question)),
    "Done or tried without being declared": lambda found: Section(
        "", _each(found.undeclared, _undeclared)
    ),
    "Alarms": lambda found: Section("", _each(found.alarms, _alarm)),
    "Rules and grants that decided": _leverage,
    "Timeline": lambda found: Section("", _each(found.timeline, _moment)),
    "The record itself": about_the_record,
}
"""What stands on a page, in this order."""
