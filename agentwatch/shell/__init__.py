"""What a shell command line will run: its simple commands, through every wrapper we know.

Owns the reading of shell text: quotes, redirections, loops, `sh -c`, `env`, `xargs` and their
like.  Does no I/O, runs nothing, decides nothing.  What depends on more than the text itself is
a reason in `dynamic`; a line with such a reason is never to pass by what was found in it.

What does not work:
- The grammar (tree-sitter-bash) is C code in this process: `grammar` says how it is kept from
  what is known to end it.
- Aliases, functions and the shell's start files are the user's own and are not looked at.
- The grammar is bash's; other shells read most lines alike, not all of them.
- A line whose reading takes too long, or that is nested too deeply, is not read to its end, and
  says so.
"""

from __future__ import annotations

from agentwatch.shell.grammar import REPEATING, constructs, pieces
from agentwatch.shell.line import parse, parse_argv
from agentwatch.shell.values import LONGEST, SHELLS, Parsed, Redirect, Simple, program

__all__ = [
    "LONGEST",
    "REPEATING",
    "SHELLS",
    "Parsed",
    "Redirect",
    "Simple",
    "constructs",
    "parse",
    "parse_argv",
    "pieces",
    "program",
]
