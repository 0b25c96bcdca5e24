"""A quick look at a journal in which nothing is wrong: large ones in stretches side by side.

Owns the speed of the check.  Never says what is wrong: where anything is, it finds nothing, and
`verify` looks again, line by line.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

from agentwatch.journal.record import START, JournalError, decode
from agentwatch.journal.signatures import Signatures, may_be_signed
from agentwatch.regular import opened
from agentwatch.signing import PublicKey

APART = 256 * 1024 * 1024
"""Bytes from which a second process pays for its start."""
_AT_ONCE = 1 << 20

Span = tuple[int, int]


@dataclass(slots=True)
class Stretch:
    """A part of a journal that hangs together."""

    signatures: Signatures
    after: tuple[int, str]
    """The record that its first one names as the one before."""
    last: tuple[int, str]
    session: str
    records: int = 0
    torn: int = 0
    hashes: dict[int, str] = field(default_factory=dict)
    """Of those records that were asked for."""


def look(
    path: Path, wanted: frozenset[int], keys: tuple[PublicKey, ...], workers: int | None = None
) -> Stretch | None:
    """The whole of a journal that hangs together from its first record on; None for any other."""
    size = path.stat().st_size
    workers = workers or (os.cpu_count() or 1 if size >= APART else 1)
    spans = _spans(path, size, workers)
    one = partial(stretch, path, wanted, keys)
    parts = _beside(one, spans) if len(spans) > 1 else [one(span) for span in spans]
    whole: Stretch | None = None
    for part in parts:
        whole = part if whole is None else _joined(whole, part)
        if whole is None:
            return None
    return whole if whole and whole.after == (0, START) else None


def _beside(one: Callable[[Span], Stretch | None], spans: list[Span]) -> list[Stretch | None]:
    """Each part in a process of its own; in turn where there are none to be had."""
    try:
        with ProcessPoolExecutor(len(spans), get_context(_means())) as pool:
            return list(pool.map(one, spans))
    except (OSError, BrokenProcessPool):
        return [one(span) for span in spans]


def _means() -> str:
    """How another process is begun: a copy of this one, where it has no threads to be torn."""
    try:
        alone = len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208 - only how many
    except OSError:
        alone = False
    return "fork" if alone else "spawn"


def stretch(
    path: Path, wanted: frozenset[int], keys: tuple[PublicKey, ...], span: Span
) -> Stretch | None:
    """One part, begun and ended at whole lines; None where it does not hang together."""
    from agentwatch.journal.swift import follows  # noqa: PLC0415 - costs a start

    found: Stretch | None = None
    seq, prev, session = 0, "", ""
    for line in _lines(path, span):
        if found is None:
            if (found := _begun(line, keys)) is None:
                return None
            (seq, prev), session = found.last, found.session
        if (quick := follows(line, seq, prev)) is None:
            if line.endswith(b"\n"):
                return None
            found.torn = len(line)
            break
        prev, said = quick
        seq += 1
        if said.session != session:
            return None
        if seq in wanted:
            found.hashes[seq] = prev
        if keys and may_be_signed(said.type, line):
            found.signatures.look(decode(line, f"record {seq}"))
    if found is not None:
        found.last, found.records = (seq, prev), seq - found.after[0]
    return found


def _begun(line: bytes, keys: tuple[PublicKey, ...]) -> Stretch | None:
    try:
        first = decode(line, "")
    except JournalError:
        return None
    before = (first.seq - 1, first.prev)
    return Stretch(Signatures(keys), before, before, first.session)


def _joined(whole: Stretch, part: Stretch | None) -> Stretch | None:
    if part is None or whole.torn or part.after != whole.last or part.session != whole.session:
        return None
    whole.signatures.join(part.signatures)
    whole.hashes |= part.hashes
    whole.last, whole.torn = part.last, part.torn
    whole.records += part.records
    return whole


def _lines(path: Path, span: Span) -> Iterator[bytes]:
    """The lines of a span, the last one unfinished where the file ends so."""
    place, end = span
    with opened(path) as file:
        file.seek(place)
        while place < end and (lines := file.readlines(min(_AT_ONCE, end - place))):
            place += sum(map(len, lines))
            if place > end:  # what came after the span was cut
                lines = _until(lines, place - end)
            yield from lines


def _until(lines: list[bytes], more: int) -> list[bytes]:
    """These lines without so many bytes at their end."""
    while lines and more > 0:
        more -= len(lines.pop())
    return lines


def _spans(path: Path, size: int, count: int) -> list[Span]:
    """A file cut at ends of lines into so many parts, or fewer."""
    cuts = [0]
    with opened(path) as file:
        for number in range(1, count):
            file.seek(number * size // count)
            file.readline()
            cuts.append(min(file.tell(), size))
    cuts.append(size)
    return [(start, end) for start, end in pairwise(cuts) if start < end]
