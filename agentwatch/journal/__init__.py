"""The record of a session: append-only, hash-chained, written before the effect.

`writer` owns the only way to add to it, `reading` the ways to look at it, `verify` the check,
`record` the format.  Never decides anything: a record that cannot be written is a JournalError,
and its caller denies.
"""

from __future__ import annotations

from agentwatch.journal.reading import follow, read
from agentwatch.journal.record import Entry, Head, JournalError, head_path
from agentwatch.journal.verify import Finding, Result, Verification, verify
from agentwatch.journal.window import Placed, Stretch, Wanted, Window
from agentwatch.journal.writer import Journal

__all__ = [
    "Entry",
    "Finding",
    "Head",
    "Journal",
    "JournalError",
    "Placed",
    "Result",
    "Stretch",
    "Verification",
    "Wanted",
    "Window",
    "follow",
    "head_path",
    "read",
    "verify",
]
