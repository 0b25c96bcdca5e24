"""Whether a rule is about a step, and what all rules together say of an action.

Owns deny > ask > allow, over every step of an action.  Where it cannot be told whether a rule
holds, a deny or ask rule does not loosen: what it may be about is asked.  Pure.

A rule that allows must hold for everything that a step touches; one that denies or asks, for any
one of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from agentwatch.rules.index import Index
from agentwatch.rules.patterns import Word
from agentwatch.rules.values import Day, Decide, Rule, Ruling, Setting, Step

SYSTEM = ("/bin/", "/usr/bin/", "/usr/local/bin/", "/sbin/", "/usr/sbin/", "/opt/homebrew/bin/")
"""Folders whose programs are meant by their name alone."""


class Rulebook:
    """Rules, ready to be asked."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self.rules = tuple(rules)
        self._index: Index[tuple[int, Rule]] = Index()
        for rank, rule in enumerate(rules):
            self._index.add(rank, rule, (rule.decide.strictness, rule))

    def rule(self, steps: Sequence[Step], setting: Setting) -> Ruling | None:
        """What is said of an action with these steps; None where no rule decides."""
        found = [self._on(step, setting) for step in steps]
        said = [ruling for ruling in found if ruling is not None]
        strict = [ruling for ruling in said if ruling.decide is not Decide.ALLOW]
        if strict:
            return max(strict, key=lambda ruling: ruling.decide.strictness)
        if not said or any(
            ruling is None and not step.reads for step, ruling in zip(steps, found, strict=True)
        ):
            return None
        return Ruling(Decide.ALLOW, tuple(rule for ruling in said for rule in ruling.rules))

    def _on(self, step: Step, setting: Setting) -> Ruling | None:
        """What is said of one step: the first of the strictest."""
        best: Rule | None = None
        most = -1
        for strictness, rule in self._index.about(step, setting):
            if strictness > most and holds(rule, step, setting):
                best, most = rule, strictness
        return Ruling(best.decide, (best,)) if best else None


def holds(rule: Rule, step: Step, setting: Setting) -> bool:
    """Whether every condition of a rule holds for a step."""
    allows = rule.decide is Decide.ALLOW
    if allows and step.unsure:
        return False
    return (
        (not rule.kinds or step.kind in rule.kinds)
        and _in_setting(rule, setting)
        and (not rule.argv or _begins(rule, step.argv, allows=allows))
        and _flags(rule, step.argv)
        and _touches(rule, step, setting, allows=allows)
        and (not rule.hosts or _reaches(rule, step, allows=allows))
        and (not rule.tools or _any(rule.tools, step.tool))
        and all(
            name in step.params and word.holds(_text(step.params[name]))
            for name, word in rule.params.items()
        )
    )


def _in_setting(rule: Rule, setting: Setting) -> bool:
    return (
        (not rule.agents or _any(rule.agents, setting.agent))
        and (not rule.workspaces or _any(rule.workspaces, setting.workspace))
        and (not rule.origins or setting.seen in rule.origins)
        and (not rule.reversibility or setting.reversibility in rule.reversibility)
        and (rule.hours is None or rule.hours.hold(setting.now))
        and (not rule.days or list(Day)[setting.now.weekday()] in rule.days)
    )


def _begins(rule: Rule, argv: tuple[str, ...], *, allows: bool) -> bool:
    """Whether a command begins with the rule's words."""
    if len(argv) < len(rule.argv) or (rule.exact and len(argv) != len(rule.argv)):
        return False
    first, *rest = rule.argv
    return _is_program(first, argv[0], allows=allows) and all(
        _any(words, given) for words, given in zip(rest, argv[1:], strict=False)
    )


def _is_program(words: Iterable[Word], given: str, *, allows: bool) -> bool:
    """Whether a command's first word is one of these programs.

    A program of that name which lies anywhere is denied or asked about; only the system's own, or
    the one that the rule names by its path, is allowed.
    """
    folder, _, name = given.rpartition("/")
    known = not folder or f"{folder}/" in SYSTEM
    return any(
        word.holds(given) or ((known or not allows) and "/" not in word.text and word.holds(name))
        for word in words
    )


def _flags(rule: Rule, argv: tuple[str, ...]) -> bool:
    """Whether the options are as the rule wants them; `-rf` has both `-r` and `-f`."""
    if not rule.flags_any and not rule.flags_none and rule.flags_only is None:
        return True
    given = set(flags(argv))
    return (
        (not rule.flags_any or bool(given & rule.flags_any))
        and not given & rule.flags_none
        and (rule.flags_only is None or given <= set(flags(("", *rule.flags_only))))
    )


def flags(argv: Sequence[str]) -> Iterator[str]:
    """The options of a command, short ones apart, long ones without their value."""
    for word in argv[1:]:
        if word == "--":
            return
        if word.startswith("--"):
            yield word.partition("=")[0]
        elif word.startswith("-") and len(word) > 1:
            yield word
            yield from (f"-{letter}" for letter in word[1:])


def _touches(rule: Rule, step: Step, setting: Setting, *, allows: bool) -> bool:
    if rule.paths is None:
        # a file that acts by itself is allowed only by a rule that names it
        return not (allows and step.steering and not rule.argv)
    named = [rule.paths.holds(path, setting.workspace, setting.home) for path in step.paths]
    if not allows:
        return any(named)
    return (
        not step.unclear
        and bool(named)
        and all(named)
        and all(rule.paths.names(path, setting.workspace, setting.home) for path in step.steering)
    )


def _reaches(rule: Rule, step: Step, *, allows: bool) -> bool:
    """Whether a rule names whom a step reaches: by its address, or by all it may be called."""
    found = [any(host.holds(given) for host in rule.hosts) for given in step.hosts]
    called = [any(host.holds(given) for host in rule.hosts) for given in step.called]
    if not allows:
        return any(found) or any(called)
    return (bool(found) and all(found)) or (bool(called) and all(called))


def _any(words: Iterable[Word], given: str) -> bool:
    return any(word.holds(given) for word in words)


def _text(value: object) -> str:
    """A tool's parameter as one text."""
    import json  # noqa: PLC0415 - rarely needed, and this file is loaded by the gate process

    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
