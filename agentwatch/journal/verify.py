"""The check of a journal: whether anything was changed, removed, reordered, repeated or cut.

Owns the verdict.  Never changes a file, never says `agree` for what it could not check.

What does not work:
- Whoever may write both files can make a new chain and a new head that agree.  Signatures find
  that, unless whoever did it has the key as well; heads that were kept elsewhere find it always.
- What was written after the last signature is held by the chain and the head alone.
- The head is not forced to disk, only the records are: after a power cut it may name an older
  record than the last, and then a tail cut back as far as that goes unseen.  It never names a
  newer one, so nothing is called cut that is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from agentwatch.journal import quick
from agentwatch.journal.reading import open_lines, read_head
from agentwatch.journal.record import Head, JournalError, UnknownVersion, decode, hash_of
from agentwatch.journal.signatures import Signatures
from agentwatch.model import Json
from agentwatch.signing import PublicKey


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
    signed: int = 0
    """Signatures that are good."""
    sealed: int = 0
    """The last record that a signature of the chain's head covers."""
    anchored: int = 0
    """Heads kept elsewhere that it was compared with."""

    def to_json(self) -> Json:
        """The shape scripts read."""
        found = [{"seq": item.seq, "what": item.what} for item in self.findings]
        return {
            "result": self.result.value,
            "records": self.records,
            "findings": found,
            "torn": self.torn,
            "why": self.why,
            "signed": self.signed,
            "sealed": self.sealed,
            "anchored": self.anchored,
        }


def verify(
    path: Path,
    *,
    keys: Iterable[PublicKey] | None = None,
    heads: Iterable[Head] = (),
    session: str | None = None,
    workers: int | None = None,
) -> Verification:
    """Check every record, their order and the end; raises for nothing the files may hold.

    `keys` checks the signatures too; `heads` are those that were kept elsewhere; `session` is whose
    record it ought to be.
    """
    # The head first: a record written between the two looks must not seem to be missing.
    known = (read_head(path), *heads)
    trusted = None if keys is None else tuple(keys)
    wanted = frozenset(head.seq for head in known if head)
    try:
        check = _Check(known, Signatures(trusted or ()), signed=trusted is not None, whose=session)
        if (whole := quick.look(path, wanted, trusted or (), workers)) is not None:
            return check.taken(whole)
        with open_lines(path) as file:
            return check.run(file)
    except JournalError as error:
        return Verification(Result.CANNOT_VERIFY, 0, why=error.what)
    except OSError as error:
        return Verification(Result.CANNOT_VERIFY, 0, why=f"cannot read {path}: {error.strerror}")


class _Check:
    """One pass over a journal, gathering what is wrong with it."""

    def __init__(
        self,
        known: tuple[Head | None, ...],
        signatures: Signatures,
        *,
        signed: bool,
        whose: str | None,
    ) -> None:
        self._head, self._elsewhere = known[0], [head for head in known[1:] if head]
        self._wanted = {head.seq for head in known if head}
        self._hashes: dict[int, str] = {}
        """Of the records that one of the heads names."""
        self._signatures = signatures
        self._signed = signed
        self._whose = whose
        self._last = Head()
        self._highest = 0
        self._records = 0
        self._findings: list[Finding] = []

    def taken(self, whole: quick.Stretch) -> Verification:
        """What a quick look found, which found nothing wrong in the chain."""
        self._signatures, self._hashes = whole.signatures, whole.hashes
        self._highest, self._records = whole.last[0], whole.records
        self._belongs(whole.session)
        return self._result(self._end(), whole.torn)

    def run(self, lines: Iterable[bytes]) -> Verification:
        """What the lines and the head say together."""
        torn, why = 0, ""
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                torn = len(line)
                break
            try:
                self._take(line, number)
            except UnknownVersion as error:
                why = error.what
                break
        return self._result(why or self._end(), torn)

    def _result(self, why: str, torn: int) -> Verification:
        signatures = self._signatures
        if self._signed:
            for seq, what in signatures.all_findings():
                self._find(seq, what)
            why = why or signatures.why_not()
        result = Result.CANNOT_VERIFY if why else Result.AGREE
        if self._findings:
            result = Result.FINDING
        return Verification(
            result,
            self._records,
            tuple(self._findings),
            torn,
            why,
            signatures.good,
            signatures.sealed,
            len(self._elsewhere),
        )

    def _take(self, line: bytes, number: int) -> None:
        """Check one line against itself and the one before."""
        wanted = self._last.seq + 1
        try:
            entry = decode(line, f"line {number}")
        except UnknownVersion:
            raise
        except JournalError as error:
            self._find(wanted, error.what)
            return
        self._records += 1
        self._belongs(entry.session)
        if hash_of(line) != entry.hash:
            self._find(entry.seq, f"record {entry.seq} was changed after it was written")
        if entry.seq < wanted:
            self._find(entry.seq, f"record {entry.seq} is repeated or out of order")
        elif entry.seq > wanted:
            self._find(wanted, f"records {wanted} to {entry.seq - 1} are not where they belong")
        elif entry.prev != self._last.hash:
            self._find(entry.seq, f"record {entry.seq} does not follow the one before it")
        self._last = Head(entry.seq, entry.hash)
        self._highest = max(self._highest, entry.seq)
        if entry.seq in self._wanted:
            self._hashes[entry.seq] = entry.hash
        if self._signed and self._signatures.keys:
            self._signatures.look(entry)

    def _end(self) -> str:
        """Compare the end with the heads; the reason where that cannot be done."""
        for head in self._elsewhere:
            self._compare(head, "the head kept elsewhere names")
        if self._head is None:
            return "the head file is missing or unreadable: a cut tail would not be seen"
        self._compare(self._head, "the head names")
        return ""

    def _compare(self, head: Head, names: str) -> None:
        if head.seq > self._highest:
            self._find(
                self._highest + 1,
                f"the tail is cut: {names} record {head.seq}, "
                f"the journal ends with {self._highest}",
            )
        elif head.seq and self._hashes.get(head.seq, head.hash) != head.hash:
            self._find(head.seq, f"record {head.seq} is not the one acknowledged: {names} another")

    def _belongs(self, session: str) -> None:
        if self._whose not in (None, session):
            self._find(1, f"it is the record of another session: {session}")
            self._whose = None

    def _find(self, seq: int, what: str) -> None:
        self._findings.append(Finding(seq, what))
