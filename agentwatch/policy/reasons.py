"""Why a proposal is asked, in plain sentences.

Owns the words.  They are ours; what they quote of the agent (paths, hosts) is shortened and has
its control characters spelled out.  Decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from agentwatch.model import Kind, Proposal
from agentwatch.policy.places import Places

_DOES = {
    Kind.EXEC: "runs a program",
    Kind.READ: "reads",
    Kind.WRITE: "writes files",
    Kind.DELETE: "deletes files",
    Kind.RENAME: "renames files: whatever had the new name is replaced",
    Kind.NETWORK: "leaves this machine",
    Kind.TOOL: "calls a tool whose effect is not known here",
    Kind.MESSAGE: "sends a message",
    Kind.ASK_DAEMON: "asks another program to act: the kill switch does not reach what that starts",
    Kind.OTHER: "does something that has no class here",
}
_HINTS = {
    "may delete files": "rm rmdir unlink shred truncate -delete clean",
    "may leave this machine": (
        "curl wget ssh scp sftp rsync nc ncat socat telnet ftp push fetch pull clone publish"
        " install gh"
    ),
    "may ask another program to act, which the kill switch does not reach": (
        "at batch crontab systemctl systemd-run launchctl docker podman kubectl tmux screen"
    ),
    "asks for more rights": "sudo su doas pkexec",
}
_WORD = re.compile(r"[A-Za-z0-9_-]+")
_CHANGES_FILES = frozenset({Kind.WRITE, Kind.DELETE, Kind.RENAME})
_NAMED = 3
"""How many paths a sentence names; the card shows all of them."""
_LONGEST = 120


def reasons(proposal: Proposal, places: Places, doubt: str) -> Iterator[str]:
    """What there is to think about; `doubt` says why it is not known to only read."""
    to = proposal.host or _host(proposal.url) or proposal.url
    if proposal.kind is not Kind.NETWORK or not to:
        yield _DOES[proposal.kind]
    if doubt:
        yield quoted(doubt)
    yield from _hints(proposal)
    if to:
        yield f"leaves this machine: {quoted(to)}"
    verb = "writes" if proposal.kind in _CHANGES_FILES else "touches"
    if places.outside:
        yield f"{verb} outside the workspace: {_list(places.outside)}"
    for what in dict.fromkeys(places.steering.values()):
        yield f"{verb} {what}: {_list(p for p, w in places.steering.items() if w == what)}"


def quoted(text: str) -> str:
    """A text of the agent's, short and in one line."""
    plain = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in text[: _LONGEST + 1]
    )
    return plain if len(plain) <= _LONGEST else plain[:_LONGEST] + "…"


def _hints(proposal: Proposal) -> Iterator[str]:
    """What words in a command line make likely; never used to let anything pass."""
    found = set(_WORD.findall(proposal.command or ""))
    found.update(word for arg in proposal.argv for word in _WORD.findall(arg))
    for hint, words in _HINTS.items():
        if not found.isdisjoint(words.split()):
            yield hint


def _host(url: str | None) -> str | None:
    """The host of an address, where it has one."""
    try:
        return urlsplit(url).hostname if url else None
    except ValueError:
        return None


def _list(paths: Iterable[str]) -> str:
    """Some of the paths, and how many more there are."""
    all_paths = list(paths)
    shown = ", ".join(quoted(path) for path in all_paths[:_NAMED])
    more = len(all_paths) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown
