"""What an action does, step by step, as rules look at it.

Owns the cutting of a proposal into steps.  Does no I/O: whoever calls brings the function that
follows links.  What cannot be told from the words makes a step unsure, and then nothing allows it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from agentwatch.model import Kind, Origin, Proposal
from agentwatch.reading import argv_reads_only
from agentwatch.rules.values import Step
from agentwatch.shell import Parsed, Simple, parse, parse_argv

PLAIN = frozenset(
    {"env", "nice", "nohup", "timeout", "time", "ionice", "stdbuf", "setsid", "command", "builtin"}
    | {"exec", "sh", "bash", "dash", "zsh", "ksh", "ash", "busybox", "chrt", "taskset"}
)
"""Wrappers under which a command is still what its own words say."""
_HARMLESS = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty"})
_PATTERN = re.compile(r"[*?\[{~$`]")

Follow = Callable[[str], str]
Steers = Callable[[str], str | None]


def steps(
    proposal: Proposal, *, base: str, home: str, follow: Follow, steers: Steers
) -> tuple[Step, ...]:
    """The steps of a proposal; `base` is the folder that its relative paths begin in.

    `follow` says where a path leads and may raise OSError or ValueError; `steers` says what a
    file acts upon by itself.
    """
    cut = _Cut(proposal, base, home, follow, steers)
    return tuple(cut.commands()) or (cut.itself(),)


class _Cut:
    """One proposal on its way to steps."""

    def __init__(
        self, proposal: Proposal, base: str, home: str, follow: Follow, steers: Steers
    ) -> None:
        self._proposal = proposal
        self._base = base
        self._home = home
        self._follow = follow
        self._steers = steers
        self._params: Mapping[str, object] = proposal.params
        self._hosts = tuple(dict.fromkeys(filter(None, (proposal.host, _host(proposal.url)))))
        self._called = tuple(_called(proposal))

    def itself(self) -> Step:
        """A proposal that is one step."""
        said = self._proposal
        paths, steering, lost = self._places(said.paths)
        hidden = said.kind is Kind.EXEC
        return Step(
            kind=said.kind,
            paths=paths,
            steering=steering,
            hosts=self._hosts,
            called=self._called,
            tool=said.tool or "",
            params=self._params,
            unsure="what it runs is not said" if hidden else lost,
            reads=said.kind is Kind.READ,
        )

    def commands(self) -> Iterator[Step]:
        """The simple commands of a proposal that runs something, and the files they open."""
        said = self._proposal
        if said.command is not None:
            yield from self._line(parse(said.command))
        if said.argv:
            yield from self._line(parse_argv(said.argv))

    def _line(self, parsed: Parsed) -> Iterator[Step]:
        unsure = parsed.dynamic[0] if parsed.dynamic else ""
        moves = any(simple.name in ("cd", "pushd", "popd") for simple in parsed.commands)
        if not parsed.commands:
            yield self._step(Kind.EXEC, (), (), unsure or "it runs nothing that is known")
        for simple in parsed.commands:
            yield self._command(simple, unsure, moves=moves)
            for redirect in simple.redirects:
                if redirect.writes and redirect.target not in _HARMLESS:
                    yield self._opened(redirect.target, unsure, moves=moves)

    def _command(self, simple: Simple, unsure: str, *, moves: bool) -> Step:
        wrapper = next((name for name in simple.through if name not in PLAIN), None)
        if simple.assignments:
            unsure = unsure or f"it sets {simple.assignments[0].partition('=')[0]}"
        if wrapper:
            unsure = unsure or f"it runs through {wrapper}"
        words = [word for word in simple.argv[1:] if word and not word.startswith("-")]
        reads = not unsure and argv_reads_only(simple.argv).yes
        return self._step(
            Kind.EXEC, simple.argv, words, unsure, unclear=_unclear(words, moves), reads=reads
        )

    def _opened(self, target: str, unsure: str, *, moves: bool) -> Step:
        unclear = _unclear([target], moves)
        return self._step(Kind.WRITE, (), (target,), unsure or unclear, unclear=unclear)

    def _step(
        self,
        kind: Kind,
        argv: tuple[str, ...],
        words: list[str] | tuple[str, ...],
        unsure: str,
        *,
        unclear: str = "",
        reads: bool = False,
    ) -> Step:
        paths, steering, lost = self._places(tuple(words))
        return Step(
            kind=kind,
            argv=argv,
            paths=paths,
            steering=steering,
            hosts=self._hosts,
            called=self._called,
            tool=self._proposal.tool or "",
            params=self._params,
            unsure=unsure,
            unclear=unclear or lost,
            reads=reads,
        )

    def _places(self, words: tuple[str, ...]) -> tuple[tuple[str, ...], frozenset[str], str]:
        """Where words lead if they are paths; those that act by themselves; what went wrong."""
        paths, steering, lost = [], [], ""
        for word in words:
            if word == "~" or word.startswith("~/"):
                word = self._home + word[1:]  # noqa: PLW2901 - as the shell does
            named = posixpath.normpath(posixpath.join(self._base, word))
            try:
                real = posixpath.normpath(self._follow(named))
            except (OSError, ValueError):
                real, lost = named, "where a path leads cannot be told"
            paths.append(real)
            if self._steers(named) or self._steers(real):
                steering.append(real)
        return tuple(paths), frozenset(steering), lost


def _unclear(words: list[str], moves: bool) -> str:
    """Why the words of a line do not tell which files are meant, if that is so."""
    if any(_PATTERN.search(word) for word in words):
        return "a pattern may become any name"
    if moves and any(not word.startswith("/") for word in words):
        return "it changes its folder"
    return ""


def _host(url: str | None) -> str | None:
    try:
        parts = urlsplit(url or "")
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return None
    return f"{parts.hostname}:{port}" if parts.hostname and port else parts.hostname


def _called(proposal: Proposal) -> Iterator[str]:
    """The names of the address that was seen, with its port."""
    names = proposal.params.get("names")
    if proposal.origin is Origin.OBSERVED and isinstance(names, list | tuple) and proposal.host:
        _, _, port = proposal.host.rpartition(":")
        yield from (f"{name}:{port}" for name in names)
