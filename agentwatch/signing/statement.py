r"""What is signed, and the check of it.

Owns the statement's one form, so that it can be checked in any language with Ed25519 alone:

    message = "agentwatch signature 1\n" and this JSON, sorted, without spaces, as ASCII:
      {"at":…,"expires":…,"how":…,"key":…,"nonce":…,"said":{…},"session":…,"what":…}

What is said: of a decision (`decided`) the action's id and digest and the whole decision; of a
grant (`granted`) all of it; of the head of the chain (`sealed`) the number and hash of the record
before.  `how` is the client it came through.  The rest of the `signed` block is the signature, in
base64, and `v`.

A person's decisions and grants are signed one by one.  What the policy decides is signed with the
head of the chain: checking a signature costs fifty times what checking a record does.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from agentwatch.errors import AgentwatchError
from agentwatch.model import Json
from agentwatch.model.plain import canonical, digest_of
from agentwatch.signing.keys import PublicKey, SigningKey

VERSION = 1
LIVES = 60.0
"""Seconds within which what was signed must be recorded and acted upon."""
SLACK = 2.0
"""Seconds a clock may be set back meanwhile."""
_BEFORE = b"agentwatch signature 1\n"
_SIGNED = frozenset({"at", "expires", "how", "key", "nonce"})


class Unsigned(AgentwatchError):
    """A signature that does not hold; whoever waits for it denies."""


class Signer:
    """Signs for one session, and lets each signature serve once."""

    def __init__(
        self, key: SigningKey, session: str, clock: Callable[[], float] = time.time
    ) -> None:
        self.public = key.public
        self._key = key
        self._session = session
        self._clock = clock
        self._open: set[str] = set()

    def sign(self, kind: str, data: Mapping[str, Any], how: str = "") -> Json:
        """The data with its `signed` block; raises whatever goes wrong."""
        now = self._clock()
        nonce = secrets.token_hex(16)
        block: Json = {
            "at": now,
            "expires": now + LIVES,
            "how": how,
            "key": self.public.name,
            "nonce": nonce,
        }
        message = _message(kind, self._session, data, block)
        signature = base64.b64encode(self._key.sign(message)).decode()
        return {**data, "signed": {"v": VERSION, **block, "sig": signature}}

    def issue(self, kind: str, data: Mapping[str, Any], how: str = "") -> Json:
        """Sign what somebody will act upon, once."""
        signed = self.sign(kind, data, how)
        self._open.add(signed["signed"]["nonce"])
        return signed

    def redeem(self, kind: str, data: Mapping[str, Any]) -> None:
        """Let what was issued serve; raises Unsigned for anything else, and the second time."""
        check(kind, self._session, data, (self.public,), at=self._clock())
        nonce = data["signed"]["nonce"]
        if nonce not in self._open:
            raise Unsigned("it was used before, or never given out")
        self._open.discard(nonce)


def needs_signature(kind: str, data: Mapping[str, Any]) -> bool:
    """Whether a record of this kind stands only with a signature of its own."""
    if kind != "decided":
        return kind in ("granted", "sealed")
    decision = data.get("decision")
    by = decision.get("by") if isinstance(decision, Mapping) else None
    return isinstance(by, str) and by_person(by)


def by_person(by: str) -> bool:
    """Whether a person decided, and not a rule, a grant or a deadline."""
    return by.startswith("person:")


def check(
    kind: str, session: str, data: Mapping[str, Any], keys: Iterable[PublicKey], at: float
) -> str:
    """The nonce of what one of these keys signed and what holds at that time; raises Unsigned."""
    block = data.get("signed")
    if not isinstance(block, Mapping):
        raise Unsigned("it is not signed")
    if block.get("v") != VERSION:
        raise Unsigned("its signature is of a version that is not known here")
    key = next((key for key in keys if key.name == block.get("key")), None)
    if key is None:
        raise Unsigned(f"it is signed with another key: {str(block.get('key'))[:32]}")
    try:
        signature = base64.b64decode(str(block["sig"]), validate=True)
        message = _message(kind, session, data, block)
        begun, expires, nonce = float(block["at"]), float(block["expires"]), str(block["nonce"])
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise Unsigned(f"its signature cannot be read ({error!r})") from error
    if not key.signed(signature, message):
        raise Unsigned("its signature is not over what stands there")
    if kind == "decided" and digest_of(_without(data)) != data["digest"]:
        raise Unsigned("what was signed is not the action that stands there")
    if not begun - SLACK <= at <= expires:
        raise Unsigned("its signature was not valid at that time")
    return nonce


def _without(data: Mapping[str, Any]) -> Json:
    return {name: value for name, value in data.items() if name != "signed"}


def _message(kind: str, session: str, data: Mapping[str, Any], block: Mapping[str, Any]) -> bytes:
    """The bytes that are signed; raises KeyError where the data lacks what is said."""
    said = _without(data)
    if kind == "decided":
        said = {"action": data["id"], "digest": data["digest"], "decision": data["decision"]}
    about = {name: block[name] for name in _SIGNED}
    return _BEFORE + canonical({**about, "what": kind, "session": session, "said": said}).encode()
