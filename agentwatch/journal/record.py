r"""One record and its line, and the head that names the last one.

Owns the format, without deciding where it lies or when it is written.  Never accepts a line that
is not exactly what the writer makes.

So that a journal can be checked in any language with SHA-256 alone:

    body = {"data":{...},"prev":"...","seq":1,"session":"...","t":1700000000000,"type":"...","v":1}
    hash = SHA-256 of the body's bytes, as 64 hex digits
    line = the body without its last brace, then `,"hash":"<hash>"}`, then a newline

The body is ASCII with sorted keys and no spaces; `seq` counts from 1, `t` is milliseconds since
the epoch, `prev` is the hash of the line before (64 zeros in the first).  The head is one line of
fixed size, `1 <seq, 20 digits> <hash>`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentwatch.errors import AgentwatchError
from agentwatch.model import Json

VERSION = 1
START = "0" * 64
"""What the first record names as the one before it."""
MAX_DEPTH = 100
"""Levels of nesting a record may have: what one stack can write, another must be able to read."""
HEAD_SIZE = 88

CLOSING_SIZE = 76
"""Bytes of a line behind its body's last brace: the hash and what is around it."""
_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
_CLOSING = re.compile(rb',"hash":"([0-9a-f]{64})"\}\n\Z')
_HEAD = re.compile(rb"1 ([0-9]{20}) ([0-9a-f]{64})\n")
_HASH = re.compile(r"[0-9a-f]{64}")
_TYPES = {"seq": int, "t": int, "session": str, "type": str, "data": dict, "prev": str}


class JournalError(AgentwatchError):
    """A record that could not be written or read; whoever was waiting for it denies."""


class UnknownVersion(JournalError):
    """A record of a format that is not known here."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One record as it stands in the file."""

    seq: int
    t: int
    """Milliseconds since the epoch."""
    session: str
    type: str
    data: Json
    prev: str
    hash: str

    def to_json(self) -> Json:
        """The record's own fields, for scripts."""
        return {
            "v": VERSION,
            "seq": self.seq,
            "t": self.t,
            "session": self.session,
            "type": self.type,
            "data": self.data,
            "prev": self.prev,
            "hash": self.hash,
        }


@dataclass(frozen=True, slots=True)
class Head:
    """The number and hash of a record: all that the next one needs to know."""

    seq: int = 0
    hash: str = START

    def encode(self) -> bytes:
        """The head file's one line."""
        return f"{VERSION} {self.seq:020d} {self.hash}\n".encode()

    @classmethod
    def decode(cls, line: bytes) -> Head | None:
        """Read back what `encode` wrote; None for anything else."""
        found = _HEAD.fullmatch(line)
        return cls(int(found[1]), found[2].decode()) if found else None


def head_path(journal: Path) -> Path:
    """Where a journal's last acknowledged record is named."""
    return journal.with_suffix(".head")


def encode(
    last: Head, t: int, session: str, kind: str, data: Mapping[str, Any]
) -> tuple[bytes, Entry]:
    """The line that follows the last record, and what it says.

    Raises JournalError for what is not plain JSON.
    """
    body: Json = {
        "v": VERSION,
        "seq": last.seq + 1,
        "t": t,
        "session": session,
        "prev": last.hash,
        "type": kind,
    }
    try:
        body["data"] = dict(data)
        text = _JSON.encode(body).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise JournalError(f"a {kind!r} record cannot be written as JSON: {error}") from error
    if text.count(b"{") + text.count(b"[") > MAX_DEPTH and _deeper_than(MAX_DEPTH, data):
        raise JournalError(f"a {kind!r} record is nested deeper than {MAX_DEPTH} levels")
    digest = hashlib.sha256(text).hexdigest()
    entry = Entry(last.seq + 1, t, session, kind, body["data"], last.hash, digest)
    return text[:-1] + f',"hash":"{digest}"}}\n'.encode(), entry


def decode(line: bytes, where: str) -> Entry:
    """A line as a record, its hash not yet compared; raises JournalError for anything else."""
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise JournalError(f"{where} is not a record") from error
    if not isinstance(raw, dict):
        raise JournalError(f"{where} is not a record")
    version = raw.get("v")
    if type(version) is not int:
        raise JournalError(f"{where} is not a record")
    if version != VERSION:
        raise UnknownVersion(f"{where} has version {version}, which is not known here")
    right = all(type(raw.get(name)) is wanted for name, wanted in _TYPES.items())
    closing = _CLOSING.search(line)
    if not right or closing is None or raw.get("hash") != closing[1].decode():
        raise JournalError(f"{where} is not a record")
    if raw["seq"] < 1 or not _HASH.fullmatch(raw["prev"]):
        raise JournalError(f"{where} is not a record")
    return Entry(hash=raw["hash"], **{name: raw[name] for name in _TYPES})


def hash_of(line: bytes) -> str:
    """The hash that a line ought to carry."""
    closing = _CLOSING.search(line)
    body = line[: closing.start()] + b"}" if closing else line
    return hashlib.sha256(body).hexdigest()


def _deeper_than(limit: int, data: object) -> bool:
    """Whether a value nests deeper than that; walks level by level, so no stack is used."""
    level = [data]
    for _ in range(limit):
        level = [child for item in level for child in _children(item)]
        if not level:
            return False
    return True


def _children(item: object) -> list[object]:
    """The containers directly inside a container."""
    inside = list(item.values()) if isinstance(item, Mapping) else item
    if not isinstance(inside, list | tuple):
        return []
    return [child for child in inside if isinstance(child, Mapping | list | tuple)]
