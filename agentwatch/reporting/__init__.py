"""What happened in a session, on one page for a person who was not there.

`gather` owns the one pass over the record, `words` how each entry is told, `page` what stands on
the page and in which order, `markdown`, `webpage` and `plain` its three forms.  Works from the
files alone, live or over.  Never changes them, and trusts none of the text in them.
"""

from __future__ import annotations

from agentwatch.reporting.gather import Gathered, gather
from agentwatch.reporting.machine import to_json
from agentwatch.reporting.page import Page, page
from agentwatch.reporting.parts import Theirs
from agentwatch.reporting.words import told

__all__ = ["Gathered", "Page", "Theirs", "gather", "page", "to_json", "told"]
