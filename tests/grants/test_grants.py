"""Grants: narrow by construction, counted, ended by use, time, revocation and kill."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from agentwatch.errors import AgentwatchError
from agentwatch.grants import Grant, Grants, Lasting, Scope, scopes
from agentwatch.model import Action, Kind, Origin, Proposal, Reversibility
from agentwatch.policy.ruled import Surroundings

WORK = "/home/u/work"
AROUND = Surroundings(WORK, "/home/u")


def action(kind: Kind = Kind.EXEC, **fields: Any) -> Action:
    reversibility = fields.pop("reversibility", Reversibility.IRREVERSIBLE)
    proposal = Proposal(kind, "it", "hooks", cwd=fields.pop("cwd", WORK), **fields)
    return Action("s-1", "s", 1, proposal, reversibility, (), (), 0.0, None)


def offered(given: Action) -> dict[str, Scope]:
    return {scope.name: scope for scope in scopes(given, workspace=WORK, home="/home/u")}


def covers(scope: Scope, other: Action) -> bool:
    setting = AROUND.setting(other.proposal, other.reversibility)
    return scope.holds(other.proposal, AROUND.cut(other.proposal), setting)


@pytest.mark.parametrize(
    ("first", "other", "covered"),
    [
        ("git push origin a", "git push origin b", True),
        ("git push origin a", "git push --force origin a", False),
        ("git push -u origin a", "git push origin b", True),
        ("git push origin a", "git fetch", False),
        ("git push origin a", "git push origin b; rm x", False),
        ("git push origin a", "git push origin $(x)", False),
        ("git push origin a", "sudo git push origin b", False),
        ("git push origin a", "git push origin b > out", False),
        ("git push origin a", "git status && git push origin b", True),
        ("rm a", "rm b", True),
        ("rm a", "rm -r b", False),
        ("rm a", "rm /etc/passwd", False),
        ("rm a", "rm ../x", False),
        ("rm a", "rm *", False),
        ("rm /srv/a", "rm /srv/b", True),
        ("make test", "make install", False),
        ("make test", "make test X=1", True),
        ("gh pr create -t x", "gh pr create", True),
        ("gh pr create", "gh pr merge 3", False),
    ],
)
def test_a_shape_is_program_task_and_options(first: str, other: str, covered: bool) -> None:
    assert covers(offered(action(command=first))["shape"], action(command=other)) is covered


@pytest.mark.parametrize(
    "line",
    ["rm a; rm b", "rm $X", "FOO=1 rm a", "echo x > f", "sudo rm a", "git", "git -C x push", "rm *",
     "xargs rm < f", "sh -c 'rm $1' x"],
)  # fmt: skip
def test_what_could_mean_more_has_no_shape(line: str) -> None:
    assert set(offered(action(command=line))) == {"exact"}


@given(st.text(max_size=30), st.text(max_size=30))
def test_exactly_this_is_this_and_nothing_else(one: str, two: str) -> None:
    scope = offered(action(command=one))["exact"]
    assert covers(scope, action(command=one))
    assert covers(scope, action(command=two)) is (one == two)
    assert not covers(scope, action(command=one, cwd="/etc"))


def test_files_and_their_folder() -> None:
    write = action(Kind.WRITE, paths=(f"{WORK}/a/b",), reversibility=Reversibility.REVERSIBLE)
    found = offered(write)
    other = replace(write, proposal=replace(write.proposal, paths=(f"{WORK}/a/c",)))
    assert [covers(found[name], other) for name in ("exact", "paths", "folder")] == [0, 0, 1]
    deletes = replace(other, proposal=replace(other.proposal, kind=Kind.DELETE))
    assert not covers(found["folder"], deletes)
    outside = action(Kind.WRITE, paths=("/etc/x",))
    assert "folder" not in offered(outside)


def test_a_grant_covers_nothing_that_is_harder_to_take_back() -> None:
    write = action(Kind.WRITE, paths=(f"{WORK}/a/b",), reversibility=Reversibility.REVERSIBLE)
    scope = offered(write)["folder"]
    assert covers(scope, write)
    assert not covers(scope, replace(write, reversibility=Reversibility.IRREVERSIBLE))


def test_a_file_that_acts_by_itself_is_not_in_a_granted_folder() -> None:
    write = action(Kind.WRITE, paths=(f"{WORK}/x",))
    hook = action(Kind.WRITE, paths=(f"{WORK}/.git/hooks/pre-commit",))
    assert not covers(offered(write)["folder"], hook)


def test_hosts_and_tools() -> None:
    reach = action(Kind.NETWORK, host="a.example:443")
    assert covers(offered(reach)["host"], action(Kind.NETWORK, host="a.example:443"))
    assert not covers(offered(reach)["host"], action(Kind.NETWORK, host="a.example:80"))
    call = action(Kind.TOOL, tool="mail", params={"to": "a"})
    assert covers(offered(call)["tool"], action(Kind.TOOL, tool="mail", params={"to": "b"}))
    assert not covers(offered(call)["exact"], action(Kind.TOOL, tool="mail", params={"to": "b"}))
    assert not covers(offered(call)["tool"], action(Kind.TOOL, tool="mail2"))


# -- how long --------------------------------------------------------------------------------


def standing(lasting: Lasting, origin: Origin = Origin.DECLARED) -> tuple[Grants, Action]:
    first = action(command="rm a")
    book = Grants("agent-abc")
    grant = book.make(offered(first)["shape"], lasting, action="abc-1", by="me", wall=100.0)
    book.add(grant, origin, now=10.0)
    return book, action(command="rm b")


def use(book: Grants, given: Action, now: float = 10.0, wall: float = 100.0) -> Grant | None:
    said = given.proposal
    setting = AROUND.setting(said, given.reversibility)
    return book.on(said, AROUND.cut(said), setting, now=now, wall=wall)


def test_uses_are_counted_and_the_last_one_ends_it() -> None:
    book, other = standing(Lasting(uses=2))
    assert [use(book, other) is not None for _ in range(3)] == [True, True, False]


def test_a_use_that_is_not_covered_does_not_count() -> None:
    book, _ = standing(Lasting(uses=1))
    assert use(book, action(command="rm -r b")) is None
    assert book.standing()[0].used == 0


@pytest.mark.parametrize(("now", "wall"), [(70.0, 100.0), (10.0, 160.0), (1000.0, 0.0)])
def test_it_ends_when_either_clock_says_so(now: float, wall: float) -> None:
    """A machine that slept, or a clock set back, lengthens nothing."""
    book, other = standing(Lasting(seconds=60))
    assert use(book, other, now=69.9, wall=159.9) is not None
    assert use(book, other, now=now, wall=wall) is None
    assert not book.standing()


def test_what_was_seen_is_not_covered_by_what_was_declared() -> None:
    book, other = standing(Lasting())
    seen = replace(other, proposal=replace(other.proposal, origin=Origin.OBSERVED))
    assert use(book, seen) is None


def test_revoking() -> None:
    book, other = standing(Lasting())
    name = book.standing()[0].id
    with pytest.raises(AgentwatchError, match="no such grant"):
        book.revoke("abc-g9")
    assert book.revoke(name[:-1]).id == name
    assert use(book, other) is None
    assert book.revoke_all() == 0


@pytest.mark.parametrize("time", ["", "10", "m", "0m", "-1m", "10 m", "1w", "9999999m"])
def test_what_is_no_time(time: str) -> None:
    with pytest.raises(AgentwatchError, match="is no time"):
        Lasting.read(time, None)


@pytest.mark.parametrize(
    ("time", "uses", "words"),
    [("10m", None, "10 m"), ("2h", 3, "3 uses within 2 h"), (None, 1, "one use"),
     (None, None, "this session"), ("90s", None, "1 m 30 s")],
)  # fmt: skip
def test_how_long_in_words(time: str | None, uses: int | None, words: str) -> None:
    assert str(Lasting.read(time, uses)) == words
