"""Which files, hosts and programs a command line names by itself.

Owns the reading of an approved line for what the person has seen in it.  A name that depends on
more than the line (a variable, a pattern, a changed folder) is not a name.
"""

from __future__ import annotations

import ipaddress
import posixpath
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from agentwatch.shell import Parsed

_REMOTE = re.compile(r"(?:[\w.-]+@)([\w.-]+)(?::.*)?")
_FILE = re.compile(r"[^$`*?\[\]{}~\0]+")
_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443, "ftp": 21}
_ROOM = 200
"""Names that one line can have."""


@dataclass(frozen=True, slots=True)
class Names:
    """What a line names."""

    paths: tuple[str, ...]
    hosts: tuple[str, ...]
    """With `port 8080` for an address on this machine."""
    programs: frozenset[str]


def names(parsed: Parsed, cwd: str | None) -> Names:
    """What these commands name; relative paths only where no command changes the folder."""
    paths: dict[str, None] = {}
    hosts: dict[str, None] = {}
    moves = any(simple.name in ("cd", "pushd", "popd") for simple in parsed.commands)
    base = None if moves else cwd
    for simple in parsed.commands:
        targets = [item.target for item in simple.redirects if item.writes]
        for word in (*simple.argv[1:], *targets):
            if host := _host(word):
                hosts.setdefault(host)
                if port := _own_port(word, host):
                    hosts.setdefault(port)
            elif path := _path(word, base):
                paths.setdefault(path)
    programs = frozenset(simple.name for simple in parsed.commands)
    return Names(tuple(paths)[:_ROOM], tuple(hosts)[:_ROOM], programs)


def _host(word: str) -> str | None:
    """The host in an address."""
    if "://" in word:
        try:
            return urlsplit(word).hostname
        except ValueError:
            return None
    found = _REMOTE.fullmatch(word)
    return found[1].casefold() if found else None


def _own_port(word: str, host: str) -> str:
    """`port 8080` where a whole address names a port of this machine; empty where it does not."""
    if host != "localhost" and not host.endswith(".localhost") and not _loopback(host):
        return ""
    try:
        url = urlsplit(word)
        port = url.port or _PORTS.get(url.scheme.casefold())
    except ValueError:
        return ""
    return f"port {port}" if port else ""


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _path(word: str, base: str | None) -> str | None:
    """A word as the absolute path that it would be."""
    if word.startswith("-") or not word or len(word) > 4096 or not _FILE.fullmatch(word):
        return None
    if not word.startswith("/") and base is None:
        return None
    path = posixpath.normpath(posixpath.join(base or "/", word))
    return path if path.count("/") > 1 else None
