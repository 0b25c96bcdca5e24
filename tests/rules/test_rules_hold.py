"""What a rule is about: its conditions, deny over ask over allow, and what is never allowed."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from agentwatch.model import Kind, Origin, Proposal, Reversibility
from agentwatch.policy.places import steers
from agentwatch.rules import Rulebook, Ruling, Seen, Setting, read, steps
from agentwatch.rules.patterns import Host, PathSet, Word

WORK = "/home/u/work"


def rule(decide: str, more: str, name: str = "r") -> str:
    return f'[[rule]]\nid = "{name}"\ndecide = "{decide}"\n{more}\n'


def said(
    text: str,
    *,
    now: datetime | None = None,
    seen: Seen = Seen.DECLARED,
    agent: str = "claude",
    follow: Callable[[str], str] = posixpath.normpath,
    reversibility: Reversibility = Reversibility.IRREVERSIBLE,
    origin: Origin = Origin.DECLARED,
    **fields: Any,
) -> Ruling | None:
    kind = fields.pop("kind", Kind.EXEC)
    proposal = Proposal(kind, "", "hooks", origin, **fields)
    setting = Setting(
        WORK, "/home/u", agent, seen, reversibility, now or datetime(2026, 11, 21, 12, tzinfo=UTC)
    )
    cut = steps(proposal, base=WORK, home="/home/u", follow=follow, steers=steers)
    return Rulebook(read(text, "r.toml")).rule(cut, setting)


def verdict(text: str, line: str, **fields: Any) -> str:
    ruling = said(text, command=line, **fields)
    return ruling.decide.value if ruling else "none"


GIT = rule("allow", 'argv = ["git", ["commit", "add"]]', "git")
MAKE = rule("allow", 'argv = ["make", "test"]\nexact = true', "make")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("git commit -m x", "allow"),
        ("git add . && git commit -m 'a b'", "allow"),
        ("git status && git add x", "allow"),
        ("ls | head -3; make test", "allow"),
        ("timeout 60 make test", "allow"),
        ("bash -lc 'make test'", "allow"),
        ("/usr/bin/git add x", "allow"),
        ("git push", "none"),
        ("git commit -m x; git push", "none"),
        ("make test install", "none"),
        ("./git commit", "none"),
        ("/tmp/git commit", "none"),
        ("sudo git commit -m x", "none"),
        ("GIT_DIR=/x git commit -m x", "none"),
        ("git commit -m $(cat /etc/passwd)", "none"),
        ("git commit -m x > ~/.bashrc", "none"),
        ("git commit -m x >> notes", "none"),
        ("git commit -m x > /dev/null", "allow"),
        ("echo x | xargs git add", "none"),
        ("find . -exec git add {} +", "none"),
        ("git commit -m x &&", "none"),
        ("eval 'make test'", "none"),
        ("$GIT commit", "none"),
    ],
)
def test_a_line_is_allowed_only_if_every_command_in_it_is(line: str, wanted: str) -> None:
    assert verdict(GIT + MAKE, line) == wanted


@pytest.mark.parametrize(
    "line",
    [
        "rm x",
        "ls; rm x",
        "sudo rm x",
        "/opt/x/rm x",
        "./rm x",
        "FOO=1 rm x",
        "echo $(rm x)",
        "bash -c 'rm x'",
        "xargs rm < list",
        "find . -exec rm {} +",
        "rm $FILES",
        "(cd y && rm x)",
        "if true; then rm x; fi",
    ],
)
def test_a_denial_is_found_wherever_it_stands(line: str) -> None:
    text = rule("deny", 'argv = ["rm"]', "no") + rule("allow", 'argv = ["*"]', "all")
    assert verdict(text, line) == "deny"


def test_the_strictest_rule_wins_and_the_first_of_these_is_named() -> None:
    text = (
        rule("allow", 'argv = ["git"]', "a")
        + rule("ask", 'argv = ["git", "push"]', "b")
        + rule("deny", 'argv = ["git", "push"]\nflags_any = ["-f", "--force"]', "c")
        + rule("deny", 'argv = ["git", "push", "*", "*"]\nflags_any = ["-f"]', "d")
    )
    assert verdict(text, "git fetch") == "allow"
    assert verdict(text, "git push") == "ask"
    ruling = said(text, command="git push -fu")
    assert ruling is not None
    assert ruling.rule == "c (r.toml:9)"


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        ("rm -r x", True),
        ("rm -rf x", True),
        ("rm -fr x", True),
        ("rm --recursive x", True),
        ("rm x", False),
        ("rm -- -r", False),
        ("rm --recursive=yes x", True),
    ],
)
def test_short_options_are_seen_in_a_bundle(given: str, holds: bool) -> None:
    text = rule("deny", 'argv = ["rm"]\nflags_any = ["-r", "--recursive"]')
    assert verdict(text, given) == ("deny" if holds else "none")


@pytest.mark.parametrize(
    ("paths", "path", "wanted"),
    [
        ('"inside"', "a/b", "allow"),
        ('"inside"', "/etc/x", "none"),
        ('"inside"', "../x", "none"),
        ('"inside"', ".git/hooks/pre-commit", "none"),
        ('[".git/hooks/*"]', ".git/hooks/pre-commit", "allow"),
        ('["src/**"]', "src/a/b.py", "allow"),
        ('["src/*"]', "src/a/b.py", "none"),
        ('["~/notes/*.md"]', "/home/u/notes/a.md", "allow"),
        ('["/srv/**/log"]', "/srv/log", "allow"),
    ],
)
def test_paths_say_where(paths: str, path: str, wanted: str) -> None:
    text = rule("allow", f'kind = "write"\npaths = {paths}')
    ruling = said(text, kind=Kind.WRITE, paths=(path,))
    assert (ruling.decide.value if ruling else "none") == wanted


def test_an_allowed_write_must_lie_right_in_every_path_a_denied_one_wrong_in_one() -> None:
    allow = rule("allow", 'kind = "write"\npaths = "inside"')
    deny = rule("deny", 'kind = "write"\npaths = "outside"')
    both: dict[str, Any] = {"kind": Kind.WRITE, "paths": ("a", "/etc/x")}
    assert said(allow, **both) is None
    ruling = said(deny, **both)
    assert ruling is not None
    assert ruling.decide == "deny"


def test_a_link_is_followed_and_one_that_cannot_be_is_not_allowed() -> None:
    text = rule("allow", 'kind = "write"\npaths = "inside"')

    def lost(path: str) -> str:
        raise OSError(path)

    assert said(text, kind=Kind.WRITE, paths=("a",), follow=lambda _: "/etc/x") is None
    assert said(text, kind=Kind.WRITE, paths=("a",), follow=lost) is None
    assert said(text, kind=Kind.WRITE, paths=("a",)) is not None


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("rm a b", "allow"),
        ("rm a /etc/x", "none"),
        ("rm *.o", "none"),
        ("cd / && rm etc", "none"),
        ("cd / && rm /home/u/work/a", "allow"),
        ("rm", "none"),
    ],
)
def test_a_rule_about_a_commands_paths_needs_to_know_them(line: str, wanted: str) -> None:
    assert verdict(rule("allow", 'argv = ["rm"]\npaths = "inside"'), line) == wanted


def test_redirections_are_writes_of_their_own() -> None:
    text = rule("allow", 'argv = ["echo"]', "a") + rule(
        "allow", 'kind="write"\npaths="inside"', "b"
    )
    assert verdict(text, "echo x > notes") == "allow"
    assert verdict(text, "echo x > /etc/x") == "none"
    assert verdict(text, "echo x > .git/config") == "none"


@pytest.mark.parametrize(
    ("host", "given", "holds"),
    [
        ("example.com", "example.com:443", True),
        ("example.com", "EXAMPLE.com", True),
        ("example.com:443", "example.com:80", False),
        ("example.com:443", "example.com", False),
        ("*.example.com", "a.b.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "example.com.evil.org", False),
        ("10.0.0.0/8", "10.2.3.4:5", True),
        ("10.0.0.0/8", "11.2.3.4", False),
        ("10.0.0.0/8", "ten.example", False),
        ("[::1]:80", "[::1]:80", True),
        ("fe80::/10", "fe80::1", True),
    ],
)
def test_hosts(host: str, given: str, holds: bool) -> None:
    assert Host.read(host).holds(given) is holds


def test_a_url_is_matched_with_its_port() -> None:
    text = rule("allow", 'kind = "network"\nhosts = ["api.example.com:443"]')
    assert said(text, kind=Kind.NETWORK, url="https://api.example.com/x")
    assert not said(text, kind=Kind.NETWORK, url="http://api.example.com/x")
    assert not said(text, kind=Kind.NETWORK, url="https://api.example.com:bad/x")


def test_an_address_that_was_seen_is_matched_by_the_names_it_was_looked_up_by() -> None:
    seen: dict[str, Any] = {"kind": Kind.NETWORK, "host": "198.51.100.7:443"}
    both = {"names": ["api.example.com", "evil.test"]}
    one = {"names": ["api.example.com"]}
    hosts = 'kind = "network"\nhosts = ["api.example.com:443"]'
    allows, denies = rule("allow", hosts), rule("deny", hosts)
    assert said(allows, origin=Origin.OBSERVED, params=one, **seen)
    assert not said(allows, origin=Origin.OBSERVED, params=both, **seen)
    assert said(denies, origin=Origin.OBSERVED, params=both, **seen)
    assert not said(allows, params=one, **seen)  # an agent's own word is no look-up
    other = rule("deny", 'hosts = ["198.51.100.0/24"]')
    assert said(other, origin=Origin.OBSERVED, params=one, **seen)


def test_a_tool_by_name_and_parameters() -> None:
    text = rule("allow", 'tool = "mcp__mail__*"\nparams = { to = "*@example.com", n = "3" }')
    mail: dict[str, Any] = {"kind": Kind.TOOL, "tool": "mcp__mail__send"}
    assert said(text, **mail, params={"to": "a@example.com", "n": 3})
    assert not said(text, **mail, params={"to": "a@evil.org", "n": 3})
    assert not said(text, **mail, params={"n": 3})
    assert not said(text, kind=Kind.TOOL, tool="other", params={"to": "a@example.com", "n": 3})


@pytest.mark.parametrize(
    ("condition", "fields"),
    [
        ('agent = "codex"', {"agent": "claude"}),
        ('origin = "undeclared"', {"seen": Seen.OBSERVED}),
        ('reversibility = "reversible"', {}),
        ('hours = "08:00-10:00"', {}),
        ('hours = "22:00-06:00"', {}),
        ('days = ["mon", "fri"]', {}),
    ],
)
def test_a_condition_that_does_not_hold(condition: str, fields: dict[str, Any]) -> None:
    text = rule("deny", f'argv = ["x"]\n{condition}')
    assert verdict(text, "x", **fields) == "none"


@pytest.mark.parametrize(
    ("condition", "fields"),
    [
        ('agent = ["codex", "claude"]', {}),
        ('origin = ["declared", "undeclared"]', {}),
        ('reversibility = "irreversible"', {}),
        ('hours = "12:00-12:01"', {}),
        ('hours = "22:00-06:00"', {"now": datetime(2026, 11, 21, 5, 59, tzinfo=UTC)}),
        ('days = ["sat"]', {}),
    ],
)
def test_a_condition_that_holds(condition: str, fields: dict[str, Any]) -> None:
    text = rule("deny", f'argv = ["x"]\n{condition}')
    assert verdict(text, "x", **fields) == "deny"


def test_a_program_that_does_not_say_what_it_runs_is_not_allowed() -> None:
    assert said(rule("allow", 'kind = "exec"'), kind=Kind.EXEC) is None


def test_reading_alone_is_no_reason_to_allow() -> None:
    assert verdict(GIT, "git status") == "none"


@given(st.text(max_size=40))
def test_no_text_makes_a_narrow_rule_allow_more(line: str) -> None:
    ruling = said(MAKE, command=line)
    if ruling is not None:
        assert "make" in line
        assert "test" in line


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_pattern_without_signs_is_the_word_itself(pattern: str, word: str) -> None:
    plain = pattern.replace("*", "").replace("?", "")
    assert Word(plain).holds(word) is (plain == word)


@given(st.text(max_size=20))
def test_a_star_stays_in_its_folder(name: str) -> None:
    assert PathSet(("/a/*",)).holds(f"/a/{name}", WORK, "/home/u") is ("/" not in name)
