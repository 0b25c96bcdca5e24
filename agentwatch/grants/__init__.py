"""Grants: one approval for what is alike, for a while.

Owns what a grant is about and when it ends.  A grant is a rule that lives no longer than its
session: its words are made from that rule, so they say just what is stored.  It answers questions
only: it never lifts a denial, covers nothing that is harder to take back than what it was made
from, and nothing that is known from elsewhere (seen instead of declared).
"""

from __future__ import annotations

from agentwatch.grants.book import Grants
from agentwatch.grants.scopes import Scope, scopes
from agentwatch.grants.values import Grant, Lasting

__all__ = ["Grant", "Grants", "Lasting", "Scope", "scopes"]
