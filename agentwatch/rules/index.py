"""Which of many rules may be about a step, found without a look at each of them.

Owns what a step must have for a rule to be about it: a program, a tool, a host, a folder or a
kind.  It names too many rules, never too few; whether one holds is `match`'s.  Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from agentwatch.rules.patterns import INSIDE, OUTSIDE, PathSet, split_host
from agentwatch.rules.values import Rule, Setting, Step

_T = TypeVar("_T")
Key = tuple[str, str]
_ANY: Key = ("any", "")
_TOOLS: Key = ("tool", "*")


class Index(Generic[_T]):
    """Things that have a rule, by what it is about."""

    def __init__(self) -> None:
        self._found: dict[Key, dict[int, _T]] = {}

    def add(self, rank: int, rule: Rule, item: _T) -> None:
        """Take one in; what has the lower rank comes first."""
        for key in _keys(rule):
            self._found.setdefault(key, {})[rank] = item

    def discard(self, rank: int, rule: Rule) -> None:
        """Let one go."""
        for key in _keys(rule):
            self._found[key].pop(rank, None)

    def about(self, step: Step, setting: Setting) -> Iterator[_T]:
        """Those that may be about a step, the lowest rank first."""
        hit: dict[int, _T] = {}
        for key in _asked(step, setting):
            if found := self._found.get(key):
                hit |= found
        return (hit[rank] for rank in sorted(hit))


def _keys(rule: Rule) -> frozenset[Key]:
    """A step that the rule is about has at least one of these."""
    if rule.first_words is not None:
        return _tasks(rule, rule.first_words)
    if rule.tools and all(set(word.text) - {"*"} for word in rule.tools):
        named = not any(word.glob for word in rule.tools)
        return frozenset(("tool", word.text) if named else _TOOLS for word in rule.tools)
    if rule.hosts and not any(set("*?/") & set(host.name) for host in rule.hosts):
        return frozenset(("host", host.name) for host in rule.hosts)
    if rule.paths is not None and (folders := _folders(rule.paths)):
        return folders
    return frozenset(("kind", kind.value) for kind in rule.kinds) or frozenset({_ANY})


def _tasks(rule: Rule, programs: Iterable[str]) -> frozenset[Key]:
    """The programs, with what they are told to do where that is certain."""
    second = rule.argv[1] if len(rule.argv) > 1 else ()
    if not second or any(word.glob for word in second):
        return frozenset(("program", first) for first in programs)
    return frozenset(("task", f"{first} {word.text}") for first in programs for word in second)


def _folders(paths: PathSet) -> frozenset[Key]:
    """The folders that all of these paths lie somewhere below; none where that cannot be told."""
    found = [_folder(pattern) for pattern in paths.patterns]
    known = [folder for folder in found if folder is not None]
    return frozenset(("folder", folder) for folder in known if len(known) == len(found))


def _folder(pattern: str) -> str | None:
    """The folder before a pattern's first sign: `~/x` in the home, `./x` in the workspace."""
    parts = pattern.removeprefix("/").split("/")
    if pattern in (INSIDE, OUTSIDE, "~") or not {"", ".", ".."}.isdisjoint(parts):
        return None
    plain = min((at for sign in "*?" if (at := pattern.find(sign)) >= 0), default=len(pattern))
    folder = pattern[:plain].rpartition("/")[0]
    if pattern.startswith(("/", "~/")):
        return folder
    return f"./{folder}" if folder else "."


def _asked(step: Step, setting: Setting) -> Iterator[Key]:
    """Every key that a step has."""
    yield _ANY
    yield "kind", step.kind.value
    yield "tool", step.tool
    if step.tool:
        yield _TOOLS
    if step.argv:
        name = step.argv[0].rpartition("/")[2]
        yield "program", name
        if len(step.argv) > 1:
            yield "task", f"{name} {step.argv[1]}"
    for host in (*step.hosts, *step.called):
        yield "host", split_host(host.casefold())[0].rstrip(".")
    roots = ((setting.home.rstrip("/"), "~"), (setting.workspace.rstrip("/"), "."))
    for above in _above(step.paths):
        yield "folder", above
        for root, sign in roots:
            if above == root or above.startswith(root + "/"):
                yield "folder", sign + above[len(root) :]


def _above(paths: Iterable[str]) -> set[str]:
    """Every folder above these paths; the root's is empty."""
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
        found.add("")
    return found
