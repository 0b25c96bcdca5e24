"""Other programs' rules: exact shapes are taken over, the rest is said, nothing is loosened."""

from __future__ import annotations

import json

import pytest

from agentwatch.errors import AgentwatchError
from agentwatch.rules import Decide, read
from agentwatch.rules.examples import faults
from agentwatch.rules.foreign import FORMATS, convert, toml

CLAUDE = json.dumps(
    {
        "permissions": {
            "allow": ["Bash(npm run test:*)", "Bash(git log *)", "Bash(make)", "Read(~/x/**)",
                      "WebFetch(domain:example.com)", "mcp__mail__send", "Bash(a $(b):*)",
                      "Write(x)"],
            "deny": ["Bash(rm:*)", "Edit(//etc/**)", "Edit(/x)", "WebSearch"],
        }
    }
)  # fmt: skip
CODEX = """
prefix_rule(pattern=["git", ["push", "fetch"]], decision="prompt", justification="leaves",
            match=[["git", "push"], "git fetch origin"], not_match=["git status"])
prefix_rule(pattern=["rm"], decision="forbidden")
prefix_rule(pattern=["ls"])
host_executable(name="x")
prefix_rule(pattern=[evil()], decision="allow")
"""
GEMINI = """
[[rule]]
toolName = "run_shell_command"
commandPrefix = ["git commit", "npm test"]
decision = "allow"
priority = 100
[[rule]]
toolName = "write_file"
decision = "deny"
[[rule]]
toolName = "run_shell_command"
commandRegex = ".*"
decision = "allow"
[[rule]]
toolName = "some_tool"
decision = "allow"
"""
OPENCODE = json.dumps(
    {"permission": {"bash": {"git *": "allow", "npm test": "allow", "*": "ask"}, "edit": "deny"}}
)


def test_claude() -> None:
    taken = convert("claude", CLAUDE, trust=True)
    rules = read(toml("claude", taken.drafts), "x")
    assert [(rule.decide.value, len(rule.argv), rule.exact) for rule in rules] == [
        ("deny", 1, False),
        ("deny", 0, False),
        ("allow", 3, False),
        ("allow", 2, False),
        ("allow", 1, True),
        ("allow", 0, False),
        ("allow", 0, False),
        ("allow", 0, False),
    ]
    assert rules[1].paths is not None
    assert rules[1].paths.patterns == ("/etc/**",)
    assert len(taken.dropped) == 4


def test_codex_with_its_own_examples() -> None:
    taken = convert("codex", CODEX, trust=False)
    rules = read(toml("codex", taken.drafts), "x")
    assert [rule.decide for rule in rules] == [Decide.ASK, Decide.DENY, Decide.ASK]
    assert rules[0].why == "leaves"
    assert rules[0].match == ("git push", "git fetch origin")
    assert not faults(rules)
    assert len(taken.dropped) == 2


def test_gemini() -> None:
    taken = convert("gemini", GEMINI, trust=True)
    rules = read(toml("gemini", taken.drafts), "x")
    assert [(rule.decide.value, len(rule.argv)) for rule in rules] == [
        ("allow", 2), ("allow", 2), ("deny", 0),
    ]  # fmt: skip
    assert len(taken.dropped) == 2


def test_opencode() -> None:
    taken = convert("opencode", OPENCODE, trust=True)
    rules = read(toml("opencode", taken.drafts), "x")
    assert [(rule.argv[0][0].text, rule.exact) for rule in rules] == [("git", False), ("npm", True)]
    assert len(taken.dropped) == 2


@pytest.mark.parametrize(
    ("program", "text"),
    [("claude", CLAUDE), ("codex", CODEX), ("gemini", GEMINI), ("opencode", OPENCODE)],
)
def test_without_trust_nothing_is_allowed(program: str, text: str) -> None:
    taken = convert(program, text, trust=False)
    assert all(rule.decide is not Decide.ALLOW for rule in read(toml(program, taken.drafts), "x"))


@pytest.mark.parametrize("program", FORMATS)
@pytest.mark.parametrize("text", ["[", "\0", "{]", "x ="])
def test_what_is_no_such_file_is_an_error(program: str, text: str) -> None:
    with pytest.raises(AgentwatchError, match=f"no rules of {program}"):
        convert(program, text, trust=False)


def test_a_foreign_text_cannot_break_out_of_its_line() -> None:
    text = json.dumps({"permissions": {"deny": ['mcp__x__y\n[[rule]]\nid="evil"']}})
    taken = convert("claude", text, trust=True)
    assert not taken.drafts
