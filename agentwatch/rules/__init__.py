"""Rules: what a person decided beforehand, in a file.

Owns the files' schema, what a rule is about, and deny > ask > allow over every step of an action.
A mistake in a file is an error with its line; a file that breaks while a session runs loosens
nothing.  Never decides: `policy` asks, the gate answers.

What does not work; a rule that allows a program by its name assumes that
- PATH, aliases and shell functions are the user's own;
- the program does what its words say: its configuration is the user's as well.
"""

from __future__ import annotations

from agentwatch.rules.denials import Denials
from agentwatch.rules.match import Rulebook
from agentwatch.rules.read import RuleError, read
from agentwatch.rules.shelf import PROJECT, Shelf, digest, trust, user_file
from agentwatch.rules.steps import steps
from agentwatch.rules.values import Decide, Rule, Ruling, Seen, Setting, Step

__all__ = [
    "PROJECT",
    "Decide",
    "Denials",
    "Rule",
    "RuleError",
    "Rulebook",
    "Ruling",
    "Seen",
    "Setting",
    "Shelf",
    "Step",
    "digest",
    "read",
    "steps",
    "trust",
    "user_file",
]
