"""An index may name too many rules, never too few: it says what a look at each rule says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import given, settings, strategies as st

from agentwatch.grants import Grant, Grants, Lasting, scopes
from agentwatch.model import Action, Kind, Proposal, Reversibility
from agentwatch.policy.ruled import Surroundings
from agentwatch.rules import Rule, Rulebook, Seen, Setting, Step, read
from agentwatch.rules.match import holds

HOME = "/home/u"
WORK = f"{HOME}/work"
AROUND = Surroundings(WORK, HOME)
NOW = datetime(2026, 1, 5, 12, 0)  # noqa: DTZ001 - rules speak of local time
SETTING = Setting(WORK, HOME, "", Seen.DECLARED, Reversibility.IRREVERSIBLE, NOW)

WORDS = st.sampled_from(["git", "push", "p*", "/usr/bin/git", "rm", "*", "a?", "x"])
PATTERNS = st.sampled_from(
    f"inside outside ~ ~/a/* ~/** a a/* **/b ./a/b ../* /** /* /etc/* {WORK}/a/b {WORK}/**/b * "
    f"{HOME}/*/a / a//b ~/work/a/b".split()
)
PATHS = st.sampled_from(
    f"/ /x /etc/a //etc/a {HOME} {WORK} {HOME}/a/b {WORK}/a {WORK}/a/b {WORK}/c/d/b {HOME}/other "
    f"{HOME}/workshop/a".split()
)
KEYS: dict[str, st.SearchStrategy[list[Any]]] = {
    "kind": st.lists(st.sampled_from(["exec", "write", "tool"]), min_size=1, max_size=2),
    "argv": st.lists(WORDS | st.lists(WORDS, min_size=1, max_size=2), min_size=1, max_size=3),
    "paths": st.lists(PATTERNS, min_size=1, max_size=2),
    "hosts": st.lists(
        st.sampled_from(["a.org", "*.org", "A.org:443", "10.0.0.0/8", "[::1]:80"]),
        min_size=1,
        max_size=2,
    ),
    "tool": st.lists(st.sampled_from(["mail.*", "mail.send", "*", "?"]), min_size=1),
}
ABOUT = st.sampled_from(sorted(KEYS)).flatmap(
    lambda key: st.fixed_dictionaries({key: KEYS[key]})
) | st.fixed_dictionaries({}, optional=KEYS)
STEPS = st.builds(
    Step,
    kind=st.sampled_from([Kind.EXEC, Kind.WRITE, Kind.TOOL]),
    argv=st.lists(
        st.sampled_from(["git", "/usr/bin/git", "/opt/x/git", "push", "rm", "ab", "x", ""]),
        max_size=3,
    ).map(tuple),
    paths=st.lists(PATHS, max_size=2).map(tuple),
    hosts=st.lists(st.sampled_from(["a.org", "a.org.:443", "A.ORG", "10.1.1.1:5"]), max_size=1).map(
        tuple
    ),
    called=st.lists(st.sampled_from(["a.org:443", "b.org"]), max_size=1).map(tuple),
    tool=st.sampled_from(["", "mail.send", "mail.read", "m"]),
)


def written(number: int, decide: str, about: dict[str, object]) -> str:
    lines = [f"{key} = {value!r}" for key, value in about.items()]
    return "\n".join(["[[rule]]", f'id = "r{number}"', f'decide = "{decide}"', *lines, ""])


def slowly(rules: tuple[Rule, ...], step: Step) -> Rule | None:
    """What a look at every rule says: the first of the strictest."""
    found = [rule for rule in rules if holds(rule, step, SETTING)]
    return max(found, key=lambda rule: rule.decide.strictness, default=None)


@given(st.lists(st.tuples(st.sampled_from(["allow", "ask", "deny"]), ABOUT), max_size=12), STEPS)
@settings(max_examples=300, deadline=None)
def test_the_index_hides_no_rule(said: list[tuple[str, dict[str, object]]], step: Step) -> None:
    seen: dict[str, str] = {}
    said = [(decide, about) for decide, about in said if seen.setdefault(repr(about), decide)]
    texts = [
        written(number, seen[repr(about)], about) for number, (_, about) in enumerate(said) if about
    ]
    rules = tuple(rule for text in texts for rule in read(text, "rules"))
    found = Rulebook(rules).rule([step], SETTING)
    wanted = slowly(rules, step)
    assert (found.rules[0] if found else None) == wanted


LINES = ("git push origin a", "git push -f x", "rm a", "rm /srv/a", "make test", "ls; rm a")


def action(number: int, said: Proposal) -> Action:
    return Action(f"s-{number}", "s", number, said, Reversibility.IRREVERSIBLE, (), (), 0.0, None)


PROPOSALS = (
    *(Proposal(Kind.EXEC, "it", "hooks", command=line, cwd=WORK) for line in LINES),
    *(Proposal(Kind.WRITE, "it", "hooks", paths=(f"{WORK}/{at}",)) for at in ("a", "b/c", "b/d")),
    *(Proposal(Kind.NETWORK, "it", "hooks", host=host) for host in ("a.org:443", "10.0.0.1:80")),
    *(Proposal(Kind.TOOL, "it", "mcp", tool=tool) for tool in ("mail.send", "mail.read")),
)


@given(
    st.lists(st.tuples(st.sampled_from(PROPOSALS), st.integers(0, 3)), max_size=8),
    st.lists(st.integers(0, 7), max_size=4),
    st.sampled_from(PROPOSALS),
)
@settings(max_examples=150, deadline=None)
def test_a_grant_is_found_as_before(
    made: list[tuple[Proposal, int]], gone: list[int], other: Proposal
) -> None:
    book = Grants("s")
    standing: list[Grant] = []
    for number, (said, which) in enumerate(made):
        offered = scopes(action(number, said), workspace=WORK, home=HOME)
        scope = offered[min(which, len(offered) - 1)]
        grant = book.make(scope, Lasting(60, None), action="s-1", by="person:x", wall=0)
        book.add(grant, said.origin, now=0)
        standing.append(grant)
    for at in sorted(set(gone), reverse=True):
        if at < len(standing):
            book.revoke(standing.pop(at).id)
    cut, setting = AROUND.cut(other), AROUND.setting(other, Reversibility.IRREVERSIBLE)
    wanted = next((one for one in standing if one.scope.holds(other, cut, setting)), None)
    found = book.on(other, cut, setting, now=1, wall=1)
    assert (found and found.id) == (wanted and wanted.id)
    assert book.on(other, cut, setting, now=60, wall=1) is None
    assert book.standing() == []
