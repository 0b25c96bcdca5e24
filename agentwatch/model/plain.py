"""Values as JSON: one spelling, and the digest over it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from functools import cache
from typing import Any

Json = dict[str, Any]

_AS_THEY_ARE = frozenset({str, int, float, bool, type(None)})
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)

CHANGING = frozenset({"digest", "state", "decision", "covered_by", "deadline", "evidence"})
"""Fields that may change while the thing to decide stays the same: outside the digest."""


def canonical(data: object) -> str:
    """One spelling of a JSON value: sorted keys, no spaces, non-ASCII escaped."""
    return _CANONICAL.encode(data)


def digest_of(action: Mapping[str, Any]) -> str:
    """The digest of an action's JSON, so that a client can bind itself to what it drew."""
    shown = {key: value for key, value in action.items() if key not in CHANGING}
    return hashlib.sha256(canonical(shown).encode()).hexdigest()


def plain(value: Any) -> Json:
    """A frozen value as JSON types, fields in order."""
    return {name: _jsonable(getattr(value, name)) for name in _names(value.__class__)}


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """The fields of a value's class."""
    return tuple(item.name for item in fields(kind))


def _jsonable(value: Any) -> Any:
    """JSON types for whatever our values hold."""
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple | list):
        return [_jsonable(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return plain(value)
    return value
