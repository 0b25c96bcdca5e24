"""A quick look at a line that is as it ought to be; for every other one, none.

Owns the short way of `verify`: the data is checked to be JSON and not built.  Never says what is
wrong with a line: whatever it does not take is looked at in full.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from agentwatch.journal.record import CLOSING_SIZE, VERSION


class Said(msgspec.Struct, gc=False):
    """What a line says beside its data."""

    v: int
    seq: int
    t: int
    session: str
    type: str
    prev: str
    data: msgspec.Raw


_read = msgspec.json.Decoder(Said).decode


def follows(line: bytes, seq: int, prev: str) -> tuple[str, Said] | None:
    """The hash of a line that is whole and follows that record, and what it says; else None."""
    start = len(line) - CLOSING_SIZE
    if start < 0 or not line.startswith(b'{"data":{') or not line.isascii():
        return None
    body = sha256(memoryview(line)[:start])
    body.update(b"}")
    digest = body.hexdigest()
    if line[start:] != b',"hash":"%b"}\n' % digest.encode():
        return None
    try:
        said = _read(line)
    except (msgspec.MsgspecError, RecursionError):
        return None
    right = said.v == VERSION and said.seq == seq + 1 and said.prev == prev
    return (digest, said) if right else None
