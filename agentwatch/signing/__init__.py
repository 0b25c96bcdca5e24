"""Signatures under what was decided: the user's key, what it signs, and the check.

Owns the key's file and the one form of a signed statement.  Decides nothing: what cannot be signed
is an AgentwatchError, and its caller denies.
"""

from __future__ import annotations

from agentwatch.signing.keys import PublicKey, SigningKey, own_key, read_public
from agentwatch.signing.statement import (
    LIVES,
    Signer,
    Unsigned,
    by_person,
    check,
    needs_signature,
)

__all__ = [
    "LIVES",
    "PublicKey",
    "Signer",
    "SigningKey",
    "Unsigned",
    "by_person",
    "check",
    "needs_signature",
    "own_key",
    "read_public",
]
