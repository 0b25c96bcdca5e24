"""The patterns that rules are written in: words, paths, hosts.

Owns what a pattern means.  In a word `*` is any text and `?` any character; in a path `*` stays
within one folder and `**` does not.  Does no I/O.
"""

from __future__ import annotations

import ipaddress
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

INSIDE, OUTSIDE = "inside", "outside"


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or a pattern of words."""

    text: str

    @property
    def glob(self) -> bool:
        """Whether it is more than the word itself."""
        return "*" in self.text or "?" in self.text

    def holds(self, word: str) -> bool:
        """Whether a word is one of these."""
        if not self.glob:
            return word == self.text
        return expression(self.text, paths=False).fullmatch(word) is not None


@dataclass(frozen=True, slots=True)
class PathSet:
    """Some of all paths: those in the workspace, those outside, or those of some patterns."""

    patterns: tuple[str, ...]

    def holds(self, path: str, workspace: str, home: str) -> bool:
        """Whether an absolute path is one of these."""
        return any(self._one(pattern, path, workspace, home) for pattern in self.patterns)

    def names(self, path: str, workspace: str, home: str) -> bool:
        """Likewise, by a pattern that was written for it and not by `inside` or `outside`."""
        return any(
            pattern not in (INSIDE, OUTSIDE) and self._one(pattern, path, workspace, home)
            for pattern in self.patterns
        )

    @staticmethod
    def _one(pattern: str, path: str, workspace: str, home: str) -> bool:
        if pattern in (INSIDE, OUTSIDE):
            inside = path == workspace or path.startswith(workspace.rstrip("/") + "/")
            return inside is (pattern == INSIDE)
        return _whole(pattern, workspace, home).fullmatch(path) is not None


@lru_cache(maxsize=16_384)
def _whole(pattern: str, workspace: str, home: str) -> re.Pattern[str]:
    """A path's pattern as an expression from the root on."""
    return expression(absolute(pattern, workspace, home), paths=True)


def absolute(pattern: str, workspace: str, home: str) -> str:
    """A path's pattern from the root on: `~/` is the home, anything else lies in the workspace."""
    if pattern.startswith("/"):
        return pattern
    if pattern == "~" or pattern.startswith("~/"):
        return home.rstrip("/") + pattern[1:]
    return posixpath.normpath(f"{workspace}/{pattern}")


@dataclass(frozen=True, slots=True)
class Host:
    """A host by name, by address or by network, with or without a port."""

    name: str
    port: str = ""

    @classmethod
    def read(cls, text: str) -> Host:
        """`example.com`, `*.example.com:443`, `10.0.0.0/8`, `[::1]:80`; raises ValueError."""
        name, port = split_host(text.casefold())
        if "/" in name:
            ipaddress.ip_network(name, strict=False)
        if not name or (port and not port.isdigit()):
            raise ValueError(f"{text!r} is no host")
        return cls(name, port)

    def holds(self, host: str) -> bool:
        """Whether a host, with its port where that is known, is one of these."""
        name, port = split_host(host.casefold())
        if self.port and port != self.port:
            return False
        if "/" in self.name:
            return _in_network(name, self.name)
        return Word(self.name).holds(name.rstrip("."))


def split_host(text: str) -> tuple[str, str]:
    """A host's name or address, and its port."""
    if text.startswith("["):
        name, _, rest = text[1:].partition("]")
        return name, rest.removeprefix(":")
    if text.count(":") == 1:
        name, _, port = text.partition(":")
        return name, port
    return text, ""


def _in_network(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


@lru_cache(maxsize=16_384)
def expression(pattern: str, *, paths: bool) -> re.Pattern[str]:
    """A pattern of words or of paths as a regular expression for the whole."""
    return re.compile("".join(_translated(pattern, paths=paths)), re.DOTALL)


def _translated(pattern: str, *, paths: bool) -> Iterable[str]:
    at = 0
    while at < len(pattern):
        if paths and pattern.startswith("/**/", at):
            yield "/(?:.*/)?"
            at += 4
        elif paths and pattern.startswith("**", at):
            yield ".*"
            at += 2
        elif pattern[at] == "*":
            yield "[^/]*" if paths else ".*"
            at += 1
        elif pattern[at] == "?":
            yield "[^/]" if paths else "."
            at += 1
        else:
            yield re.escape(pattern[at])
            at += 1
