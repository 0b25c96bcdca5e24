"""Whether the record of a session is sound, as a section of its report.

Owns the comparing of the recording's parts with the digests in the journal.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from agentwatch.journal import Result
from agentwatch.regular import opened
from agentwatch.reporting.gather import Gathered
from agentwatch.reporting.parts import Item, Mark, Section, Theirs

MOST_FINDINGS = 50


def about_the_record(found: Gathered) -> Section:
    """The verdict, the head of the chain, and what else is kept."""
    items = [*_verdict(found)]
    items.append(Item(("last hash of the chain: ", Theirs(found.head or "none"))))
    items.append(
        Item(("check it again with: ", Theirs(f"agentwatch log {found.places.id} --verify")))
    )
    if found.passed.differs:
        said = f"{found.passed.differs} stretches of passed.jsonl are not what the journal says"
        items.append(Item((said,), Mark.BAD))
    elif found.passed.agree:
        said = f"passed.jsonl agrees with the journal in all {found.passed.agree} stretches"
        items.append(Item((said,), Mark.GOOD))
    return Section("", (*items, *_recording(found)))


def sound(found: Gathered) -> bool:
    """Whether everything that was compared agrees."""
    verified = found.verified
    return verified is not None and verified.result is Result.AGREE and not found.passed.differs


def _verdict(found: Gathered) -> list[Item]:
    verified = found.verified
    if verified is None:
        return [Item(("it was not checked",), Mark.BAD)]
    marks = {Result.AGREE: Mark.GOOD, Result.FINDING: Mark.BAD, Result.CANNOT_VERIFY: Mark.WARN}
    words = {
        Result.AGREE: f"agrees: {verified.records} records, chained and complete",
        Result.FINDING: "IT WAS CHANGED: do not rely on what stands above",
        Result.CANNOT_VERIFY: "it cannot be verified: ",
    }
    why = (Theirs(verified.why),) if verified.why else ()
    items = [Item((words[verified.result], *why), marks[verified.result])]
    if verified.signed:
        said = f"{verified.signed} signatures are good; what was written up to record "
        items.append(Item((f"{said}{verified.sealed} is under one",), Mark.GOOD))
    items += [Item((Theirs(one.what),), Mark.BAD) for one in verified.findings[:MOST_FINDINGS]]
    if len(verified.findings) > MOST_FINDINGS:
        items.append(Item((f"and {len(verified.findings) - MOST_FINDINGS} more",), Mark.BAD))
    if found.unreadable:
        items.append(Item((f"{found.unreadable} records could not be read",), Mark.BAD))
    return items


def _recording(found: Gathered) -> list[Item]:
    if found.pruned is not None and found.pruned.get("recording"):
        who = Theirs(str(found.pruned.get("by")))
        return [Item(("recording of the terminal: removed since, by ", who))]
    if found.recording is None:
        here = any(found.places.recording.glob("*.cast"))
        said = "its end is not in the record" if here else "there is none"
        return [Item((f"recording of the terminal: {said}",))]
    return [_part(found.places.state, part) for part in found.recording.get("parts") or ()]


def _part(folder: Path, part: Any) -> Item:
    try:
        name = str(part["file"])
        path = folder / name
        if path.parent.parent != folder or ".." in path.parts:
            raise ValueError(name)  # noqa: TRY301 - a record that was changed names what it likes
        with opened(path) as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == part["sha256"]
    except (OSError, KeyError, TypeError, ValueError):
        return Item(("a part of the recording cannot be read: ", Theirs(str(part))), Mark.WARN)
    if same:
        return Item((Theirs(name), " is what was recorded"), Mark.GOOD)
    return Item((Theirs(name), " IS NOT what was recorded"), Mark.BAD)
