"""The policy: only proven reading passes unasked, and every question says why."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from agentwatch.model import Kind, Mode, Proposal, Reversibility, Verdict
from agentwatch.policy import READING, Judgement, judge
from agentwatch.reading import argv_reads_only, reads_only

WORKSPACE = "/home/u/work"


def judged(
    kind: Kind,
    *,
    mode: Mode = Mode.ASK,
    armed: bool | None = None,
    workspace: str = WORKSPACE,
    resolve: Callable[[str], str] = os.path.normpath,
    **fields: Any,
) -> Judgement:
    proposal = Proposal(kind=kind, summary="it", channel="propose", **fields)
    return judge(proposal, workspace=workspace, mode=mode, armed=armed, resolve=resolve)


def text(judgement: Judgement) -> str:
    return "; ".join(judgement.reasons)


# -- what passes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": Kind.READ, "paths": ("/etc/hosts",), "tool": "Read"},
        {"kind": Kind.READ, "command": "cat x"},
        {"kind": Kind.EXEC, "command": "git status && ls | head -3", "cwd": WORKSPACE + "/src"},
        {"kind": Kind.EXEC, "argv": ("git", "log", "-1")},
        {"kind": Kind.EXEC, "argv": ("bash", "-c", "ls -l"), "command": "ls -l"},
        {"kind": Kind.EXEC, "command": "ls /etc", "cwd": "/etc"},
    ],
)
def test_reading_passes_by_its_rule(fields: dict[str, Any]) -> None:
    judgement = judged(**fields)
    assert judgement.verdict is Verdict.ALLOW
    assert judgement.rule == READING
    assert judgement.reversibility is Reversibility.READ_ONLY
    assert judgement.reasons


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": Kind.EXEC},
        {"kind": Kind.EXEC, "command": ""},
        {"kind": Kind.EXEC, "command": "rm x"},
        {"kind": Kind.EXEC, "command": "ls", "argv": ("rm", "x")},
        {"kind": Kind.EXEC, "command": "rm x", "argv": ("ls",)},
        {"kind": Kind.EXEC, "command": "ls", "host": "example.com"},
        {"kind": Kind.EXEC, "command": "ls", "url": ""},
        {"kind": Kind.EXEC, "command": "ls", "diff": "+x"},
        {"kind": Kind.EXEC, "command": "git status", "cwd": "/tmp/other"},
        {"kind": Kind.EXEC, "command": "git status", "cwd": WORKSPACE + "/../other"},
        {"kind": Kind.EXEC, "command": "git status", "cwd": "\0"},
        {"kind": Kind.READ, "command": "rm x"},
        {"kind": Kind.READ, "argv": ("rm", "x")},
        {"kind": Kind.READ, "url": "http://example.com"},
        {"kind": Kind.READ, "host": "example.com"},
        {"kind": Kind.READ, "diff": "+x", "paths": (WORKSPACE + "/x",)},
        *[{"kind": kind} for kind in Kind if kind is not Kind.READ],
        *[{"kind": kind, "command": "ls"} for kind in Kind if kind not in (Kind.READ, Kind.EXEC)],
    ],
)
def test_all_else_is_asked(fields: dict[str, Any]) -> None:
    judgement = judged(**fields)
    assert judgement.verdict is None
    assert judgement.rule is None
    assert judgement.reversibility is not Reversibility.READ_ONLY
    assert judgement.reasons
    assert all(judgement.reasons)


# -- modes and the hook ----------------------------------------------------------------------


def test_watching_lets_everything_pass_and_says_so() -> None:
    judgement = judged(Kind.DELETE, mode=Mode.WATCH, armed=False, paths=("/etc",))
    assert judgement.verdict is Verdict.ALLOW
    assert judgement.rule is None
    assert "watch mode records only" in judgement.reasons
    assert "deletes files" in judgement.reasons
    assert judgement.reversibility is Reversibility.IRREVERSIBLE


def test_locked_denies_what_no_rule_allows() -> None:
    assert judged(Kind.READ, mode=Mode.LOCKED).verdict is Verdict.ALLOW
    denied = judged(Kind.EXEC, mode=Mode.LOCKED, command="rm x")
    assert denied.verdict is Verdict.DENY
    assert "locked mode: only what a rule allows" in denied.reasons


def test_without_the_hook_not_even_reading_passes() -> None:
    judgement = judged(Kind.READ, armed=False)
    assert judgement.verdict is None
    assert judgement.rule is None
    assert "hook was not seen alive" in text(judgement)
    assert judged(Kind.EXEC, armed=False, command="ls").verdict is None
    assert judged(Kind.READ, armed=False, mode=Mode.LOCKED).verdict is Verdict.DENY
    assert judged(Kind.READ, armed=True).verdict is Verdict.ALLOW


# -- classes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"kind": Kind.WRITE, "paths": (WORKSPACE + "/a",)}, "reversible"),
        ({"kind": Kind.RENAME, "paths": (WORKSPACE + "/a", WORKSPACE + "/b")}, "reversible"),
        ({"kind": Kind.WRITE, "paths": (WORKSPACE + "/a", "/home/u/b")}, "externally-reversible"),
        ({"kind": Kind.WRITE, "paths": (WORKSPACE + "/../b",)}, "externally-reversible"),
        ({"kind": Kind.WRITE, "paths": (WORKSPACE + "2/b",)}, "externally-reversible"),
        ({"kind": Kind.WRITE, "paths": ("/home/u/.bashrc",)}, "irreversible"),
        ({"kind": Kind.WRITE, "paths": (WORKSPACE + "/.claude/x.json",)}, "irreversible"),
        ({"kind": Kind.WRITE}, "irreversible"),
        ({"kind": Kind.WRITE, "paths": (WORKSPACE + "/a",), "command": "ls"}, "irreversible"),
        ({"kind": Kind.WRITE, "paths": (WORKSPACE + "/a",), "host": "h"}, "irreversible"),
        ({"kind": Kind.DELETE, "paths": (WORKSPACE + "/a",)}, "irreversible"),
        ({"kind": Kind.EXEC, "command": "make"}, "irreversible"),
        ({"kind": Kind.NETWORK, "url": "http://example.com"}, "irreversible"),
        ({"kind": Kind.MESSAGE}, "irreversible"),
        ({"kind": Kind.TOOL, "tool": "mcp__x"}, "irreversible"),
        ({"kind": Kind.ASK_DAEMON}, "irreversible"),
        ({"kind": Kind.OTHER}, "irreversible"),
    ],
)
def test_the_class_is_that_of_the_worst_it_can_do(fields: dict[str, Any], expected: str) -> None:
    assert judged(**fields).reversibility.value == expected


# -- paths -----------------------------------------------------------------------------------


def test_paths_outside_are_named() -> None:
    judgement = judged(Kind.WRITE, paths=(WORKSPACE + "/a", "/home/u/x", "/home/u/y"))
    assert judgement.outside == ("/home/u/x", "/home/u/y")
    assert "writes outside the workspace: /home/u/x, /home/u/y" in judgement.reasons


def test_many_paths_are_counted() -> None:
    judgement = judged(Kind.DELETE, paths=tuple(f"/x/{number}" for number in range(10)))
    assert "writes outside the workspace: /x/0, /x/1, /x/2 and 7 more" in judgement.reasons


def test_a_relative_path_is_taken_from_the_proposals_folder() -> None:
    assert judged(Kind.WRITE, paths=("a",), cwd=WORKSPACE).outside == ()
    assert judged(Kind.WRITE, paths=("../a",), cwd=WORKSPACE).outside == ("../a",)
    assert judged(Kind.WRITE, paths=("a",), cwd="/tmp").outside == ("a",)
    assert judged(Kind.WRITE, paths=("a",), cwd="nowhere").outside == ("a",)


def test_the_root_as_workspace_holds_everything() -> None:
    assert judged(Kind.WRITE, workspace="/", paths=("/x",)).outside == ()


def test_a_link_that_leads_out_is_outside(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / ".bashrc").touch()
    (work / "notes").symlink_to(tmp_path / ".bashrc")
    (work / "out").symlink_to(tmp_path)
    named = (str(work / "notes"), str(work / "out" / "x"), str(work / "in"))
    judgement = judged(Kind.WRITE, workspace=str(work), paths=named, resolve=os.path.realpath)
    assert judgement.outside == named[:2]
    assert f"writes what a shell runs by itself: {named[0]}" in judgement.reasons


def test_a_workspace_that_is_a_link_holds_its_files(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    judgement = judged(
        Kind.WRITE,
        workspace=str(tmp_path / "link"),
        paths=(str(tmp_path / "real" / "x"),),
        resolve=os.path.realpath,
    )
    assert judgement.outside == ()


@pytest.mark.parametrize(
    "error", [OSError(40, "Too many levels"), ValueError("embedded null byte")]
)
def test_a_path_that_cannot_be_followed_is_outside(error: Exception) -> None:
    def fail(_: str) -> str:
        raise error

    path = WORKSPACE + "/a"
    assert judged(Kind.WRITE, paths=(path,), resolve=fail).outside == (path,)


@pytest.mark.parametrize(
    ("path", "what"),
    [
        (WORKSPACE + "/.claude/settings.local.json", "the agent's own settings"),
        (WORKSPACE + "/.CLAUDE/settings.json", "the agent's own settings"),
        (WORKSPACE + "/x/../.codex/config.toml", "the agent's own settings"),
        (WORKSPACE + "/.gemini/settings.json", "the agent's own settings"),
        (WORKSPACE + "/CLAUDE.md", "the agent's own settings"),
        (WORKSPACE + "/.mcp.json", "the agent's own settings"),
        (WORKSPACE + "/.git/hooks/pre-commit", "what git runs by itself"),
        (WORKSPACE + "/sub/.git/config", "what git runs by itself"),
        (WORKSPACE + "/.gitattributes", "what git runs by itself"),
        (WORKSPACE + "/.git/HEAD", "git's own records"),
        (WORKSPACE + "/.github/workflows/ci.yml", "what a server runs by itself"),
        (WORKSPACE + "/.vscode/tasks.json", "what an editor runs by itself"),
        (WORKSPACE + "/.envrc", "what a shell runs by itself"),
        (WORKSPACE + "/.agentwatch.toml", "agentwatch's own files"),
        ("/home/u/.config/agentwatch/rules.toml", "agentwatch's own files"),
        ("/home/u/.local/state/agentwatch/sessions/x/journal.jsonl", "agentwatch's own files"),
        ("/tmp/agentwatch-1000/x/control.sock", "agentwatch's own files"),
        ("/home/u/.bashrc", "what a shell runs by itself"),
        ("/home/u/.zshenv", "what a shell runs by itself"),
        ("/home/u/.ssh/authorized_keys", "keys and logins"),
        ("/home/u/.netrc", "keys and logins"),
        ("/home/u/.config/systemd/user/x.service", "what starts at login"),
        ("/home/u/Library/LaunchAgents/x.plist", "what starts at login"),
        ("/var/spool/cron/crontabs/u", "what runs on a schedule"),
        ("/etc/passwd", "a part of the system"),
        ("/usr/local/bin/ls", "a part of the system"),
        ("/run/user/1000/x", "running services"),
    ],
)
def test_files_that_act_on_their_own_are_named(path: str, what: str) -> None:
    judgement = judged(Kind.WRITE, paths=(path,))
    assert f"writes {what}: {path}" in judgement.reasons
    assert judgement.reversibility is Reversibility.IRREVERSIBLE


@pytest.mark.parametrize(
    "name", ["agentwatch/x.py", "claude/x", ".gitignore", "etc/x", "README.md"]
)
def test_ordinary_files_are_not(name: str) -> None:
    judgement = judged(Kind.WRITE, paths=(f"{WORKSPACE}/{name}",))
    assert judgement.reasons == ("writes files",)
    assert judgement.reversibility is Reversibility.REVERSIBLE


def test_more_paths_than_can_be_looked_at_are_outside() -> None:
    paths = tuple(f"{WORKSPACE}/{number}" for number in range(20_000))
    outside = judged(Kind.DELETE, paths=paths).outside
    assert 0 < len(outside) < 20_000
    assert outside == paths[-len(outside) :]


def test_a_path_longer_than_any_is_outside() -> None:
    path = WORKSPACE + "/a" * 3000
    assert judged(Kind.WRITE, paths=(path,)).outside == (path,)


MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    "fields",
    [
        {"paths": ("a",) * (MEGABYTE // 4)},
        {"paths": ("/a" * 2000,) * (MEGABYTE // 4000)},
        {"paths": ("/a" * (MEGABYTE // 2),)},
        {"paths": ("a",) * 30_000, "cwd": "/a" * 2000},
        {"paths": ("a",) * 1000, "cwd": "/a" * (MEGABYTE // 2)},
        {"argv": ("ls",) * (MEGABYTE // 4)},
        {"argv": ("awk", "{print " + "$1 " * (MEGABYTE // 4))},
        {"command": "awk '{print " + "$1 " * 3000 + "|'"},
        {"command": "awk '{print " + "NR" * 3000 + "|'"},
        {"command": "awk '" + " " * 9000 + "|'"},
        {"command": "sed 's/" + "a" * 9000 + "'"},
        {"command": "sed '" + "1p;" * 3000 + "w'"},
        {"command": "rm " * (MEGABYTE // 4)},
        {"url": "http://" + "a" * MEGABYTE},
    ],
    ids=" ".join,
)
def test_no_proposal_that_fits_a_message_keeps_the_supervisor_busy(fields: dict[str, Any]) -> None:
    """Three seconds are far more than any takes, far less than a pattern that backtracks."""
    began = time.process_time()
    assert judged(Kind.EXEC, resolve=os.path.realpath, **fields).verdict is None
    assert time.process_time() - began < 3


# -- the words -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kind": Kind.DELETE}, "deletes files"),
        ({"kind": Kind.NETWORK, "host": "example.com"}, "leaves this machine: example.com"),
        ({"kind": Kind.NETWORK, "url": "https://u:p@example.com:1/x"}, "machine: example.com"),
        ({"kind": Kind.NETWORK, "url": "http://[bad"}, "leaves this machine: http://[bad"),
        ({"kind": Kind.NETWORK}, "leaves this machine"),
        ({"kind": Kind.EXEC, "command": "curl x | sh"}, "may leave this machine"),
        ({"kind": Kind.EXEC, "command": "rm x"}, "rm is not known to only read"),
        ({"kind": Kind.EXEC, "command": "find . -delete"}, "may delete files"),
        ({"kind": Kind.EXEC, "argv": ("/bin/rm", "x")}, "may delete files"),
        ({"kind": Kind.EXEC, "command": "sudo x"}, "asks for more rights"),
        ({"kind": Kind.EXEC, "command": "docker run x"}, "the kill switch does not reach"),
    ],
)
def test_the_reason_says_what_there_is_to_think_about(fields: dict[str, Any], reason: str) -> None:
    assert reason in text(judged(**fields))


def test_reasons_quote_the_agent_in_one_short_printable_line() -> None:
    nasty = "/x/\x1b[2J\n\u202e[@click=app.decide]" + "y" * 5000
    for reason in judged(Kind.WRITE, paths=(nasty,), host="h\r\n" * 900).reasons:
        assert reason.isprintable()
        assert len(reason) < 400
    command = "\x07" * 30
    assert all(r.isprintable() for r in judged(Kind.EXEC, command=command, argv=("\n",)).reasons)


# -- whatever comes --------------------------------------------------------------------------

TEXTS = st.text() | st.sampled_from(
    ["", "\0", "/", "..", "~", "ls", "git status", "rm x", "http://[", "//", WORKSPACE, "\ud800"]
)
PROPOSALS = st.builds(
    Proposal,
    kind=st.sampled_from(Kind),
    summary=TEXTS,
    channel=TEXTS,
    argv=st.lists(TEXTS, max_size=3).map(tuple),
    command=st.none() | TEXTS,
    paths=st.lists(TEXTS, max_size=4).map(tuple),
    url=st.none() | TEXTS,
    host=st.none() | TEXTS,
    cwd=st.none() | TEXTS,
    tool=st.none() | TEXTS,
    diff=st.none() | TEXTS,
    words=st.none() | TEXTS,
)


def reads(proposal: Proposal) -> bool:
    """What may pass, said once more and otherwise."""
    whole = proposal.kind is Kind.READ
    if proposal.command is not None:
        whole = reads_only(proposal.command).yes
    if proposal.argv:
        whole = argv_reads_only(proposal.argv).yes and (
            proposal.command is None or reads_only(proposal.command).yes
        )
    calm = (proposal.url, proposal.host, proposal.diff) == (None, None, None)
    return whole and calm and proposal.kind in (Kind.READ, Kind.EXEC)


@given(
    PROPOSALS,
    TEXTS,
    st.sampled_from(Mode),
    st.none() | st.booleans(),
    st.sampled_from([os.path.normpath, os.path.realpath]),
)
@settings(max_examples=400, deadline=None)
def test_nothing_raises_and_only_reading_or_watching_allows(
    proposal: Proposal,
    workspace: str,
    mode: Mode,
    armed: bool | None,
    resolve: Callable[[str], str],
) -> None:
    judgement = judge(proposal, workspace=workspace, mode=mode, armed=armed, resolve=resolve)
    assert judgement.reasons
    assert all(reason.isprintable() for reason in judgement.reasons)
    assert set(judgement.outside) <= set(proposal.paths)
    if judgement.verdict is Verdict.ALLOW:
        assert mode is Mode.WATCH or (reads(proposal) and armed is not False)
    if mode is Mode.WATCH:
        assert judgement.verdict is Verdict.ALLOW
    if mode is Mode.LOCKED:
        assert judgement.verdict is not None
    if judgement.reversibility is Reversibility.READ_ONLY:
        assert reads(proposal)
