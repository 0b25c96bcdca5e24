"""Signing what goes into the record, and letting a signed decision serve once.

Owns which records are signed and when the head of the chain is.  Decides nothing: what cannot be
signed raises where it would have been recorded, and the gate denies.
"""

from __future__ import annotations

import time

from agentwatch.errors import AgentwatchError
from agentwatch.journal import Head, Journal
from agentwatch.model import Action, ActionState, Json
from agentwatch.signing import Signer, by_person, needs_signature

SEAL_EVERY = 5.0
"""Seconds after which what was recorded meanwhile is signed, with the head of the chain."""


class Vouching:
    """The signatures of one session."""

    def __init__(self, journal: Journal, signer: Signer) -> None:
        self._journal = journal
        self._signer = signer
        self._issued: dict[str, Json] = {}
        self._sealed = journal.seq
        self._due = 0.0
        self._failed = ""

    @property
    def key(self) -> str:
        """What the key is called in the record."""
        return self._signer.public.name

    def signed(self, kind: str, data: Json) -> Json:
        """What to record: signed where a person decided; raises where that cannot be done."""
        if kind in ("decided", "granted") and self._failed:
            raise AgentwatchError(f"the record cannot be signed any more: {self._failed}")
        if not needs_signature(kind, data):
            return data
        if kind == "granted":
            return self._signer.sign(kind, data, str(data.get("how") or ""))
        found = self._signer.issue(kind, data, str(data["decision"].get("how") or ""))
        self._issued[str(data["id"])] = found
        return found

    def redeem(self, action: Action) -> None:
        """Let a person's approval serve, once and as it was signed; raises Unsigned."""
        signed = self._issued.pop(action.id, {})
        made = action.decision
        if action.state is ActionState.ALLOWED and made is not None and by_person(made.by):
            self._signer.redeem("decided", {**action.to_json(), "signed": signed.get("signed")})

    def seal(self, now: float | None = None) -> Head | None:
        """Sign the head of the chain where it is due; the new head, or None where it was not.

        `now` in monotonic seconds; without it, at once.  Raises what the record raises.
        """
        if self._journal.seq == self._sealed or (now is not None and now < self._due):
            return None
        self._due = time.monotonic() + SEAL_EVERY
        try:
            sealed = self._journal.append_after(
                "sealed",
                lambda last: self._signer.sign("sealed", {"seq": last.seq, "hash": last.hash}),
            )
        except Exception as error:
            self._failed = str(error) or type(error).__name__
            raise
        self._sealed = sealed.seq
        return Head(sealed.seq, sealed.hash)
