"""`agentwatch rules`: files are checked, explained, trusted and taken over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from agentwatch.commands.rules import command
from agentwatch.errors import AgentwatchError
from agentwatch.rules import PROJECT

DENY = '[[rule]]\nid = "no-touch"\ndecide = "deny"\nwhy = "never"\nargv = ["touch"]\n'
ALLOW = '[[rule]]\nid = "make"\ndecide = "allow"\nargv = ["make"]\n'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace and settings of one's own."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return work


def rules(*argv: str) -> Result:
    return CliRunner().invoke(command, argv, standalone_mode=False, catch_exceptions=False)


def test_check_tries_the_examples(here: Path) -> None:
    file = here / "r.toml"
    file.write_text(DENY + 'match = ["touch x", "ls"]\n')
    done = rules("check", "r.toml")
    assert done.return_value == 1
    assert "r.toml:1: rule no-touch: `ls` does not match" in done.output
    file.write_text(DENY + 'match = ["touch x"]\n')
    assert rules("check", "r.toml").return_value == 0
    said = json.loads(rules("check", "r.toml", "--json").output)
    assert said == {"file": "r.toml", "rules": 1, "examples": 1, "faults": []}


def test_check_says_where_a_mistake_is(here: Path) -> None:
    (here / "r.toml").write_text(DENY + "flag = 1\n")
    done = rules("check", "r.toml")
    assert done.return_value == 1
    assert "r.toml:6: there is no key 'flag'" in done.output
    (fault,) = json.loads(rules("check", "r.toml", "--json").output)["faults"]
    assert "there is no key 'flag'" in fault


def test_explain_names_the_rule(here: Path) -> None:
    (here / PROJECT).write_text(DENY)
    said = json.loads(rules("explain", "--json", "--", "touch", "x").output)
    assert said["verdict"] == "deny"
    assert said["rule"] == f"no-touch ({here / PROJECT}:1)"
    assert json.loads(rules("explain", "--json", "--", "ls").output)["verdict"] == "allow"
    assert json.loads(rules("explain", "--json", "--", "ls; make").output)["verdict"] == "ask"


def test_a_project_allows_once_it_is_trusted(here: Path) -> None:
    (here / PROJECT).write_text(ALLOW)
    assert rules("explain", "--", "make").output.startswith("ask:")
    assert "trusted" in rules("trust").output
    assert rules("explain", "--", "make").output.startswith("allow: make")
    with pytest.raises(AgentwatchError):
        rules("trust", "none.toml")


def test_list_shows_every_rule_with_its_place(here: Path) -> None:
    (here / PROJECT).write_text(DENY)
    listed = json.loads(rules("list", "--json").output)
    assert {"id": "no-touch", "decide": "deny", "why": "never", "file": str(here / PROJECT),
            "line": 1} in listed  # fmt: skip
    assert "no-touch" in rules("list").output


def test_import_prints_rules_that_can_be_read(here: Path) -> None:
    (here / ".claude").mkdir()
    permissions = {"permissions": {"deny": ["Bash(rm:*)"], "allow": ["WebSearch"]}}
    (here / ".claude" / "settings.json").write_text(json.dumps(permissions))
    done = rules("import", "claude")
    (here / "new.toml").write_text(done.stdout)
    assert rules("check", "new.toml").return_value == 0
    assert "dropped: allow: WebSearch" in done.stderr


def test_what_was_allowed_and_is_asked_here_is_said(here: Path) -> None:
    (here / "s.json").write_text(json.dumps({"permissions": {"allow": ["Bash(ls:*)"]}}))
    assert "though claude allowed it: 1" in rules("import", "claude", "s.json").stderr
    assert rules("import", "claude", "s.json", "--trust").stderr == ""
