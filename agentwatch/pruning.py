"""Removing what sessions that are over leave beside their record: recordings and kept copies.

Owns what goes first, and that the session's own record says so before anything is removed.  The
record itself stays, unless a person asks for it by name: then the end of its chain is kept in a
list.  A session that is live is never touched: its record has a writer.

What does not work: a record that does not verify cannot say what is removed, so nothing of that
session is.  A session is as old as the last word in its record.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.journal import Journal
from agentwatch.keeping.values import MIB
from agentwatch.model import Json
from agentwatch.paths import Places, live_places, runtime_bases, state_base

MOST = 4096 * MIB
"""Bytes of recordings and kept copies, of all sessions that are over, that stay by themselves."""
REMOVED = "removed.jsonl"
"""What is left of records that a person removed: whose, when, and the end of each chain."""


@dataclass(frozen=True, slots=True)
class Left:
    """What one session that is over has on the disk."""

    places: Places
    at: float
    """When its record last changed."""
    recording: int
    kept: int
    record: int
    """Bytes of all the rest."""

    @property
    def spare(self) -> int:
        """Bytes that may go without the record."""
        return self.recording + self.kept

    def to_json(self) -> Json:
        """The shape scripts read."""
        return {
            "session": self.places.id,
            "at": self.at,
            "recording": self.recording,
            "kept": self.kept,
            "record": self.record,
        }


def left() -> list[Left]:
    """Every session that is over, the oldest first."""
    folder = state_base() / "sessions"
    live = {places.id for places in live_places()}
    base = runtime_bases()[0]
    found = []
    for state in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(OSError):  # it goes while it is looked at
            at = (state / "journal.jsonl").stat().st_mtime
            if state.name not in live:
                found.append(_weighed(Places(state.name, base / state.name, state), at))
    return sorted(found, key=lambda one: one.at)


def chosen(
    found: Iterable[Left], *, before: float | None = None, most: int | None = None
) -> list[Left]:
    """Which of them lose recording and copies: those last changed before, and the oldest beyond."""
    with_spare = [one for one in found if one.spare]
    room = sum(one.spare for one in with_spare)
    gone = []
    for one in with_spare:
        old = before is not None and one.at < before
        if old or (most is not None and room > most):
            gone.append(one)
            room -= one.spare
    return gone


def prune(one: Left, by: str) -> None:
    """Remove the recording and the kept copies of a session, recorded first.

    Raises AgentwatchError, OSError.
    """
    places = one.places
    with Journal.open(places.journal, places.id) as journal:
        journal.append("pruned", {"by": by, "recording": one.recording, "kept": one.kept})
        for folder in (places.recording, places.kept):
            if folder.is_symlink() or folder.exists():
                shutil.rmtree(folder)


def forget(one: Left, by: str) -> Json:
    """Remove a session with its record; what is kept of it.  Raises AgentwatchError, OSError."""
    places = one.places
    with Journal.open(places.journal, places.id) as journal:
        head = journal.append("pruned", {"by": by, "record": True})
        told: Json = {
            "session": places.id,
            "at": round(time.time(), 3),
            "by": by,
            "records": head.seq,
            "head": head.hash,
        }
        _note(told)
        shutil.rmtree(places.state)
    return told


def beyond(by: str) -> Iterator[str]:
    """Keep to the bound that holds without a word of anybody's; what went wrong, in words."""
    for one in chosen(left(), most=MOST):
        try:
            prune(one, by)
        except (AgentwatchError, OSError) as error:
            yield f"{one.places.id}: {error}"


def _note(told: Json) -> None:
    """Write one line down for good; raises AgentwatchError, and then nothing may be removed."""
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        file = os.open(state_base() / REMOVED, flags, 0o600)
        try:
            os.write(file, json.dumps(told).encode() + b"\n")
            os.fsync(file)
        finally:
            os.close(file)
    except OSError as error:
        raise AgentwatchError(
            f"what is left of {told['session']} cannot be written down: {error.strerror}",
            "nothing of it was removed",
            ExitCode.NO,
        ) from error


def _weighed(places: Places, at: float) -> Left:
    recording, kept = _bytes(places.recording), _bytes(places.kept)
    return Left(places, at, recording, kept, _bytes(places.state) - recording - kept)


def _bytes(folder: Path) -> int:
    """What a folder takes on the disk, all below it included; 0 where there is none."""
    total = 0
    for where, _, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(where, name)).st_blocks * 512  # noqa: PTH118
    return total
