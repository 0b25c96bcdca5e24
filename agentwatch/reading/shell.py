"""A shell command line as its simple commands, where every shell would read it the same way.

Owns the quoting.  Accepts words, quotes, `|`, `||`, `&&`, `;`, reading from a file, and throwing
output away; refuses everything else by name, so that nothing of a line is ever overlooked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentwatch.reading.options import Unclear

LONGEST = 10_000
"""Characters; nobody reads by a longer line."""

_PLAIN = re.compile(r"[A-Za-z0-9_./:,+@%=^~-]")
_GLOB = frozenset("*?[]")
_ESCAPABLE = frozenset("()*?[]{}.|+!^ ")
"""What a backslash outside quotes may stand before."""
_SPACE = " \t"
_END = r"(?=[ \t|;&]|\Z)"
_THROWN_AWAY = re.compile(rf"(?:[12]?>[ \t]*/dev/null|2>&1|1?>&2){_END}")
_NOT = re.compile(r"!(?=[ \t])")
_NUMBERED = re.compile(r"[0-9]+[<>]")
_HARMLESS_DOLLAR = re.compile(r"(?<!\$)\$(?=\Z|[ |])")
"""No shell puts anything in the place of a dollar sign that stands before one of these."""
_JOINT = re.compile(r"\|\||&&|;|\|(?!&)")
_NAMES = {
    "$": "a variable or a substitution",
    "`": "a substitution",
    "&": "a background job",
    "(": "a subshell or a pattern",
    ")": "a subshell or a pattern",
    "{": "braces",
    "}": "braces",
    "<": "a redirection",
    ">": "a redirection",
    "#": "a comment",
    "!": "a history reference",
    "\\": "a backslash",
    "|": "a pipe of errors",
}


@dataclass(frozen=True, slots=True)
class Word:
    """One word after the shell has taken its quotes away."""

    text: str
    plain: bool
    """Nothing of it was quoted."""
    glob: bool
    """It is a pattern that the shell may replace by file names."""


def commands(line: str) -> list[list[Word]]:
    """The simple commands of a line; Unclear where it is anything more than that."""
    if len(line) > LONGEST:
        raise Unclear("the line is very long")
    if any(not (char.isprintable() or char == "\t") for char in line):
        raise Unclear("it contains a line break or another control character")
    return _Line(line).commands()


class _Line:
    """One pass over a line."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._at = 0

    def commands(self) -> list[list[Word]]:
        """Every simple command in order."""
        found: list[list[Word]] = [[]]
        joint = ""
        while self._skip_space():
            if matched := _JOINT.match(self._line, self._at):
                if not found[-1]:
                    raise Unclear("an empty command")
                joint = matched[0]
                found.append([])
                self._at = matched.end()
            elif not self._redirection():
                found[-1].append(self._word())
        if not found[-1]:
            found.pop()
            if joint != ";":
                raise Unclear("an empty command")
        return found

    def _skip_space(self) -> bool:
        """Go to the next thing; False at the end."""
        while self._at < len(self._line) and self._line[self._at] in _SPACE:
            self._at += 1
        return self._at < len(self._line)

    def _redirection(self) -> bool:
        """Step over a redirection that changes nothing; Unclear for any other."""
        if matched := _THROWN_AWAY.match(self._line, self._at):
            self._at = matched.end()
            return True
        if _NUMBERED.match(self._line, self._at):
            raise Unclear("a redirection")
        if self._line[self._at] != "<":
            return False
        self._at += 1
        if not self._skip_space() or self._line[self._at] in "<>&(|;":
            raise Unclear("a redirection")
        source = self._word()
        if source.glob or ("/dev/" in source.text and source.text != "/dev/null"):
            raise Unclear("a redirection from a device or a pattern")
        return True

    def _word(self) -> Word:
        """The word that begins here."""
        start, text, plain, glob = self._at, "", True, False
        if found := _NOT.match(self._line, self._at):
            # A shell negates by it only in front of a command.
            self._at = found.end()
            return Word("!", plain=False, glob=False)
        while self._at < len(self._line) and self._line[self._at] not in " \t|;&<>":
            char = self._line[self._at]
            if char in "'\"\\":
                plain = False
                text += self._quoted(char)
                continue
            if char in "=^~" and (self._at == start or (char == "~" and text[-1:] in ("=", ":"))):
                raise Unclear(f"a {char} that a shell may expand")
            if char in _GLOB:
                glob = True
            elif not _PLAIN.fullmatch(char):
                raise Unclear(_NAMES.get(char, "an unusual character outside quotes"))
            text += char
            self._at += 1
        if self._at == start:
            raise Unclear(_NAMES[self._line[start]])
        return Word(text, plain, glob)

    def _quoted(self, quote: str) -> str:
        """What stands in the quotes, or behind the backslash, that begin here."""
        self._at += 1
        if quote == "\\":
            char = self._line[self._at : self._at + 1]
            if char not in _ESCAPABLE or not char:
                raise Unclear("a backslash")
            self._at += 1
            return char
        end = self._line.find(quote, self._at)
        if end < 0:
            raise Unclear("a quote that does not end")
        text = self._line[self._at : end]
        self._at = end + 1
        if quote == '"':
            _refuse_expansion(text)
        return text


def _refuse_expansion(text: str) -> None:
    """Unclear where double quotes hold anything that a shell would replace."""
    for char in "$`!":
        if char in _HARMLESS_DOLLAR.sub("", text):
            raise Unclear(_NAMES[char])
    # A backslash stays one unless it stands before one of these, which differ or end the text.
    if text.endswith("\\") or "\\\\" in text:
        raise Unclear("a backslash")
