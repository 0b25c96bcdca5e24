"""How each entry of a journal is told in one line.

Owns the words, for the log and for the report.  What an entry quotes stays marked as not ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agentwatch.journal import Entry
from agentwatch.model import Json, Receipt
from agentwatch.reporting.parts import Part, Theirs

Words = tuple[Part, ...]


def told(entry: Entry) -> Words:
    """What happened; an entry that does not have what its type says is told field by field."""
    say = WORDS.get(entry.type)
    if say is not None:
        try:
            return say(entry.data)
        except (KeyError, TypeError, ValueError, AttributeError):
            return ("unreadable: ", Theirs(str(entry.data)))
    parts: list[Part] = []
    for name, value in entry.data.items():
        parts += [" " if parts else "", Theirs(f"{name}={value}")]
    return tuple(parts)


def _session(data: Json) -> Words:
    return (Theirs(" ".join(data["argv"])),)


def _proposed(data: Json) -> Words:
    return (Theirs(data["id"]), " ", Theirs(data["summary"]), *_evidence(data))


def _decided(data: Json) -> Words:
    made = data["decision"]
    verdict = str(made["verdict"]).upper()
    head = (Theirs(data["id"]), f" {verdict} by ", Theirs(made["by"]), ": ")
    return (*head, Theirs(data["summary"]), " (", Theirs(made["why"]), ")", *_evidence(data))


def counted(number: int, what: str) -> str:
    """So many of something."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _evidence(data: Json) -> Words:
    """What was known of it when this was written."""
    return (" [", Theirs(data["evidence"]), "]") if data.get("evidence") else ()


def _grant(data: Json) -> Words:
    by = str(data.get("revoked_by") or data["by"])
    used = f", used {counted(int(data['used']), 'time')}" if data["used"] else ""
    return (Theirs(data["id"]), " ", Theirs(data["covers"]), " by ", Theirs(by), used)


def _notes(data: Json) -> Words:
    parts: list[Part] = []
    for note in data["notes"]:
        parts += ["; " if parts else "", Theirs(note)]
    return tuple(parts) or ("nothing",)


def _passed(data: Json) -> Words:
    return (f"{counted(int(data['passed']), 'call')} without a question",)


def _recording(data: Json) -> Words:
    size = sum(int(part["bytes"]) for part in data["parts"])
    return (f"{counted(len(data['parts']), 'part')}, {size} bytes",)


def _pruned(data: Json) -> str:
    if data.get("record"):
        return "removed with its record"
    recording, kept = int(data["recording"]), int(data["kept"])
    return f"removed: a recording of {recording} bytes, undo copies of {kept} bytes"


def _undone(data: Json) -> Words:
    parts: list[Part] = [Theirs(data["action"]), ": ", Theirs(data["outcome"])]
    for words, name in (("", "restored"), ("not ", "conflicts"), ("not ", "left")):
        for what in data.get(name) or ():
            parts += [f"; {words}", Theirs(what)]
    return tuple(parts)


def _coverage(data: Json) -> Words:
    parts: list[Part] = []
    for name in ("exec", "files", "network", "tools"):
        parts += [", " if parts else "", f"{name}: ", Theirs(data[name])]
    return tuple(parts)


def _mode(data: Json) -> Words:
    return ("from ", Theirs(data["from"]), " to ", Theirs(data["to"]), " by ", Theirs(data["by"]))


def _text(name: str) -> Callable[[Json], Words]:
    def say(data: Json) -> Words:
        value: Any = data[name]
        return (Theirs(str(value)),)

    return say


WORDS: dict[str, Callable[[Json], Words]] = {
    "session": _session,
    "started": lambda data: ("grade ", Theirs(data["grade"]), " ", Theirs(data["means"])),
    "coverage": _coverage,
    "proposed": _proposed,
    "decided": _decided,
    "evidence": lambda data: (Theirs(data["action"]), " ", Theirs(data["evidence"])),
    "sealed": lambda data: (f"everything up to {int(data['seq'])} is signed",),
    "frozen": lambda data: ("by ", Theirs(data["by"])),
    "resumed": lambda data: ("by ", Theirs(data["by"])),
    "mode": _mode,
    "armed": lambda data: ("the hook of ", Theirs(data["agent"]), " was seen alive"),
    "hook-tried": lambda data: ("the hook of ", Theirs(data["agent"]), " answered a trial start"),
    "outcome": lambda data: (Theirs(data["action"]), " was done" if data["done"] else " failed"),
    "voided": lambda data: (Theirs(data["action"]), ": ", Theirs(data["why"])),
    "answered-again": lambda data: (
        (
            "the yes to ",
            Theirs(data["id"]),
            " answered the same question of ",
            Theirs(data["agent"]),
        )
    ),
    "refused": lambda data: (Theirs(data["who"]), ": ", Theirs(data["what"])),
    "alarm": _text("text"),
    "granted": _grant,
    "revoked": _grant,
    "expired": _grant,
    "floor": _notes,
    "not-held": _notes,
    "passed": _passed,
    "dropped": lambda data: (Theirs(data["file"]), f", {int(data['bytes'])} bytes, is removed"),
    "recording": _recording,
    "undo": lambda data: (Theirs(data["action"]), " is to be put back, by ", Theirs(data["by"])),
    "undone": _undone,
    "tripped": _text("words"),
    "pruned": lambda data: (_pruned(data), ", by ", Theirs(data["by"])),
    "kill": lambda data: (Theirs(Receipt.from_json(data).sentence()),),
    "ended": lambda data: (Theirs(data["state"]), ", status ", Theirs(str(data["exit"]))),
}
"""How each type of entry is told; any other is told field by field."""
