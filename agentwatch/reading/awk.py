"""Whether an awk program only prints.

Owns the cutting of a program into tokens.  A slash behind a value would be a division, and what
follows it no pattern: it is refused, and so is whatever could name a file or a command to write
to.  So no awk reads a token other than it is read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from agentwatch.reading.options import Options, Unclear, words

# No bracket expressions in patterns: programs differ on whether a slash inside one ends them.
_TOKEN = re.compile(
    r"(?P<space>[ \t]+)"
    r"|(?P<number>\d+(?:\.\d+)?)"
    r'|(?P<text>"(?:[^"\\]|\\[\\nt"])*")'
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>\+\+|--|\+=|-=|\*=|==|!=|>=|<=|&&|\|\||!~|[-+*%<>!~?:,;(){}$=\[\]])"
)
_PATTERN = re.compile(r"/(?:[^/\\\[\n]|\\[^\n\[])*/")
_SAYS = words("print printf")
_KNOWN = (
    words(
        "NR NF FNR FS OFS ORS RS RSTART RLENGTH FILENAME BEGIN END if else for while do in next"
        " exit length substr index split match sub gsub tolower toupper int sprintf delete"
    )
    | _SAYS
)
_ACTS = words("system getline close fflush function func print printf load include")
_OWN = re.compile(r"[a-z][a-z0-9_]*")
"""Variables of the program's own: those of awk's are written in capitals."""
_BEFORE_PATTERNS = words("print printf else do")
"""Names behind which a slash begins a pattern."""
_OPTIONS = Options(valued="F")


def check_awk(args: Sequence[str]) -> None:
    """Raise Unclear unless awk with these arguments only prints."""
    operands = _OPTIONS.operands(args)
    if not operands:
        raise Unclear("awk without a program")
    # To gawk a file of this name is a connection.
    if any("/inet" in arg for arg in args):
        raise Unclear("awk may open a connection")
    says, opened = False, ""
    before = ""
    for kind, part in _tokens(operands[0]):
        if kind == "name" and part not in _KNOWN:
            if not _OWN.fullmatch(part) or part in _ACTS:
                raise Unclear(f"awk {part} is not known to only print")
            opened = part
        elif part == "(" and before == opened != "":
            raise Unclear("an awk function that is not known here")
        elif part in _SAYS:
            says = True
        elif part in (";", "{", "}"):
            says = False
        elif part == ">" and says:
            raise Unclear("awk that may print into a file")
        before = part


def _tokens(program: str) -> Iterator[tuple[str, str]]:
    """The tokens of a program; Unclear for any that is not known."""
    at, value = 0, False
    while at < len(program):
        if program[at] == "/" and not value:
            found = _PATTERN.match(program, at)
            kind = "pattern"
        else:
            found = _TOKEN.match(program, at)
            kind = str(found.lastgroup) if found else ""
        if found is None:
            raise Unclear("an awk program that is not known to only print")
        at = found.end()
        if kind == "space":
            continue
        # After these a slash divides; after `)` it may do either, so it is refused.
        value = kind in ("number", "text", "pattern") or found[0] in (")", "]", "$", "++", "--")
        value = value or (kind == "name" and found[0] not in _BEFORE_PATTERNS)
        yield kind, found[0]
