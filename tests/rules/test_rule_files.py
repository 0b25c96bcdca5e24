"""Files of rules: every mistake is an error with its line, and nothing broken loosens anything."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agentwatch.errors import AgentwatchError
from agentwatch.rules import PROJECT, Decide, RuleError, Shelf, read, trust
from agentwatch.rules.examples import faults
from agentwatch.rules.shelf import shipped

ALLOW = '[[rule]]\nid = "ok"\ndecide = "allow"\nargv = ["make"]\n'
DENY = '[[rule]]\nid = "no"\ndecide = "deny"\nargv = ["rm"]\n'


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('version = 2\n\n[[rule]]\nid="a"\ndecide="ask"', 1, "version 2 is not known"),
        ('verzion = 1\n[[rule]]\nid="a"\ndecide="ask"', 1, "did you mean 'version'"),
        ('[[rule]]\nid="a"\ndecide="ask"\nargs=["x"]', 4, "did you mean 'argv'"),
        ('[[rule]]\nid="a"\n\ndecide="alow"', 4, "did you mean 'allow'"),
        ('[[rule]]\nid="a"', 1, "has no 'decide'"),
        ('[[rule]]\nid="a"\ndecide="ask"\nkind="exek"', 4, "did you mean 'exec'"),
        ('[[rule]]\nid="a"\ndecide="ask"\nargv="git push"', 4, "a list is wanted"),
        ('[[rule]]\nid="a"\ndecide="ask"\nargv=[]', 4, "a list is wanted"),
        ('[[rule]]\nid="a"\ndecide="ask"\nargv=[[]]', 4, "an empty list"),
        ('[[rule]]\nid="a"\ndecide="ask"\nargv=["x"]\nflags_any=["r"]', 5, "'r' is no option"),
        ('[[rule]]\nid="a"\ndecide="ask"\nflags_any=["-r"]', 1, "give its argv too"),
        ('[[rule]]\nid="a"\ndecide="ask"\nhosts=["10.0.0.0/99"]', 4, "hosts"),
        ('[[rule]]\nid="a"\ndecide="ask"\nhosts=["x:http"]', 4, "is no host"),
        ('[[rule]]\nid="a"\ndecide="ask"\nhours="9-17"', 4, "09:00-17:30"),
        ('[[rule]]\nid="a"\ndecide="ask"\nexact=1\nargv=["x"]', 4, "true or false"),
        ('[[rule]]\nid="a"\ndecide="ask"\nparams={to=1}', 4, "a text is wanted"),
        ('[[rule]]\nid="a b"\ndecide="ask"', 2, "is no name"),
        ('[[rule]]\nid="a"\ndecide="allow"', 1, "must say what"),
        ('[[rule]]\nid="a"\ndecide="allow"\norigin="declared"', 1, "must say what"),
        ('[[rule]]\nid="a"\ndecide="ask"\nmatch="x"\nkind="exec"', 1, "give the rule an argv"),
        (f"{DENY}{DENY}", 5, "stands at line 1 already"),
        (
            DENY + DENY.replace('"no"', '"b"').replace("deny", "allow"),
            5,
            "'b' says allow of just what 'no' (line 1) says deny of",
        ),
        ("rule = 3", 1, "written as [[rule]]"),
    ],
)
def test_a_mistake_is_said_with_its_line_and_what_is_meant(
    text: str, line: int, words: str
) -> None:
    with pytest.raises(RuleError) as raised:
        read(text, "r.toml")
    assert raised.value.what.startswith(f"r.toml:{line}:")
    assert words in raised.value.what


def test_what_is_no_toml_is_said_with_its_place() -> None:
    with pytest.raises(RuleError, match=r"r.toml: not TOML: .*line 2"):
        read("[[rule]]\nid = = 3", "r.toml")


def test_a_rule_knows_where_it_stands() -> None:
    rules = read(f"# one\n\n{ALLOW}\n{DENY}", "r.toml")
    assert [rule.place for rule in rules] == ["r.toml:3", "r.toml:8"]


def test_the_rules_that_come_with_the_program_hold_their_examples() -> None:
    assert shipped()
    assert not faults(shipped())
    assert all(rule.decide is not Decide.ALLOW for rule in shipped())


def test_an_example_that_does_not_hold_is_a_fault() -> None:
    rules = read(DENY + 'match = ["ls"]\nnot_match = ["rm x"]\n', "r.toml")
    assert [(fault.example, fault.matches) for fault in faults(rules)] == [
        ("ls", False),
        ("rm x", True),
    ]


# -- the files of a session ------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's settings folder of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "config" / "agentwatch"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def named(shelf: Shelf) -> set[str]:
    return {rule.id for rule in shelf.book.rules} - {rule.id for rule in shipped()}


def test_a_session_does_not_start_with_a_broken_file(home: Path, work: Path) -> None:
    (home / "rules.toml").write_text("[[rule]]")
    with pytest.raises(RuleError, match=r"rules.toml:1: the rule has no 'id'"):
        Shelf(work)


def test_a_file_that_is_asked_for_must_be_there(home: Path, work: Path) -> None:
    with pytest.raises(AgentwatchError, match="no file of rules"):
        Shelf(work, [work / "none.toml"])


@pytest.mark.parametrize("broken", [b"[[rule]]", b"\xff", b"x" * (2 << 20)])
def test_a_file_that_breaks_keeps_its_denials_and_allows_nothing(
    home: Path, work: Path, broken: bytes
) -> None:
    file = home / "rules.toml"
    file.write_text(ALLOW + DENY)
    shelf = Shelf(work)
    assert named(shelf) == {"ok", "no"}
    file.write_bytes(broken)
    [said] = shelf.refresh()
    assert "what that file allowed is asked again" in said
    assert named(shelf) == {"no"}
    assert not shelf.refresh()
    file.write_text(ALLOW)
    assert "was read again" in shelf.refresh(loosen=True)[0]
    assert named(shelf) == {"ok"}


def test_a_change_in_mid_session_only_tightens_where_the_agent_could_have_made_it(
    home: Path, work: Path
) -> None:
    """Neither a new allow nor a denial taken out counts; a new denial does."""
    file = home / "rules.toml"
    file.write_text(DENY)
    shelf = Shelf(work)
    file.write_text(ALLOW)
    [said] = shelf.refresh()
    assert "counts from the next session on" in said
    assert named(shelf) == {"no"}
    file.write_text("# one line more\n" + DENY + DENY.replace('"no"', '"never"'))
    [said] = shelf.refresh()
    assert "next session" not in said
    assert named(shelf) == {"no", "never"}
    file.unlink()
    shelf.refresh()
    assert named(shelf) == {"no", "never"}


def test_what_was_allowed_at_the_start_goes_on_wherever_it_stands(home: Path, work: Path) -> None:
    file = home / "rules.toml"
    file.write_text(ALLOW)
    shelf = Shelf(work)
    file.write_text("\n\n" + DENY + ALLOW)
    assert "next session" not in shelf.refresh()[0]
    assert named(shelf) == {"ok", "no"}


def test_a_file_that_is_a_pipe_is_not_waited_for(home: Path, work: Path) -> None:
    file = home / "rules.toml"
    file.write_text(ALLOW)
    shelf = Shelf(work)
    file.unlink()
    os.mkfifo(file)
    shelf.refresh()
    assert named(shelf) == set()


def test_a_projects_file_only_tightens_until_it_is_trusted(home: Path, work: Path) -> None:
    file = work / PROJECT
    file.write_text(ALLOW + DENY)
    assert named(Shelf(work)) == {"no"}
    trust(file)
    assert named(Shelf(work)) == {"ok", "no"}
    file.write_text(ALLOW + DENY + "# changed\n")
    assert named(Shelf(work)) == {"no"}


def test_a_projects_rules_are_not_taken_back_while_the_session_runs(home: Path, work: Path) -> None:
    """The agent can write that file."""
    file = work / PROJECT
    file.write_text(DENY)
    shelf = Shelf(work)
    file.unlink()
    assert shelf.refresh()
    assert named(shelf) == {"no"}


def test_a_trusted_projects_file_that_changes_allows_nothing_any_more(
    home: Path, work: Path
) -> None:
    file = work / PROJECT
    file.write_text(ALLOW + DENY)
    trust(file)
    shelf = Shelf(work)
    file.write_text(ALLOW.replace("make", "rm") + DENY)
    shelf.refresh()
    assert named(shelf) == {"no"}
