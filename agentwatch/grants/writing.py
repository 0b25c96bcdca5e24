"""A rule made from an action, to stand in the user's own file until the user takes it out.

Owns which scopes of an action may become a rule, and the rule's text.  It never says more than a
grant of that scope would: it keeps the workspace, where the knowledge comes from and how hard the
action is to take back; what cannot be said as narrowly is not offered.  Does no I/O.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.grants.scopes import Scope, scopes
from agentwatch.model import Action, Kind, Origin, Reversibility
from agentwatch.rules import Rule, RuleError, Seen, Setting, Step, read
from agentwatch.rules.examples import faults
from agentwatch.rules.match import holds
from agentwatch.rules.patterns import INSIDE, Word
from agentwatch.shell import parse, parse_argv

_ORDER = tuple(Reversibility)
_SEEN = {
    Origin.DECLARED: [Seen.DECLARED.value],
    Origin.OBSERVED: [Seen.OBSERVED.value, Seen.UNDECLARED.value],
}
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule that may be written."""

    scope: str
    words: str
    """What it covers, as a person reads it."""
    id: str
    text: str
    """Exactly what is written."""


def drafts(action: Action, cut: tuple[Step, ...], setting: Setting) -> tuple[Draft, ...]:
    """The rules that may be made from an action, narrowest first."""
    found = scopes(action, workspace=setting.workspace, home=setting.home)
    made = (_draft(action, scope, cut, setting) for scope in found)
    return tuple(draft for draft in made if draft is not None)


def draft(action: Action, scope: str, cut: tuple[Step, ...], setting: Setting) -> Draft:
    """One of them; raises AgentwatchError for a scope that gives no rule."""
    found = {one.scope: one for one in drafts(action, cut, setting)}
    if scope not in found:
        hint = f"there are {', '.join(found)}" if found else "it can only be granted for a while"
        raise AgentwatchError(f"{action.id} makes no rule {scope!r}", hint, ExitCode.USAGE)
    return found[scope]


def _draft(action: Action, scope: Scope, cut: tuple[Step, ...], setting: Setting) -> Draft | None:
    about = _exact(action, cut, setting) if scope.rule is None else _about(scope, scope.rule)
    if about is None or Word(setting.workspace).glob:
        return None
    name = f"always-{action.id}-{scope.name}"[:64]
    fields: Fields = {
        "id": name,
        "decide": "allow",
        "why": f"always, since {action.id}: {scope.words}",
        **about,
        "workspace": setting.workspace,
        "origin": _SEEN[action.proposal.origin],
        "reversibility": [one.value for one in _ORDER[: _ORDER.index(scope.hardest) + 1]],
    }
    try:
        text, rule = _written({**fields, **_examples(action, about)})
        if faults([rule]):  # its words mean something else in an example's folder
            text, rule = _written(fields)
    except RuleError:
        return None  # its words cannot be said in a file of rules
    own = [step for step in cut if not step.reads]
    right = bool(own) and all(holds(rule, step, setting) for step in own)
    return Draft(scope.name, scope.words, name, text) if right else None


def _written(fields: Fields) -> tuple[str, Rule]:
    """The text of a rule, and what it says; raises RuleError."""
    text = "[[rule]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in fields.items())
    (rule,) = read(text, "the new rule")
    return text, rule


def _exact(action: Action, cut: tuple[Step, ...], setting: Setting) -> Fields | None:
    """One command word by word, with its own files; no rule for anything else."""
    said = action.proposal
    parsed = parse(said.command) if said.command is not None else parse_argv(said.argv)
    if said.kind is not Kind.EXEC or parsed.dynamic or len(parsed.commands) != 1 or len(cut) != 1:
        return None
    argv = parsed.commands[0].argv
    if any(Word(word).glob or not word for word in argv):
        return None
    # by its real files, so that the same words in another folder are another thing
    root = setting.workspace.rstrip("/") + "/"
    files = sorted(path.removeprefix(root) for path in cut[0].paths)
    if any(Word(path).glob for path in files):
        return None
    return {"argv": list(argv), "exact": True, **({"paths": files} if files else {})}


def _about(scope: Scope, rule: Rule) -> Fields | None:
    """What a grant's rule is about, where the file can say it as narrowly."""
    if scope.name == "folder" and scope.hardest is not Reversibility.REVERSIBLE:
        return None  # there, what acts by itself is told from the rest by its class alone
    fields: Fields = {"kind": sorted(kind.value for kind in rule.kinds)}
    if rule.argv:
        fields["argv"] = [words[0].text for words in rule.argv]
    if rule.flags_only is not None:
        fields["flags_only"] = sorted(rule.flags_only)
    if rule.paths is not None:
        fields["paths"] = list(rule.paths.patterns)
    elif rule.argv:
        # without a word about paths, a file that acts by itself would be allowed by the command
        fields["paths"] = [INSIDE]
    if rule.hosts:
        fields["hosts"] = [_host(host.name, host.port) for host in rule.hosts]
    if rule.tools:
        fields["tool"] = [word.text for word in rule.tools]
    return fields


def _host(name: str, port: str) -> str:
    bare = f"[{name}]" if ":" in name else name
    return f"{bare}:{port}" if port else bare


def _examples(action: Action, about: Mapping[str, Any]) -> Fields:
    """A line that it is about, and one that it is not."""
    if "argv" not in about:
        return {}
    said = action.proposal
    line = said.command if said.command is not None else shlex.join(said.argv)
    head = shlex.join(about["argv"])
    return {"match": [line], "not_match": [f"{head} --and-something-else"]}


def _toml(value: object) -> str:
    """JSON's texts, lists and truths are TOML's, but for signs beyond its first plane and DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
