"""The halt: a mark that forbids every new agent of this user, and the kill of all that run.

Owns the mark and the order: first the mark, then every session's gate, then the kills.  Standard
library only, like the kill itself.  The mark lies in several folders, because a service with
another environment must see it too; one that is there but cannot be read halts as well.

What does not work: an agent runs as the same user and could remove the mark's files, so the halt
holds agents that respawn, not one that sets out to undo it.  A program that starts agents without
agentwatch does not look for the mark.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agentwatch import kill
from agentwatch.containment import COOKIE
from agentwatch.containment.base import write_private
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json, Receipt
from agentwatch.paths import Places, live_places, runtime_bases, state_base
from agentwatch.regular import content

MARK = "halted.json"

PATIENCE = 5.0
"""Seconds for sessions that are just starting to become killable, or to give up."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Who halted, when and why."""

    since: float | None
    """Seconds since the epoch; None where the mark cannot be read."""
    by: str
    because: str
    marks: tuple[str, ...] = ()
    """Every file that was to be written, for a release from another environment."""

    def to_json(self) -> Json:
        """The shape of the file, and of what scripts read."""
        return {
            "v": 1,
            "since": self.since,
            "by": self.by,
            "because": self.because,
            "marks": list(self.marks),
        }

    def sentence(self) -> str:
        """The line a person reads."""
        when = "an unknown time"
        if self.since is not None:
            when = datetime.fromtimestamp(self.since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        why = f": {self.because}" if self.because else ""
        said = f"halted since {when} by {self.by}{why}"
        return "".join(one if one.isprintable() else "?" for one in said)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What halting did."""

    mark: Halt
    unmarked: tuple[str, ...]
    """Where the mark could not be written, in words."""
    receipts: tuple[Receipt, ...]
    failed: tuple[str, ...]
    """Sessions that could not be killed, in words."""

    @property
    def clean(self) -> bool:
        """Whether new agents are refused and nobody is left."""
        marked = len(self.unmarked) < len(self.mark.marks)
        return marked and not self.failed and all(item.clean for item in self.receipts)


def halted() -> Halt | None:
    """The mark in force, None where this user may start agents; what is unreadable halts."""
    for folder in _folders():
        found = _read(folder)
        if found is not None:
            return found
    return None


def refuse() -> None:
    """Raise AgentwatchError (125) while a mark is in force."""
    mark = halted()
    if mark is not None:
        raise refusal(mark)


def refusal(mark: Halt) -> AgentwatchError:
    """What somebody is told who would start an agent."""
    return AgentwatchError(mark.sentence(), "agentwatch release", ExitCode.FAILED)


def halt(by: str, because: str = "") -> Outcome:
    """Forbid new agents, then kill every session; raises AgentwatchError inside a session."""
    _refuse_inside("halt")
    folders = _folders()
    marks = tuple(str(folder / MARK) for folder in folders)
    mark = Halt(time.time(), by, because, marks)
    if (before := halted()) is not None and before.since is not None:  # it goes on, as it began
        mark = Halt(before.since, before.by, because or before.because, marks)
    unmarked = tuple(why for folder in folders if (why := _write(folder, mark)))
    receipts, failed = _kill_all(time.monotonic() + PATIENCE)
    return Outcome(mark, unmarked, receipts, failed)


def release() -> tuple[Path, ...]:
    """Take every mark away; raises AgentwatchError inside a session or where one stays."""
    _refuse_inside("release")
    gone: list[Path] = []
    stuck: list[str] = []
    for path in _marks():
        try:
            path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            stuck.append(f"{path} ({error.strerror})")
        else:
            gone.append(path)
    if stuck:
        raise AgentwatchError(
            f"still halted: cannot remove {', '.join(stuck)}", "remove it by hand", ExitCode.NO
        )
    return tuple(gone)


def _refuse_inside(what: str) -> None:
    """An agent does not undo a person's halt, and from inside a kill would prove nothing."""
    if os.environ.get(COOKIE):
        raise AgentwatchError(
            f"{what} is for people: this process belongs to a session",
            f"run `agentwatch {what}` from another shell",
            ExitCode.NO,
        )


def _folders() -> list[Path]:
    """Where a mark may lie; the first is the one that outlives a restart of the machine."""
    return list(dict.fromkeys((state_base(), *runtime_bases())))


def _marks() -> list[Path]:
    """Every mark that may be there: in our folders, and where a mark says that others are."""
    known = [folder / MARK for folder in _folders()]
    named = [
        Path(name)
        for folder in _folders()
        if (mark := _read(folder)) is not None
        for name in mark.marks
    ]
    return list(dict.fromkeys([*known, *(path for path in named if path.name == MARK)]))


def _read(folder: Path) -> Halt | None:
    """The mark in a folder, None where there is none; any doubt is a mark."""
    path = folder / MARK
    try:
        owner = folder.stat().st_uid
        if owner not in (os.getuid(), 0):
            return None  # somebody else's folder in /tmp must not be able to halt us
        text = content(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return _doubtful(path, error)
    try:
        return _parsed(json.loads(text))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        return _doubtful(path, error)


def _parsed(data: Json) -> Halt:
    if data["v"] != 1:
        raise ValueError(f"version {data['v']!r}")
    marks = tuple(map(str, data["marks"]))
    mark = Halt(float(data["since"]), str(data["by"]), str(data["because"]), marks)
    mark.sentence()  # a time that is none is found out here
    return mark


def _doubtful(path: Path, error: Exception) -> Halt:
    why = getattr(error, "strerror", None) or str(error)
    return Halt(None, "an unknown person", f"the mark {path} cannot be read ({why})")


def _write(folder: Path, mark: Halt) -> str:
    """Put the mark into a folder; why that failed, empty where it did not."""
    path = folder / MARK
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            return f"{folder} belongs to another user"
        try:
            write_private(path, json.dumps(mark.to_json()).encode())
        except OSError:
            path.touch(mode=0o600)  # a full disk may still take an empty file, and that halts too
    except OSError as error:
        return f"{folder}: {error.strerror}"
    return ""


def _kill_all(until: float) -> tuple[tuple[Receipt, ...], tuple[str, ...]]:
    """Kill every session until none is left that could not be killed, or time is up."""
    receipts: dict[str, Receipt] = {}
    while True:
        waiting = [places for places in live_places() if places.id not in receipts]
        _shut(waiting)
        failed = []
        for places in waiting:
            try:
                receipts[places.id] = kill.kill(places, trigger="halt", by="cli")
            except AgentwatchError as error:  # starting: no record yet, or gone while we looked
                failed.append(f"{places.id}: {error.what}")
        if not failed or time.monotonic() > until:
            late = [places for places in waiting if places.id not in receipts]
            left = [why for places, why in zip(late, failed, strict=True) if not _clear(places)]
            return tuple(receipts.values()), tuple(left)
        time.sleep(0.02)


def _clear(places: Places) -> bool:
    """Remove what a supervisor left that died before its agent started; whether it was that.

    Nothing runs there: its gate was shut seconds ago, which forbids a start, it has no
    containment record, and nobody listens.
    """
    if places.containment.exists():
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(places.control_socket))
        except (FileNotFoundError, ConnectionRefusedError):
            shutil.rmtree(places.runtime, ignore_errors=True)
            return True
        except OSError:
            return False
    return False


def _shut(sessions: Iterable[Places]) -> None:
    """Shut every gate, so that nothing is released while the others are being killed."""
    for places in sessions:
        kill.shut(places.closed)
