"""What a grant may be about: exactly this, what has its shape, its files, its folder, its host.

Owns the making of a scope from an action, narrowest first.  A scope whose words could mean more
than what they were made from is not offered.
"""

from __future__ import annotations

import json
import posixpath
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from agentwatch.model import Action, Kind, Proposal, Reversibility
from agentwatch.rules import Decide, Rule, Step, steps
from agentwatch.rules.match import flags, holds
from agentwatch.rules.patterns import INSIDE, Host, PathSet, Word
from agentwatch.rules.values import Setting
from agentwatch.shell import parse, parse_argv

_TWO = frozenset(
    {"git", "npm", "pnpm", "yarn", "cargo", "pip", "pip3", "uv", "poetry", "go", "make", "apt"}
    | {"apt-get", "brew", "systemctl", "terraform", "docker", "podman", "kubectl", "helm", "svn"}
)
"""Programs whose second word says what they do."""
_THREE = frozenset({"aws", "gcloud", "az", "gh", "glab"})
_FILES = frozenset({Kind.WRITE, Kind.DELETE, Kind.RENAME})
_ORDER = tuple(Reversibility)


@dataclass(frozen=True, slots=True)
class Scope:
    """Some of all actions."""

    name: str
    """`exact`, `shape`, `paths`, `folder`, `host`, `tool`."""
    words: str
    """What it covers, as a person reads it."""
    rule: Rule | None
    """What it is about; None where it is exactly one action."""
    same: str = ""
    """What must be the same, where there is no rule."""
    hardest: Reversibility = Reversibility.IRREVERSIBLE
    """Nothing harder to take back is covered."""

    def holds(self, proposal: Proposal, cut: tuple[Step, ...], setting: Setting) -> bool:
        """Whether an action is covered, in every step of it."""
        if _ORDER.index(setting.reversibility) > _ORDER.index(self.hardest):
            return False
        rule = self.rule
        if rule is None:
            return self.same == sameness(proposal)
        own = [step for step in cut if not step.reads]
        if self.name != "paths" and any(step.steering for step in own):
            return False  # what acts by itself is only covered where it is named
        return bool(own) and all(holds(rule, step, setting) for step in own)


def sameness(proposal: Proposal) -> str:
    """Everything that makes an action do what it does, as one text."""
    parts: dict[str, Any] = {
        "kind": proposal.kind.value,
        "argv": proposal.argv,
        "command": proposal.command,
        "paths": proposal.paths,
        "url": proposal.url,
        "host": proposal.host,
        "cwd": proposal.cwd,
        "tool": proposal.tool,
        "params": dict(proposal.params) if proposal.tool else {},
        "diff": proposal.diff,
    }
    return json.dumps(parts, sort_keys=True, default=str)


def scopes(action: Action, *, workspace: str, home: str) -> tuple[Scope, ...]:
    """What may be granted of an action, narrowest first."""
    proposal = action.proposal
    exact = Scope("exact", f"exactly this: {proposal.summary}", None, sameness(proposal))
    wider = (
        *_shape(proposal, workspace, home),
        *_files(proposal, workspace),
        *_host(proposal),
        *_tool(proposal),
    )
    return tuple(replace(scope, hardest=action.reversibility) for scope in (exact, *wider))


def _shape(proposal: Proposal, workspace: str, home: str) -> Iterator[Scope]:
    """The same program and what it is told to do, with no more options; operands may differ."""
    line = proposal.command
    parsed = parse(line) if line is not None else parse_argv(proposal.argv)
    if proposal.kind is not Kind.EXEC or parsed.dynamic or len(parsed.commands) != 1:
        return
    argv = parsed.commands[0].argv
    base = proposal.cwd or workspace
    (step, *more) = steps(proposal, base=base, home=home, follow=str, steers=lambda _: None)
    if more or step.unsure or not argv or any(Word(word).glob for word in argv):
        return
    name = argv[0].rsplit("/", 1)[-1]
    telling = 3 if name in _THREE else 2 if name in _TWO else 1
    head = argv[:telling]
    if len(head) < telling or any(word.startswith("-") for word in head):
        return
    options = frozenset(flags(argv))
    # operands that are files of the workspace stay files of the workspace
    rooted = step.paths and all(
        path == workspace or path.startswith(workspace + "/") for path in step.paths
    )
    inside = bool(rooted and name not in _TWO | _THREE and not step.unclear)
    rule = _rule(
        kinds=frozenset({Kind.EXEC}),
        argv=tuple((Word(word),) for word in head),
        flags_only=options,
        paths=PathSet((INSIDE,)) if inside else None,
    )
    told = " ".join((shlex.join(head), *sorted(o for o in options if o in argv[1:])))
    where = " in the workspace" if inside else ""
    yield Scope("shape", f"{told} … with any operands{where}, and no other options", rule)


def _files(proposal: Proposal, workspace: str) -> Iterator[Scope]:
    """The same files, and their folder."""
    paths = proposal.paths
    plain = all(path.startswith("/") and not Word(path).glob for path in paths)
    if proposal.kind not in _FILES or not paths or not plain:
        return
    kinds, verb = frozenset({proposal.kind}), proposal.kind.value
    yield Scope("paths", f"{verb} {', '.join(paths)}", _rule(kinds=kinds, paths=PathSet(paths)))
    folders = {posixpath.dirname(path) for path in paths}
    folder = folders.pop()
    if folders or not (folder == workspace or folder.startswith(workspace + "/")):
        return
    rule = _rule(kinds=kinds, paths=PathSet((f"{folder}/**",)))
    yield Scope("folder", f"{verb} anything in {folder}", rule)


def _host(proposal: Proposal) -> Iterator[Scope]:
    if proposal.kind is not Kind.NETWORK or not proposal.host or Word(proposal.host).glob:
        return
    rule = _rule(kinds=frozenset({Kind.NETWORK}), hosts=(Host.read(proposal.host),))
    yield Scope("host", f"speak to {proposal.host}", rule)


def _tool(proposal: Proposal) -> Iterator[Scope]:
    if proposal.kind not in (Kind.TOOL, Kind.MESSAGE) or not proposal.tool:
        return
    if not Word(proposal.tool).glob:
        rule = _rule(kinds=frozenset({proposal.kind}), tools=(Word(proposal.tool),))
        yield Scope("tool", f"the tool {proposal.tool}, whatever it is given", rule)


def _rule(**conditions: Any) -> Rule:
    return Rule(id="grant", decide=Decide.ALLOW, source="a grant", line=0, **conditions)
