"""The check of a journal: whether anything was changed, removed, reordered, repeated or cut.

Owns the verdict.  Never changes a file, never says `agree` for what it could not check.

What does not work:
- Whoever may write both files can make a new chain and a new head that agree; against that the
  head has to be kept somewhere else too.
- The head is not forced to disk, only the records are: after a power cut it may name an older
  record than the last, and then a tail cut back as far as that goes unseen.  It never names a
  newer one, so nothing is called cut that is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from agentwatch.journal.reading import open_lines, read_head
from agentwatch.journal.record import START, Head, JournalError, UnknownVersion, decode, hash_of
from agentwatch.model import Json


class Result(StrEnum):
    """What a check can say; only `agree` is a yes."""

    AGREE = "agree"
    FINDING = "finding"
    CANNOT_VERIFY = "cannot_verify"


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where the journal is not what was written."""

    seq: int
    """The record it is about, or the one that should stand there."""
    what: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check found."""

    result: Result
    records: int
    findings: tuple[Finding, ...] = ()
    torn: int = 0
    """Bytes of an unfinished last line: a write nobody was told of, no fault by itself."""
    why: str = ""
    """Why it cannot be verified, where that is so."""

    def to_json(self) -> Json:
        """The shape scripts read."""
        found = [{"seq": item.seq, "what": item.what} for item in self.findings]
        return {
            "result": self.result.value,
            "records": self.records,
            "findings": found,
            "torn": self.torn,
            "why": self.why,
        }


def verify(path: Path) -> Verification:
    """Check every record, their order and the end; raises for nothing the files may hold."""
    # The head first: a record written between the two looks must not seem to be missing.
    head = read_head(path)
    try:
        with open_lines(path) as file:
            return _Check(head).run(file)
    except JournalError as error:
        return Verification(Result.CANNOT_VERIFY, 0, why=error.what)
    except OSError as error:
        return Verification(Result.CANNOT_VERIFY, 0, why=f"cannot read {path}: {error.strerror}")


class _Check:
    """One pass over a journal, gathering what is wrong with it."""

    def __init__(self, head: Head | None) -> None:
        self._head = head
        self._hash_at_head: str | None = None
        self._seq_at_head = head.seq if head else -1
        self._seq, self._hash = 0, START
        self._highest = 0
        self._records = 0
        self._findings: list[Finding] = []

    def run(self, lines: Iterable[bytes]) -> Verification:
        """What the lines and the head say together."""
        from agentwatch.journal.swift import follows  # noqa: PLC0415 - costs a start

        torn, why = 0, ""
        for number, line in enumerate(lines, 1):
            if digest := follows(line, self._seq, self._hash):
                self._accept(self._seq + 1, digest)
                continue
            if not line.endswith(b"\n"):
                torn = len(line)
                break
            try:
                self._take(line, number)
            except UnknownVersion as error:
                why = error.what
                break
        why = why or self._end()
        result = Result.CANNOT_VERIFY if why else Result.AGREE
        if self._findings:
            result = Result.FINDING
        return Verification(result, self._records, tuple(self._findings), torn, why)

    def _take(self, line: bytes, number: int) -> None:
        """Check one line against itself and the one before."""
        wanted = self._seq + 1
        try:
            entry = decode(line, f"line {number}")
        except UnknownVersion:
            raise
        except JournalError as error:
            self._find(wanted, error.what)
            return
        if hash_of(line) != entry.hash:
            self._find(entry.seq, f"record {entry.seq} was changed after it was written")
        if entry.seq < wanted:
            self._find(entry.seq, f"record {entry.seq} is repeated or out of order")
        elif entry.seq > wanted:
            self._find(wanted, f"records {wanted} to {entry.seq - 1} are not where they belong")
        elif entry.prev != self._hash:
            self._find(entry.seq, f"record {entry.seq} does not follow the one before it")
        self._accept(entry.seq, entry.hash)

    def _accept(self, seq: int, digest: str) -> None:
        """Go on from this record."""
        self._records += 1
        self._seq, self._hash = seq, digest
        self._highest = max(self._highest, seq)
        if seq == self._seq_at_head:
            self._hash_at_head = digest

    def _end(self) -> str:
        """Compare the end with the head; the reason where that cannot be done."""
        if self._head is None:
            return "the head file is missing or unreadable: a cut tail would not be seen"
        if self._head.seq > self._highest:
            self._find(
                self._highest + 1,
                f"the tail is cut: record {self._head.seq} was acknowledged, "
                f"the journal ends with {self._highest}",
            )
        elif self._hash_at_head not in (None, self._head.hash):
            self._find(self._head.seq, f"record {self._head.seq} is not the one acknowledged")
        return ""

    def _find(self, seq: int, what: str) -> None:
        self._findings.append(Finding(seq, what))
