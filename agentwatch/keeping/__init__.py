"""Keeping aside what an action changes in the workspace, and putting it back.

Owns the folder of a session where files lie before they are deleted, overwritten, renamed over,
cut off or given another mode; what was where; and the way back.  Decides nothing: whoever lets an
action happen keeps aside first, and what cannot be kept is not to happen without a person.

What does not work:
- Hard links instead of copies: a file that is written in place is written under all its names, so
  the one kept aside would change with it.  Copies share blocks where the file system can (reflink).
- What is written through a descriptor that was opened before: it was kept when it was opened.
- Files that only root may read or set back: other owners, capabilities, trusted attributes.
"""

from __future__ import annotations

from agentwatch.keeping.reading import Group, Kept, groups, read
from agentwatch.keeping.restoring import Undo, Undone
from agentwatch.keeping.settling import Settling
from agentwatch.keeping.store import Keeper, Place
from agentwatch.keeping.values import Entry, Limits, Sort, Unkept, Was, Who

__all__ = [
    "Entry",
    "Group",
    "Keeper",
    "Kept",
    "Limits",
    "Place",
    "Settling",
    "Sort",
    "Undo",
    "Undone",
    "Unkept",
    "Was",
    "Who",
    "groups",
    "read",
]
