"""The files that rules come from, and what becomes of them while a session runs.

Owns which files there are, the trust in a project's file, and reading them again when they change.
A file that cannot be read any more keeps its denials and questions as they were, and allows
nothing; a project's rules are only ever added to, because the agent can write that file.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from agentwatch.breaker import Limits
from agentwatch.errors import AgentwatchError
from agentwatch.paths import config_base
from agentwatch.rules.match import Rulebook
from agentwatch.rules.read import RuleError, breaker_table, read
from agentwatch.rules.values import Decide, Rule

PROJECT = ".agentwatch.toml"
SHIPPED = "default.toml"
LARGEST = 1 << 20
"""Bytes of a file of rules."""


def user_file() -> Path:
    """The user's own rules, whether or not there are any."""
    return config_base() / "rules.toml"


def digest(path: Path) -> str:
    """SHA-256 of a file as it is now, by which it is trusted; raises OSError."""
    return hashlib.sha256(_bytes(path)).hexdigest()


def trust(path: Path) -> str:
    """Trust exactly this content of a project's file from now on; raises OSError."""
    found = digest(path)
    if not _trusted(found):
        _trusts().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _trusts().open("a") as file:
            file.write(f"{found}  {path.resolve()}\n")
    return found


class Shelf:
    """The rules in force for one session."""

    def __init__(self, workspace: Path, extra: Iterable[Path] = ()) -> None:
        """Read every file; raises AgentwatchError for one that is not entirely right."""
        self._files = [_File(user_file(), wanted=False)]
        self._files += [_File(path, wanted=True) for path in extra]
        self._project = _File(workspace / PROJECT, wanted=False)
        self._shipped = shipped()
        self._kept: dict[object, Rule] = {}
        for file in (*self._files, self._project):
            file.load()
        self._keep()
        self.book = self._made()

    def refresh(self, *, loosen: bool = False) -> list[str]:
        """Read again what has changed; what a person should be told, one sentence each.

        Only where the agent cannot write these files may a change `loosen` what held before.
        """
        files = (*self._files, self._project)
        said = [words for file in files if (words := file.again(loosen=loosen))]
        if said:
            self._keep()
            self.book = self._made()
        return said

    @property
    def sources(self) -> list[str]:
        """The files in force, for people."""
        files = [str(file.path) for file in self._files if file.rules]
        return files + ([str(self._project.path)] if self._kept else [])

    @property
    def limits(self) -> Limits:
        """When the breaker trips, as the files say; a project's file only makes it stricter."""
        found = Limits()
        for file in self._files:
            found = found.changed(file.breaker, str(file.path))
        project = self._project
        if project.digest is not None and _trusted(project.digest):
            return found.changed(project.breaker, str(project.path))
        return found.tightened(project.breaker, str(project.path))

    def _keep(self) -> None:
        """Take what a project's file says, without what it would loosen."""
        trusted = self._project.digest is not None and _trusted(self._project.digest)
        for rule in self._project.rules:
            if trusted or rule.decide is not Decide.ALLOW:
                self._kept[(rule.id, rule.decide)] = rule
        if not trusted:
            allowed = [key for key, rule in self._kept.items() if rule.decide is Decide.ALLOW]
            for key in allowed:
                del self._kept[key]

    def _made(self) -> Rulebook:
        own = [rule for file in self._files for rule in file.rules]
        return Rulebook((*own, *self._kept.values(), *self._shipped))


def shipped() -> tuple[Rule, ...]:
    """The rules that come with the program."""
    text = resources.files("agentwatch.rules").joinpath(SHIPPED).read_text()
    return read(text, "agentwatch's own rules")


@dataclass(frozen=True, slots=True)
class _Mark:
    """How a file is known to be unchanged."""

    inode: int
    size: int
    changed: int


class _File:
    """One file of rules."""

    def __init__(self, path: Path, *, wanted: bool) -> None:
        self.path = path
        self.rules: tuple[Rule, ...] = ()
        self.digest: str | None = None
        self.breaker: Mapping[str, object] = {}
        self._wanted = wanted
        self._mark: _Mark | None = None

    def load(self) -> None:
        """Read it; raises AgentwatchError."""
        self._mark = self._look()
        if self._mark is None:
            if self._wanted:
                raise AgentwatchError(f"there is no file of rules {self.path}")
            self.rules, self.digest, self.breaker = (), None, {}
            return
        try:
            raw = _bytes(self.path)
            rules = read(raw.decode(), str(self.path))
            self.breaker = breaker_table(raw.decode(), str(self.path))
        except OSError as error:
            raise RuleError(f"{self.path} cannot be read: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise RuleError(f"{self.path} is not UTF-8") from error
        self.rules, self.digest = rules, hashlib.sha256(raw).hexdigest()

    def again(self, *, loosen: bool) -> str | None:
        """Read it once more if it has changed; what to say of it."""
        if self._look() == self._mark:
            return None
        before = self.rules
        try:
            self.load()
            fresh = self.rules
        except AgentwatchError as error:
            strict = tuple(rule for rule in self.rules if rule.decide is not Decide.ALLOW)
            self.rules, self.digest = strict, None
            return f"rules: {error.what}; what that file allowed is asked again"
        if not loosen:
            self.rules = _tightened(before, fresh)
        said = f"rules: {self.path} was read again, {len(self.rules)} rules"
        if len(self.rules) == len(fresh) and all(rule in fresh for rule in self.rules):
            return said
        return f"{said}; what it loosens counts from the next session on"

    def _look(self) -> _Mark | None:
        with contextlib.suppress(OSError):
            found = self.path.stat()
            return _Mark(found.st_ino, found.st_size, found.st_mtime_ns)
        return None


def _tightened(before: tuple[Rule, ...], fresh: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The new rules, less what they allow anew, and the old ones that forbade or asked."""
    old, new = [_meaning(rule) for rule in before], [_meaning(rule) for rule in fresh]
    allows = Decide.ALLOW
    strict = (r for r in before if r.decide is not allows and _meaning(r) not in new)
    known = (r for r in fresh if r.decide is not allows or _meaning(r) in old)
    return (*strict, *known)


def _meaning(rule: Rule) -> Rule:
    """A rule wherever in its file it stands."""
    return replace(rule, line=0)


def _bytes(path: Path) -> bytes:
    """A small regular file; raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as file:  # noqa: PTH123 - opened without waiting for a pipe's writer
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise OSError(f"larger than {LARGEST >> 20} MiB")
    return data


def _trusts() -> Path:
    return config_base() / "trusted"


def _trusted(found: str) -> bool:
    try:
        lines = _trusts().read_text().splitlines()
    except OSError:
        return False
    return any(line.partition(" ")[0] == found for line in lines)
