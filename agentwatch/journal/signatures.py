"""The signatures in a journal: each one good, each used once, none missing.

Owns what is said of them.  Never looks at the chain; `verify` does, and without the chain what no
signature names could be anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from agentwatch.journal.record import Entry
from agentwatch.signing import PublicKey, Unsigned, check, needs_signature

KINDS = frozenset({"decided", "granted", "sealed"})
"""Types of records that may carry one."""
MOST = 100
"""Missing ones that are named."""


def may_be_signed(kind: str, line: bytes) -> bool:
    """Whether a record must be read for its signature; says yes too often, never too seldom."""
    if kind not in KINDS:
        return False
    return kind != "decided" or b'"by":"person:' in line or b'"signed":' in line


@dataclass(slots=True)
class Signatures:
    """What was found of them so far, in one journal or a stretch of one."""

    keys: tuple[PublicKey, ...]
    good: int = 0
    sealed: int = 0
    """The last record that a signature of the chain's head covers."""
    nonces: dict[str, int] = field(default_factory=dict)
    missing: list[int] = field(default_factory=list)
    findings: list[tuple[int, str]] = field(default_factory=list)

    def look(self, entry: Entry) -> None:
        """Check the signature that a record carries, or should."""
        if "signed" not in entry.data:
            if needs_signature(entry.type, entry.data) and len(self.missing) < MOST:
                self.missing.append(entry.seq)
            return
        if entry.type not in KINDS:
            return
        try:
            nonce = check(entry.type, entry.session, entry.data, self.keys, at=entry.t / 1000)
            self._once(entry.seq, nonce)
            if entry.type == "sealed":
                self._seal(entry)
        except (Unsigned, KeyError) as error:
            what = error.what if isinstance(error, Unsigned) else f"it lacks {error}"
            self.findings.append((entry.seq, f"the signature of record {entry.seq} fails: {what}"))
            return
        self.good += 1

    def join(self, other: Signatures) -> None:
        """Add what was found in the stretch after this one."""
        for nonce, seq in other.nonces.items():
            try:
                self._once(seq, nonce)
            except Unsigned as error:
                self.findings.append((seq, f"the signature of record {seq} fails: {error.what}"))
        self.good += other.good
        self.sealed = max(self.sealed, other.sealed)
        self.missing = (self.missing + other.missing)[:MOST]
        self.findings += other.findings

    def all_findings(self) -> Iterable[tuple[int, str]]:
        """What is wrong with them, where there are any at all."""
        yield from self.findings
        if self.good or self.findings:
            for seq in self.missing:
                yield seq, f"record {seq} is a person's decision and carries no signature"

    def why_not(self) -> str:
        """Why nothing can be said of them, where that is so."""
        if not self.keys:
            return "there is no public key to check its signatures with"
        if not self.good and not self.findings:
            return "it carries no signature: it is older than they are, or they were removed"
        return ""

    def _once(self, seq: int, nonce: str) -> None:
        if nonce in self.nonces:
            raise Unsigned(f"it is that of record {self.nonces[nonce]} once more")
        self.nonces[nonce] = seq

    def _seal(self, entry: Entry) -> None:
        said = entry.data
        if (said["seq"], said["hash"]) != (entry.seq - 1, entry.prev):
            raise Unsigned("it seals another record than the one before it")
        self.sealed = max(self.sealed, entry.seq - 1)
