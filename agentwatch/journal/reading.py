"""Looking at a journal while it may still be written.

Owns opening the files for reading and cutting them into whole lines.  Never changes them and
never judges the chain; `verify` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from agentwatch.errors import ExitCode
from agentwatch.journal.record import Entry, Head, JournalError, decode, hash_of, head_path
from agentwatch.regular import content, opened


def read(path: Path) -> Iterator[Entry]:
    """Every whole record, oldest first; an unfinished last line is left out, damage raises."""
    with open_lines(path) as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            yield _entry(line, f"line {number} of {path}")


def follow(path: Path, stopped: Callable[[float], bool], every: float = 0.2) -> Iterator[Entry]:
    """Every record, then each new one as it comes, until `stopped` says so.

    `stopped(seconds)` waits that long at most and says whether to end: an Event's `wait` does.
    What was written before it said so is still yielded.
    """
    place, number, ending = 0, 0, False
    while True:
        if path.exists():
            with open_lines(path) as file:
                file.seek(place)
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    place, number = place + len(line), number + 1
                    yield _entry(line, f"line {number} of {path}")
        if ending:
            return
        ending = stopped(every)


def open_lines(path: Path) -> IO[bytes]:
    """A journal opened for reading; raises JournalError where there is none."""
    try:
        return opened(path)
    except OSError as error:
        raise JournalError(
            f"cannot read the journal {path}: {error.strerror}", code=ExitCode.NOT_FOUND
        ) from error


def read_head(path: Path) -> Head | None:
    """What a journal's head names; None when it is missing or is no head.

    It is rewritten in place, so it is read until two looks agree.
    """
    seen: bytes | None = None
    for _ in range(10):
        try:
            line = content(head_path(path))
        except OSError:
            return None
        if line == seen:
            break
        seen = line
    return Head.decode(seen) if seen is not None else None


def _entry(line: bytes, where: str) -> Entry:
    """A line as a record whose own hash is right."""
    entry = decode(line, where)
    if hash_of(line) != entry.hash:
        raise JournalError(
            f"{where} was changed after it was written", "see: agentwatch log --verify"
        )
    return entry
